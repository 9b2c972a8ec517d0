/**
 * Horizontal bars as an HTML list: names wrap, so that one drawing fits every screen. For displays of rows, funnels, and
 * vertical bars whose names do not fit side by side.
 */
import { widthOf } from './axis.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html, type Piece, raw, typeset } from './html.ts'
import type { ChartData, Series } from './series.ts'
import type { Sheet } from './sheet.ts'
import { colour, type Token } from './tokens.ts'

const percent = (share: number): string => `${Number((100 * share).toFixed(2))}%`

interface Segment {
  readonly from: number
  readonly share: number
  readonly token: Token
  readonly label: string
}

/** The smallest length of a whole bar in pixels, on a wide and on a narrow card: decides whether a figure fits on its segment. */
const LENGTH = { wide: 290, narrow: 100 }

/** `hasWhole`: the full length is all that there is, and is seen. */
function bar(segments: readonly Segment[], hasWhole: boolean, mark: number | null = null): HtmlEscapedString {
  const rects = segments.map(({ from, share, token, label }) => {
    const fits = (length: number) => share * length >= widthOf(label) + 6
    const name =
      label !== '' &&
      fits(LENGTH.wide) &&
      html`<text x="${percent(from + share / 2)}" y="14" text-anchor="middle" fill="${colour('on')}"${fits(LENGTH.narrow) ? '' : html` class="v-roomy"`}>${label}</text>`
    return html`<rect x="${percent(from)}" width="${percent(Math.max(share, 0.002))}" height="20" rx="2" fill="${colour(token)}" stroke="${colour('card')}"/>${name}`
  })
  const line = mark !== null && html`<rect x="${percent(mark)}" width="2" height="20" fill="${colour('ink')}"/>`
  const whole = hasWhole && html`<rect width="100%" height="20" rx="3" fill="${colour('line')}" fill-opacity="0.5"/>`
  return html`<svg class="v-strip" width="100%" height="20" aria-hidden="true">${whole}${rects}${line}</svg>`
}

/** A name in capitals and underscores breaks between its words. */
const breaking = (name: string): Piece =>
  typeset(name)
    .split(/(?<=_)/)
    .flatMap((part, at) => (at === 0 ? part : [WORD_BREAK, part]))
const WORD_BREAK = raw('<wbr>')

const line = (name: string, drawn: Piece, figure: Piece, beside: Piece): HtmlEscapedString =>
  html`<li><span class="v-group">${breaking(name)}</span><span class="v-strips">${drawn}</span><span class="v-value"><b>${figure}</b>${beside !== null && html` <small>${beside}</small>`}</span></li>`

/** The scale of the bars. It holds zero, which is inside when a figure is negative. */
function domain(
  values: readonly (number | null)[],
  isShare: boolean,
): { readonly low: number; readonly range: number; readonly isWhole: boolean } {
  const known = values.filter((value) => value !== null)
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)]
  const isWhole = isShare && low === 0 && high > 50 && high <= 100
  const range = (isWhole ? 100 : high) - low
  return { low, range: range > 0 && Number.isFinite(range) ? range : 1, isWhole }
}

function single(sheet: Sheet, { groups, series }: ChartData): HtmlEscapedString {
  const { low, range, isWhole } = domain(
    series.flatMap(({ values }) => values),
    series.every(({ column }) => column.format?.kind === 'percent'),
  )
  const share = (value: number) => Math.min(1, Math.abs(value) / range)
  const lines = groups.map((group, at) => {
    const bars = series.map(({ values, token }) => {
      const value = values[at] ?? null
      const own = series.length === 1 ? (group.token ?? token) : token
      const from = value === null ? 0 : Math.max(0, (Math.min(value, 0) - low) / range)
      return bar(value === null ? [] : [{ from, share: share(value), token: own, label: '' }], isWhole)
    })
    const figures = series.map(({ values, column }) => sheet.as(values[at] ?? null, column))
    const counts = series.length === 1 ? (series[0]?.counts[at] ?? null) : null
    return line(group.name, bars, figures.length > 1 ? figures.map((each) => html`<i>${each}</i>`) : figures, counts)
  })
  return html`<ol class="v-rows">${lines}</ol>`
}

function stacked(sheet: Sheet, { groups, series }: ChartData, isNormalized: boolean): HtmlEscapedString {
  const sums = groups.map((_, at) => series.reduce((sum, { values }) => sum + Math.max(0, values[at] ?? 0), 0))
  const top = Math.max(...sums, 0)
  const lines = groups.map((group, at) => {
    const whole = (isNormalized ? sums[at] : top) || 1
    let from = 0
    const segments = series.flatMap(({ values, token, column }): readonly Segment[] => {
      const value = values[at] ?? null
      if (value === null || value <= 0) return []
      const segment = { from, share: value / whole, token, label: sheet.as(value, column) }
      from += segment.share
      return [segment]
    })
    const column = series[0]?.column
    return line(group.name, bar(segments, false), column === undefined ? '' : sheet.as(sums[at] ?? null, column), null)
  })
  return html`<ol class="v-rows">${lines}</ol>`
}

export const drawRows = (
  sheet: Sheet,
  data: ChartData,
  stack: 'stacked' | 'normalized' | undefined,
): HtmlEscapedString =>
  stack === undefined || data.series.length < 2 ? single(sheet, data) : stacked(sheet, data, stack === 'normalized')

/** Each step as a share of the first one, and as a share of the step before. */
export function drawFunnel(sheet: Sheet, step: string, value: string): HtmlEscapedString {
  const [name, figure] = [sheet.column(step), sheet.column(value)]
  const values = sheet.rows.map((_, row) => sheet.figure(row, figure))
  const top = Math.max(...values.map((each) => each ?? 0), 0) || 1
  const lines = values.map((each, row) => {
    const before = values[row - 1] ?? null
    const left = row > 0 && each !== null && before ? each / before : null
    const beside =
      left === null
        ? null
        : html`${sheet.share(left)}<span class="v-hidden"> ${drawnText('step', sheet.reading)}</span>`
    const share = Math.max(0, (each ?? 0) / top)
    const drawn = bar(each === null ? [] : [{ from: 0, share, token: 'accent', label: '' }], true)
    return line(sheet.name(row, name), drawn, sheet.written(row, figure), beside)
  })
  return html`<p class="v-axes">${drawnText('steps', sheet.reading)}</p><ol class="v-rows">${lines}</ol>`
}

/** How far a figure is on the way to a goal, and where it falls among named segments. */
export const drawTrack = (segments: readonly Segment[], mark: number | null): HtmlEscapedString =>
  bar(segments, true, mark)

/** The legend: the names of the colours. */
export const drawLegend = (
  entries: readonly Pick<Series, 'name' | 'token'>[],
  goal: string | null,
): HtmlEscapedString => {
  const items = entries.map(
    ({ name, token }) =>
      html`<li><svg width="10" height="10" aria-hidden="true"><rect width="10" height="10" rx="2" fill="${colour(token)}"/></svg>${name}</li>`,
  )
  const dashes = html`<svg width="20" height="10" aria-hidden="true"><path d="M0 5H20" stroke="${colour('ink')}" stroke-dasharray="4 3"/></svg>`
  return html`<ul class="v-legend">${items}${goal !== null && html`<li>${dashes}${goal}</li>`}</ul>`
}
