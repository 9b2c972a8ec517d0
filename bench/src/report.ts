/** Renders the figures of the benches as a table, and judges them by their goals. Pure. */
import type { Spread } from './rounds.ts'

export type Unit = 'ratio' | 'MB' | 'kB' | 'ms' | 'count'

export interface Figure {
  readonly bench: string
  readonly what: string
  readonly unit: Unit
  /** The largest value that meets the goal. */
  readonly goal: number
  readonly spread: Spread
  /** Which value of the spread is compared with the goal; the median by default. */
  readonly judged?: 'median' | 'max'
  /** Absolute values for orientation; they depend on the machine. */
  readonly orientation?: string
  /** Judged at any scale, because the goal is correctness, not speed. */
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

/** Without `judging`, only figures with `always` get a verdict. */
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
