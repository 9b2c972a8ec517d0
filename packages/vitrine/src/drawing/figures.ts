/** A figure in large digits, with its change, counts, goal and date below. */
import type { Display } from '../publication/dashboard.ts'
import { tickFigure } from './axis.ts'
import { drawTrack } from './bars.ts'
import { isCount } from './counted.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html, type Piece } from './html.ts'
import { localeOf } from './reading.ts'
import type { Sheet, ShownColumn } from './sheet.ts'

type Of<K extends Display['kind']> = Extract<Display, { readonly kind: K }>

const face = (figure: string, under: readonly (Piece | null)[], track: Piece = null): HtmlEscapedString => {
  const said = under.filter((each) => each !== null && each !== '')
  const line = said.map((each, at) => html`${at > 0 && ' · '}${each}`)
  return html`<div><p class="v-fig">${figure}</p>${track}${said.length > 0 && html`<p class="v-sub">${line}</p>`}</div>`
}

/** The counts, the unit, and the other columns of the answer, so that a card hides nothing that was asked. */
function beside(sheet: Sheet, row: number, shown: readonly ShownColumn[]): readonly (string | null)[] {
  const [value] = shown
  if (value === undefined) return []
  const unit = sheet.indicator(value.name)?.unit
  const counts = sheet.counts(row, value)
  const others = sheet.columns
    .filter((column) => !shown.includes(column) && !isCount(sheet.question, value.name, column.name))
    .map((column) =>
      column.format?.kind === 'date' ? sheet.written(row, column) : `${column.label} ${sheet.written(row, column)}`,
    )
  const isWritten = value.format?.kind === 'currency' || value.format?.kind === 'percent'
  return [counts ?? (unit === undefined || isWritten ? null : unit), ...others]
}

function goalOf(sheet: Sheet, value: ShownColumn): string | null {
  const goal = sheet.indicator(value.name)?.goal
  return goal === undefined ? null : drawnText('by', sheet.reading, sheet.as(goal.value, value), goal.by)
}

export function drawNumber(sheet: Sheet, { value: name }: Of<'number'>): HtmlEscapedString {
  const value = sheet.column(name)
  return face(sheet.written(0, value), [...beside(sheet, 0, [value]), goalOf(sheet, value)])
}

/** A difference with its sign; between two percentages it is in points. */
export function difference(sheet: Sheet, change: number, { format }: ShownColumn): string {
  const rounded = Number(change.toPrecision(12))
  const sign = rounded > 0 ? '+' : rounded < 0 ? '−' : ''
  const kept = format?.kind === 'percent' ? { kind: 'number' as const, decimals: format.decimals ?? 1 } : format
  const size = sheet.write(Math.abs(rounded), kept)
  if (format?.kind !== 'percent') return `${sign}${size}`
  const isOne = new Intl.PluralRules(localeOf(sheet.reading)).select(Math.abs(rounded)) === 'one'
  return drawnText(isOne ? 'one' : 'other', sheet.reading, `${sign}${size}`)
}

export function drawTrend(sheet: Sheet, display: Of<'trend'>): HtmlEscapedString {
  const [time, value] = [sheet.column(display.time), sheet.column(display.value)]
  const rows = sheet.inTime(time)
  const [last, before] = [rows.at(-1) ?? 0, rows.at(-2)]
  const [now, then] = [sheet.figure(last, value), before === undefined ? null : sheet.figure(before, value)]
  const since = before === undefined ? '' : sheet.written(before, time)
  let change: Piece = drawnText('alone', sheet.reading)
  if (now !== null && then !== null && before !== undefined) {
    const isGood = now > then !== (display.decreaseIsGood === true)
    const moved = html`<b class="${isGood ? 'v-good' : 'v-bad'}">${difference(sheet, now - then, value)}</b>`
    const was = sheet.written(before, value)
    change =
      now === then
        ? drawnText('same', sheet.reading, since)
        : html`${moved} ${drawnText('since', sheet.reading, since, was)}`
  }
  return face(sheet.written(last, value), [
    sheet.written(last, time),
    change,
    ...beside(sheet, last, [value, time]),
    goalOf(sheet, value),
  ])
}

const share = (part: number, whole: number): number => Math.min(1, Math.max(0, whole > 0 ? part / whole : 0))

export function drawProgress(sheet: Sheet, { value: name, goal }: Of<'progress'>): HtmlEscapedString {
  const value = sheet.column(name)
  const figure = sheet.figure(0, value)
  // 100 % of a share is not a goal that somebody has set.
  const isWhole = value.format?.kind === 'percent' && goal === 100
  const whole = value.format?.kind === 'percent' ? Math.max(100, goal) : Math.max(goal, figure ?? 0)
  const bar = figure === null ? [] : [{ from: 0, share: share(figure, whole), token: 'accent' as const, label: '' }]
  return face(
    sheet.written(0, value),
    [
      ...beside(sheet, 0, [value]),
      isWhole ? goalOf(sheet, value) : drawnText('goal', sheet.reading, sheet.as(goal, value)),
    ],
    html`<div class="v-track">${drawTrack(bar, isWhole ? null : Math.min(0.995, share(goal, whole)))}</div>`,
  )
}

export function drawGauge(sheet: Sheet, { value: name, segments }: Of<'gauge'>): HtmlEscapedString {
  const value = sheet.column(name)
  const figure = sheet.figure(0, value)
  const [low, high] = [Math.min(...segments.map(({ from }) => from)), Math.max(...segments.map(({ to }) => to))]
  const range = high - low
  const isHere = (from: number, to: number) =>
    figure !== null && figure >= from && (figure < to || (to === high && figure <= to))
  const parts = segments.map(({ from, to }) => ({
    from: share(from - low, range),
    share: share(to - from, range),
    token: isHere(from, to) ? ('accent' as const) : ('line' as const),
    label: '',
  }))
  const bound = (each: number) =>
    tickFigure(sheet, value.format, each, Number.isInteger(low) && Number.isInteger(high) ? 1 : range)
  const names = segments.map(({ from, to, label }) => {
    const span = `${label} ${bound(from)}–${bound(to)}`
    return isHere(from, to) ? html`<b>${span}</b>` : span
  })
  return face(
    sheet.written(0, value),
    [...names, ...beside(sheet, 0, [value])],
    html`<div class="v-track">${drawTrack(parts, figure === null ? null : share(figure - low, range) * 0.995)}</div>`,
  )
}
