/** A chart on its card, drawn for each width that the card may have, with a legend unless the picture names its series. */
import type { Chart } from '../publication/dashboard.ts'
import { drawLegend, drawRows } from './bars.ts'
import { axisTitles, type Drawing, goalOf, type LaidOut } from './chart-layout.ts'
import { columns } from './columns.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html, type Piece } from './html.ts'
import { lines } from './lines.ts'
import { drawPlot } from './plot.ts'
import { type ChartData, chartData } from './series.ts'
import type { Sheet } from './sheet.ts'

export interface TileSize {
  /** Width in columns, of twelve. */
  readonly columns: number
  /** In rows of the grid of dashboards. */
  readonly height: number
}

/** Width inside a card on a phone of 320 px. */
const PHONE = 244
/** Width inside a card of so many columns on a page of 1180 px, minus the gaps and the padding of the card. */
const wide = (columns: number): number => Math.floor((1196 * columns) / 12 - 54)

/** The widths that a chart is laid out for. */
function widthsOf(columns: number): readonly number[] {
  const most = wide(columns)
  const between = most >= 700 ? [544] : []
  return [PHONE, ...between, ...(most > PHONE + 40 ? [most] : [])]
}

/** Every width that there is a drawing for; the style sheet has rules for each. */
export const WIDTHS = [...new Set(Array.from({ length: 12 }, (_, at) => widthsOf(at + 1)).flat())]
const MOST_ROWS = 30

/** The table rows behind each position of the picture, for the script that shows values. */
const pointsOf = ({ groups }: ChartData, { points }: LaidOut): string =>
  groups.flatMap(({ rows }, at) => (rows.length === 0 ? [] : [`${points[at]}:${rows.join(',')}`])).join('|')

function rowsOf({ sheet, data, chart }: Drawing): HtmlEscapedString {
  const [shown, all] = [data.groups.slice(0, MOST_ROWS), data.groups.length]
  const rest = shown.length < all && drawnText('shown', sheet.reading, String(shown.length), String(all))
  const legend = data.series.length > 1 && drawLegend(data.series, null)
  return html`${legend}${drawRows(sheet, { ...data, groups: shown }, chart.stack)}${rest !== false && html`<p class="v-cut">${rest}</p>`}`
}

function laidOut(drawing: Drawing, width: number): LaidOut | null {
  const { kind } = drawing.chart
  if (kind === 'row') return null
  return kind === 'line' || kind === 'area' ? lines(drawing, width) : columns(drawing, width)
}

function legendOf(drawing: Drawing, isNamed: boolean): HtmlEscapedString | false {
  const goal = goalOf(drawing)
  return (!isNamed || goal !== null) && drawLegend(isNamed ? [] : drawing.data.series, goal)
}

/** The drawings for all widths. Horizontal bars need one for all; a chart may become horizontal bars on a phone. */
async function variants(
  drawing: Drawing,
  widths: readonly number[],
  name: HtmlEscapedString,
): Promise<readonly Piece[]> {
  const drawn = widths.map((width) => [width, laidOut(drawing, width)] as const)
  const kept = drawn.filter(([, plot], at) => plot !== null || at === 0 || drawn[at - 1]?.[1] !== null)
  return Promise.all(
    kept.map(async ([width, plot], at) => {
      const next = kept[at + 1]?.[0]
      const shown = `${at > 0 ? `v-from-${width}` : ''}${next === undefined ? '' : ` v-to-${next}`}`.trim()
      if (plot === null) return html`<div class="${shown}">${rowsOf(drawing)}</div>`
      const attributes = html`class="v-plot v-most-${width}" role="img" ${name} data-points="${pointsOf(drawing.data, plot)}"`
      const legend = legendOf(drawing, plot.isNamed)
      return html`<div class="${shown}">${legend}${await drawPlot(plot, attributes)}</div>`
    }),
  )
}

/** `name`: the attribute that describes the picture for screen readers. */
export async function drawChart(
  sheet: Sheet,
  chart: Chart,
  size: TileSize,
  name: HtmlEscapedString,
): Promise<HtmlEscapedString> {
  const data = chartData(sheet, chart)
  const height = Math.max(210, Math.min(420, size.height * 38 - 20))
  const drawing = { sheet, chart, data, height }
  const widths = widthsOf(size.columns)
  const isRows = laidOut(drawing, widths.at(-1) ?? PHONE) === null
  const titles = axisTitles(drawing)
  const drawn = isRows ? [rowsOf(drawing)] : await variants(drawing, widths, name)
  return html`${titles !== null && html`<p class="v-axes">${titles}</p>`}${drawn}`
}
