/** What charts with axes share: stacked figures, the value axis, and their options for ECharts. */
import type { Chart } from '../publication/dashboard.ts'
import { scaleOf, TEXT, tickFigure, widthOf } from './axis.ts'
import { drawnText } from './drawing-texts.ts'
import { ink, type Plot } from './plot.ts'
import type { ChartData } from './series.ts'
import type { Sheet } from './sheet.ts'

export type Option = Readonly<Record<string, unknown>>
type Figures = readonly (number | null)[]

/** A chart before its width is known. */
export interface Drawing {
  readonly sheet: Sheet
  readonly chart: Chart
  readonly data: ChartData
  readonly height: number
}

export interface LaidOut extends Plot {
  /** Where the groups stand, in pixels of the picture. */
  readonly points: readonly number[]
  /** The series have their names in the picture. */
  readonly isNamed: boolean
}

/** ECharts would draw an outline around texts in a fixed colour, which fits one theme only. */
export const LABEL = { fontSize: TEXT, textBorderWidth: 0 }
export const TOP = 12
export const BOTTOM = 28

export interface Stacked {
  readonly values: readonly Figures[]
  /** Figures that the axis of the bars must include. */
  readonly tops: Figures
}

/** The figures; in a normalized chart, their shares of the group. */
export function stackedFigures({ data: { groups, series }, chart }: Drawing): Stacked {
  const piled = series.filter(({ isLine }) => !isLine)
  const sums = groups.map((_, at) => piled.reduce((sum, { values }) => sum + Math.max(0, values[at] ?? 0), 0))
  if (chart.stack === 'normalized') {
    const share = (value: number | null, at: number) =>
      value === null ? null : (100 * Math.max(0, value)) / (sums[at] || 1)
    return { values: series.map(({ isLine, values }) => (isLine ? values : values.map(share))), tops: [100] }
  }
  const each = piled.flatMap(({ values }) => values)
  const goal = chart.goal === undefined ? [] : [chart.goal.value]
  return {
    values: series.map(({ values }) => values),
    tops: [...goal, ...each, ...(chart.stack === undefined ? [] : sums)],
  }
}

export interface Axis {
  readonly min: number
  readonly max: number
  /** With the space beside them. */
  readonly width: number
  /** Scales figures to steps of the axis: ECharts refuses very large and very small numbers. */
  readonly inSteps: (value: number | null) => number | null
  readonly option: Option
}

export function axisOf({ sheet, chart, data }: Drawing, tops: Figures, isLine: boolean): Axis | null {
  const column = data.series.find((each) => each.isLine === isLine)?.column
  if (column === undefined) return null
  const { min, max, step } = scaleOf(tops)
  const format = chart.stack === 'normalized' && !isLine ? ({ kind: 'percent' } as const) : column.format
  const [low, high] = [Math.round(min / step), Math.round(max / step)]
  const labels = Array.from({ length: high - low + 1 }, (_, at) => tickFigure(sheet, format, (low + at) * step, step))
  const option = {
    type: 'value',
    min: low,
    max: high,
    interval: 1,
    position: isLine ? 'right' : 'left',
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { ...LABEL, color: ink('mute'), formatter: (value: number) => labels[Math.round(value) - low] ?? '' },
    splitLine: { show: !isLine, lineStyle: { color: ink('line') } },
  }
  const inSteps = (value: number | null) => (value === null ? null : value / step)
  return { min, max, width: 8 + Math.max(...labels.map(widthOf)), inSteps, option }
}

export const across = (extra: Option, label: Option): Option => ({
  axisLine: { lineStyle: { color: ink('line') } },
  axisTick: { show: false },
  splitLine: { show: false },
  axisLabel: { ...LABEL, color: ink('mute'), lineHeight: 15, ...label },
  ...extra,
})

/** The line of the goal, without a text: that would cover bars, so it stands in the legend. */
export const goalLine = ({ goal }: Chart, axis: Axis | null): Option =>
  goal === undefined || axis === null
    ? {}
    : {
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: ink('ink'), type: [4, 3], width: 1 },
          label: { show: false },
          data: [{ yAxis: axis.inSteps(goal.value) }],
        },
      }

export function goalOf({ sheet, chart: { goal }, data }: Drawing): string | null {
  const column = data.series[0]?.column
  return goal === undefined || column === undefined ? null : `${goal.label} ${sheet.as(goal.value, column)}`
}

/** Titles of the axes, as text. */
export function axisTitles({ sheet, chart, data }: Drawing): string | null {
  const said = [chart.titles?.y, chart.titles?.x].filter((each) => each !== undefined).join(' · ')
  if (said !== '') return said
  if (chart.stack === 'normalized') return drawnText('shares', sheet.reading)
  const names = data.series.filter(({ isLine }) => isLine).map(({ name }) => name)
  return names.length === 0 ? null : drawnText('second', sheet.reading, names.join(', '))
}
