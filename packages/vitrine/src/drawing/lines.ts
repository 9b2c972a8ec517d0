/** Lines and areas, laid out for one width. Dates stand on a time scale, so that a gap has its real length. */
import { TEXT, tickFigure, timeTicks, widthOf } from './axis.ts'
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
import type { ChartData } from './series.ts'

/** With more series than this, or long names, there is a legend. */
const MOST_NAMED = 4
const LONGEST_NAME = 150
const NARROW = 400
const HUGE = 1e9
/** Up to so many points are drawn as dots. */
const FEW = 24
const TICK = 80

/** How far each name at the end of a line moves down, so that names do not overlap. */
function endsApart(ends: readonly number[]): readonly number[] {
  const moved = ends.map(() => 0)
  let last = Number.NEGATIVE_INFINITY
  for (const at of ends.map((_, each) => each).sort((one, other) => (ends[one] ?? 0) - (ends[other] ?? 0))) {
    const end = ends[at] ?? 0
    last = Math.max(end, last + TEXT + 3)
    moved[at] = last - end
  }
  return moved
}

/** The last point of each series: its position, its height when stacked, and its label. */
function endsOf(
  { sheet, data: { series }, chart }: Drawing,
  values: readonly (readonly (number | null)[])[],
  isNamed: boolean,
) {
  return series.map(({ name, column, values: own }, at) => {
    const index = own.findLastIndex((value) => value !== null)
    const below = chart.stack === undefined ? [] : values.slice(0, at)
    const height = [...below, values[at] ?? []].reduce((sum, each) => sum + (each[index] ?? 0), 0)
    const last = own[index] ?? null
    const isHuge = last !== null && Math.abs(last) >= HUGE
    const figure = isHuge ? tickFigure(sheet, column.format, last, 1) : sheet.as(last, column)
    return { index, height, label: isNamed && series.length > 1 ? `${name} ${figure}` : figure }
  })
}

interface Placed {
  readonly places: readonly number[]
  readonly values: Stacked['values']
  readonly ends: ReturnType<typeof endsOf>
  readonly moved: readonly number[]
  readonly axis: Axis | null
}

function drawn(
  { data: { series, groups }, chart }: Drawing,
  { places, values, ends, moved, axis }: Placed,
): readonly Option[] {
  const opacity = chart.stack === undefined ? 0.12 : 0.3
  return series.map(({ token }, at): Option => {
    const color = ink(token)
    const valueAt = (index: number) => values[at]?.[index] ?? null
    const label = { ...LABEL, show: true, position: 'right', color, fontWeight: 600, offset: [2, moved[at]] }
    return {
      type: 'line',
      clip: false,
      symbol: groups.length <= FEW ? 'circle' : 'none',
      symbolSize: 4,
      lineStyle: { color, width: 2 },
      itemStyle: { color },
      ...(chart.kind === 'area' && { areaStyle: { color, opacity } }),
      ...(chart.stack !== undefined && { stack: 'all' }),
      ...(at === 0 && goalLine(chart, axis)),
      data: places.map((place, index) => {
        const value = [place, axis?.inSteps(valueAt(index)) ?? null]
        if (index === ends[at]?.index) {
          return { value, symbol: 'circle', symbolSize: 6, label: { ...label, formatter: ends[at]?.label } }
        }
        // A single value between two unknown ones has no line: it needs a dot.
        return valueAt(index - 1) === null && valueAt(index + 1) === null ? { value, symbol: 'circle' } : value
      }),
    }
  })
}

/** Where the groups stand: at their time, or one after the other. */
function placesOf({ groups, unit }: ChartData): { readonly places: readonly number[]; readonly isTime: boolean } {
  const isTime = unit !== null
  return { isTime, places: groups.map(({ clock }, at) => (isTime ? Date.parse(`${clock?.replace(' ', 'T')}Z`) : at)) }
}

export function lines(drawing: Drawing, width: number): LaidOut {
  const { sheet, data, height } = drawing
  const { groups, series, unit } = data
  const { values, tops } = stackedFigures(drawing)
  const axis = axisOf(drawing, tops, false)
  const [min, max, left] = [axis?.min ?? 0, axis?.max ?? 1, axis?.width ?? 0]
  const isShort = series.length <= MOST_NAMED && series.every(({ name }) => widthOf(name) <= LONGEST_NAME)
  const isNamed = width >= NARROW && isShort
  const ends = endsOf(drawing, values, isNamed)
  const right = Math.min(width / 2, 16 + 1.08 * Math.max(0, ...ends.map(({ label }) => widthOf(label))))
  const { places, isTime } = placesOf(data)
  const [first, last, inner] = [places[0] ?? 0, places.at(-1) ?? 0, width - left - right]
  const y = (value: number) => ((max - value) / (max - min || 1)) * (height - TOP - BOTTOM)
  const moved = endsApart(ends.map((end) => y(end.height)))
  const stride = Math.ceil((groups.length * TICK) / inner)
  const ticks = isTime
    ? timeTicks(sheet, unit === null || unit === 'instant' ? 'day' : unit, [first, last], inner)
    : groups.flatMap(({ name }, at) => (at % stride === 0 ? [{ at, label: name }] : []))
  const word = (value: number) => ticks.find(({ at }) => at === value)?.label ?? ''
  const range = { type: 'value', min: first, max: last > first ? last : first + 1 }
  const option = {
    grid: { left, right, top: TOP, bottom: BOTTOM },
    xAxis: across(range, { customValues: ticks.map(({ at }) => at), formatter: word }),
    yAxis: axis?.option ?? {},
    series: drawn(drawing, { places, values, ends, moved, axis }),
  }
  const points = places.map((place) => Math.round(left + ((place - first) / (last - first || 1)) * inner))
  return { option, width, height, points, isNamed: isNamed || series.length === 1 }
}
