/** Bars side by side or on each other, and the lines of a combo, laid out for one width. */
import { groupLabels, TEXT, widthOf } from './axis.ts'
import {
  type Axis,
  across,
  axisOf,
  BOTTOM,
  type Drawing,
  goalLine,
  LABEL,
  type LaidOut,
  type Option,
  type Stacked,
  stackedFigures,
  TOP,
} from './chart-layout.ts'
import { ink } from './plot.ts'
import type { Series } from './series.ts'

const WIDEST = 60
const LINE = 15

/** Layout of the bars: their width, and whether figures stand on them, which makes an axis superfluous. */
function barsOf(drawing: Drawing, width: number, hasAxes: boolean, min: number) {
  const { sheet, data, chart } = drawing
  const bars = data.series.filter(({ isLine }) => !isLine)
  const isStacked = chart.stack !== undefined && bars.length > 1
  const band = Math.max(1, width / (data.groups.length || 1))
  const size = Math.max(1, Math.min(WIDEST, (band * 0.76) / (isStacked ? 1 : bars.length || 1)))
  const room = isStacked ? size - 4 : bars.length === 1 ? band - 4 : size + 6
  const labelOf = ({ values, column }: Series, index: number) =>
    values[index] == null ? '' : sheet.as(values[index] ?? null, column)
  const fits = (text: string) => widthOf(text) <= room
  const all = (isFit: (text: string) => boolean) =>
    bars.every((each) => each.values.every((_, index) => isFit(labelOf(each, index))))
  const isWithin = (text: string) => widthOf(text) <= size - 4
  const isSaid = !isStacked && !hasAxes && min >= 0 && all(fits)
  // Either all figures or none: some of them would look like a choice.
  const isOn = all(isWithin)
  const counts = bars.length === 1 ? (bars[0]?.counts ?? []) : []
  const isCounted =
    isSaid && counts.some((each) => each !== null) && counts.every((each) => each === null || fits(each))
  return { isOne: bars.length === 1, isStacked, band, size, labelOf, isOn, isSaid, isCounted }
}

type Bars = ReturnType<typeof barsOf>

/** The figure of a bar: above it, or on it where the bar is large enough. */
function labelOf(bars: Bars, each: Series, index: number, length: number): Option {
  const said = bars.labelOf(each, index)
  if (!bars.isSaid) {
    const show = length >= TEXT + 4 && bars.isOn
    return { ...LABEL, show, position: bars.isStacked ? 'inside' : 'insideBottom', color: ink('on'), formatter: said }
  }
  const counts = bars.isCounted && each.counts[index] != null ? `\n${each.counts[index]}` : ''
  return { ...LABEL, show: true, position: 'top', color: ink('ink'), lineHeight: LINE, formatter: `${said}${counts}` }
}

interface Drawn {
  readonly bars: Bars
  readonly values: Stacked['values']
  readonly axis: Axis | null
  readonly second: Axis | null
  /** The height of a unit, in pixels. */
  readonly scale: number
}

function drawn({ data: { groups, series }, chart }: Drawing, { bars, values, axis, second, scale }: Drawn) {
  const border = bars.isStacked && bars.size > 6 ? { borderColor: ink('card'), borderWidth: 1 } : {}
  return series.map((each, at): Option => {
    const itemStyle = { color: ink(each.token) }
    const lineStyle = { ...itemStyle, width: 2 }
    if (each.isLine)
      return { ...LINES, lineStyle, itemStyle, data: each.values.map((value) => second?.inSteps(value) ?? null) }
    return {
      type: 'bar',
      clip: false,
      barWidth: bars.size,
      barGap: '8%',
      ...(bars.isStacked && { stack: 'all' }),
      ...(at === 0 && goalLine(chart, axis)),
      data: groups.map(({ token }, index) => ({
        value: axis?.inSteps(values[at]?.[index] ?? null) ?? null,
        itemStyle: { ...(bars.isOne && token !== null ? { color: ink(token) } : itemStyle), ...border },
        label: labelOf(bars, each, index, Math.abs(values[at]?.[index] ?? 0) * scale),
      })),
    }
  })
}

const LINES = { type: 'line', yAxisIndex: 1, clip: false, symbol: 'circle', symbolSize: 5 }

/** Null where the names of the groups do not fit side by side. */
export function columns(drawing: Drawing, width: number): LaidOut | null {
  const { sheet, data, chart, height } = drawing
  const { values, tops } = stackedFigures(drawing)
  const lineTops = data.series.flatMap((each) => (each.isLine ? each.values : []))
  const [axis, second] = [axisOf(drawing, tops, false), axisOf(drawing, lineTops, true)]
  const [min, right] = [axis?.min ?? 0, second?.width ?? 4]
  const hasAxes = second !== null || chart.goal !== undefined
  const { isSaid } = barsOf(drawing, width - 8, hasAxes, min)
  // Without an axis to end on a round figure, the highest bar takes all of the height.
  const max = isSaid ? Math.max(...tops.map((each) => each ?? 0)) || 1 : (axis?.max ?? 1)
  const left = isSaid ? 4 : (axis?.width ?? 4)
  const bars = { ...barsOf(drawing, width - left - right, hasAxes, min), isSaid }
  const labels = groupLabels(sheet, data, bars.band)
  if (labels === null) return null
  const bottom = BOTTOM + (labels.some((label) => label?.includes('\n') === true) ? LINE : 0)
  const top = TOP + (isSaid ? 10 : 0) + (bars.isCounted ? LINE : 0)
  const words = { interval: 0, formatter: (_: unknown, at: number) => labels[at] ?? '' }
  const option = {
    grid: { left, right, top, bottom },
    xAxis: across({ type: 'category', data: labels.map((_, at) => at) }, words),
    yAxis: [
      axis === null ? {} : isSaid ? { ...axis.option, show: false, max: axis.inSteps(max) } : axis.option,
      ...(second === null ? [] : [second.option]),
    ],
    series: drawn(drawing, { bars, values, axis, second, scale: (height - top - bottom) / (max - min || 1) }),
  }
  const points = labels.map((_, at) => Math.round(left + bars.band * (at + 0.5)))
  return { option, width, height, points, isNamed: data.series.length === 1 }
}
