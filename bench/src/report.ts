/** The result of the benches as a table or as JSON. Pure. */
import type { Spread } from './rounds.ts'

export type Unit = 'ratio' | 'MB' | 'kB' | 'ms' | 'count'

export interface Figure {
  readonly bench: string
  readonly what: string
  readonly unit: Unit
  /** The largest value that meets the goal. */
  readonly goal: number
  readonly spread: Spread
  /** Which of the spread is held against the goal; the median unless it is said. */
  readonly judged?: 'median' | 'max'
  /** Absolute medians: they tell the machine, not the tool. */
  readonly orientation?: string
  /** The goal holds at any scale: it is about right and wrong, not about speed. */
  readonly always?: true
}

export const isMet = ({ goal, spread, judged = 'median' }: Figure): boolean => spread[judged] <= goal

const DIGITS: Readonly<Record<Unit, number>> = { ratio: 2, MB: 0, kB: 0, ms: 1, count: 0 }
const SUFFIX: Readonly<Record<Unit, string>> = { ratio: '', MB: ' MB', kB: ' kB', ms: ' ms', count: '' }

const HEAD = ['bench', 'figure', 'goal', 'median', 'min–max', '', 'for orientation'] as const

function cells(figure: Figure, judging: boolean): readonly string[] {
  const { bench, what, unit, goal, spread, judged, orientation = '', always } = figure
  const show = (value: number) => value.toFixed(DIGITS[unit])
  const verdict = judging || always === true ? (isMet(figure) ? 'met' : 'MISSED') : 'not judged'
  return [
    bench,
    what,
    `${judged === 'max' ? 'worst ' : ''}≤ ${show(goal)}${SUFFIX[unit]}`,
    show(spread.median),
    `${show(spread.min)}–${show(spread.max)}`,
    verdict,
    orientation,
  ]
}

/** Without `judging`, only figures that hold at any scale get a verdict. */
export function tableOf(figures: readonly Figure[], judging: boolean): string {
  const rows = [HEAD, ...figures.map((figure) => cells(figure, judging))]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
