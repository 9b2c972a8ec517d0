/** Metabase's settings of a question: its display and the formats of its columns. Pure; called by `card.ts`. */
import type { Display, Format, Question } from '../publication/dashboard.ts'

export type CardSettings = Readonly<Record<string, unknown>>

/** The columns of an answer that people see, and those that only order it. */
export interface Answered {
  readonly shown: readonly string[]
  readonly hidden: readonly string[]
  readonly isPivot: boolean
}
const PLAIN: Answered = { shown: [], hidden: [], isPivot: false }

export function settingsOf(
  { display, columns }: Pick<Question, 'display' | 'columns'>,
  answered = PLAIN,
): CardSettings {
  const settings = Object.entries(columns).map(([name, { label, format }]) => [
    JSON.stringify(['name', name]),
    { column_title: label, ...(format === undefined ? {} : formatOf(format)) },
  ])
  return {
    ...displaySettings(display, answered),
    ...(settings.length === 0 ? {} : { column_settings: Object.fromEntries(settings) }),
  }
}

function formatOf(format: Format): CardSettings {
  if (format.kind === 'date') return DATES[format.style]
  const decimals = format.decimals === undefined ? {} : { decimals: format.decimals }
  if (format.kind === 'percent') return { suffix: ' %', ...decimals }
  if (format.kind === 'currency') return { number_style: 'currency', currency: format.currency, ...decimals }
  const { prefix, suffix } = format
  return { ...decimals, ...(prefix === undefined ? {} : { prefix }), ...(suffix === undefined ? {} : { suffix }) }
}

const DAY = { date_style: 'D MMMM, YYYY', time_enabled: null }
export const DATES: Readonly<Record<Extract<Format, { kind: 'date' }>['style'], CardSettings>> = {
  instant: { date_style: 'D MMMM, YYYY', time_enabled: 'minutes', time_style: 'HH:mm' },
  day: DAY,
  week: DAY,
  month: { date_style: 'MMMM, YYYY', time_enabled: null },
  quarter: { date_style: 'MMMM, YYYY', time_enabled: null },
  year: { date_style: 'YYYY', time_enabled: null },
}

/** From light to dark; what has no color, Metabase draws black. */
const SEGMENT_COLORS = ['#C7DDF1', '#8FBBE3', '#5796D1', '#2A6DAE', '#174A7C']
type Segment = Extract<Display, { kind: 'gauge' }>['segments'][number]
const segmentOf = ({ from, to, label }: Segment, index: number) => ({
  min: from,
  max: to,
  color: SEGMENT_COLORS[index % SEGMENT_COLORS.length],
  label,
})

const tableColumns = (shown: readonly string[], hidden: readonly string[]): CardSettings => ({
  'table.columns': [
    ...shown.map((name) => ({ name, enabled: true })),
    ...hidden.map((name) => ({ name, enabled: false })),
  ],
})

function displaySettings(display: Display, { shown, hidden, isPivot }: Answered): CardSettings {
  switch (display.kind) {
    case 'number':
      return { 'scalar.field': display.value }
    case 'trend':
      return {
        'scalar.field': display.value,
        'scalar.comparisons': [{ id: 'previous', type: 'previousPeriod' }],
        ...(display.decreaseIsGood === true ? { 'scalar.switch_positive_negative': true } : {}),
      }
    case 'pie':
      return { 'pie.dimension': display.label, 'pie.metric': display.value }
    case 'progress':
      return { 'progress.value': display.value, 'progress.goal': display.goal }
    case 'gauge':
      return { 'gauge.segments': display.segments.map(segmentOf) }
    case 'funnel':
      return { 'funnel.dimension': display.step, 'funnel.metric': display.value }
    case 'table':
      return display.columns === undefined && hidden.length === 0 ? {} : tableColumns(display.columns ?? shown, hidden)
    case 'pivot': {
      const { rows, columns, values } = display
      if (isPivot) return { 'pivot_table.column_split': { rows, columns, values } }
      return hidden.length === 0 ? {} : tableColumns(shown, hidden)
    }
    default:
      return chartSettings(display)
  }
}

function chartSettings(chart: Extract<Display, { x: string }>): CardSettings {
  const { x, y, series, stack, lines = [], goal, titles } = chart
  const drawnAs = (name: string) => ({ display: lines.includes(name) ? 'line' : 'bar' })
  return {
    'graph.dimensions': [x, ...(series === undefined ? [] : [series])],
    'graph.metrics': y,
    ...(stack === undefined ? {} : { 'stackable.stack_type': stack }),
    ...(goal === undefined
      ? {}
      : { 'graph.show_goal': true, 'graph.goal_value': goal.value, 'graph.goal_label': goal.label }),
    ...(titles?.x === undefined ? {} : { 'graph.x_axis.title_text': titles.x }),
    ...(titles?.y === undefined ? {} : { 'graph.y_axis.title_text': titles.y }),
    ...(chart.kind === 'combo' ? { series_settings: Object.fromEntries(y.map((name) => [name, drawnAs(name)])) } : {}),
  }
}
