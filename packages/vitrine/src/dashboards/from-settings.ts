/** Translates Metabase's display settings into the language: the reverse of `card-settings.ts`. Pure. */
import type { Display, Format, Question } from '../publication/dashboard.ts'
import { type CardSettings, DATES } from './card-settings.ts'

export interface Drawn {
  /** Metabase's name of the display. */
  readonly display: string
  readonly settings: CardSettings
  /** Columns of the answer, without those that only order it. */
  readonly groups: readonly string[]
  readonly figures: readonly string[]
  /** Translates a column's name in Metabase's answer into that of the question. */
  readonly nameOf: (column: string) => string
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value])
const objectOf = (value: unknown): CardSettings => (typeof value === 'object' && value !== null ? { ...value } : {})

/** Null for a display that the language does not have. */
export function displayFrom(drawn: Drawn): Display | null {
  const { settings, groups, figures, nameOf } = drawn
  const names = (key: string, otherwise: readonly string[]): readonly string[] => {
    const given = listOf(settings[key]).filter((name) => typeof name === 'string')
    return (given.length === 0 ? otherwise : given).map(nameOf)
  }
  const [value = ''] = names('scalar.field', figures)
  const [group = ''] = groups.map(nameOf)
  switch (drawn.display) {
    case 'scalar':
      return { kind: 'number', value }
    case 'smartscalar': {
      const isReversed = settings['scalar.switch_positive_negative'] === true
      return { kind: 'trend', time: group, value, ...(isReversed ? { decreaseIsGood: true } : {}) }
    }
    case 'pie':
      return {
        kind: 'pie',
        label: names('pie.dimension', groups)[0] ?? '',
        value: names('pie.metric', figures)[0] ?? '',
      }
    case 'progress':
      return {
        kind: 'progress',
        value: names('progress.value', figures)[0] ?? '',
        goal: Number(settings['progress.goal'] ?? 0),
      }
    case 'gauge': {
      const segments = listOf(settings['gauge.segments']).map(objectOf)
      const told = segments.map(({ min, max, label }) => ({
        from: Number(min),
        to: Number(max),
        label: String(label ?? ''),
      }))
      return { kind: 'gauge', value: figures.map(nameOf)[0] ?? '', segments: told }
    }
    case 'funnel':
      return {
        kind: 'funnel',
        step: names('funnel.dimension', groups)[0] ?? '',
        value: names('funnel.metric', figures)[0] ?? '',
      }
    case 'table': {
      const columns = listOf(settings['table.columns']).map(objectOf)
      const shown = columns.flatMap(({ name, enabled }) => (enabled === true ? [nameOf(String(name))] : []))
      const isAll = shown.join() === [...groups, ...figures].map(nameOf).join()
      return { kind: 'table', ...(shown.length === 0 || isAll ? {} : { columns: shown }) }
    }
    case 'pivot': {
      const split = objectOf(settings['pivot_table.column_split'])
      const of = (part: string) => listOf(split[part]).map((name) => nameOf(String(name)))
      return { kind: 'pivot', rows: of('rows'), columns: of('columns'), values: of('values') }
    }
    default:
      return chartFrom(drawn, names('graph.dimensions', groups), names('graph.metrics', figures))
  }
}

const CHARTS = ['line', 'area', 'bar', 'row', 'combo'] as const

function chartFrom(
  { display, settings, nameOf }: Drawn,
  [x = '', series]: readonly string[],
  y: readonly string[],
): Display | null {
  const kind = CHARTS.find((each) => each === display)
  if (kind === undefined) return null
  const stack = settings['stackable.stack_type']
  const goal = { value: Number(settings['graph.goal_value'] ?? 0), label: String(settings['graph.goal_label'] ?? '') }
  const [xTitle, yTitle] = ['x', 'y'].map((axis) => settings[`graph.${axis}_axis.title_text`])
  const titles = {
    ...(typeof xTitle === 'string' ? { x: xTitle } : {}),
    ...(typeof yTitle === 'string' ? { y: yTitle } : {}),
  }
  const lines = Object.entries(objectOf(settings['series_settings'])).flatMap(([name, each]) =>
    objectOf(each)['display'] === 'line' ? [nameOf(name)] : [],
  )
  return {
    kind,
    x,
    y,
    ...(series === undefined ? {} : { series }),
    ...(stack === 'stacked' || stack === 'normalized' ? { stack } : {}),
    ...(kind === 'combo' && lines.length > 0 ? { lines } : {}),
    ...(settings['graph.show_goal'] === true ? { goal } : {}),
    ...(Object.keys(titles).length === 0 ? {} : { titles }),
  }
}

/** The labels and formats of the columns that people see. */
export function columnsFrom({ settings, groups, figures, nameOf }: Drawn): Question['columns'] {
  const shown = new Set([...groups, ...figures])
  const columns = Object.entries(objectOf(settings['column_settings'])).flatMap(([key, given]) => {
    const [, name] = listOf(parsed(key))
    if (typeof name !== 'string' || !shown.has(name)) return []
    const { column_title: title, ...rest } = objectOf(given)
    const format = formatFrom(rest)
    return [[nameOf(name), { label: String(title ?? nameOf(name)), ...(format === null ? {} : { format }) }] as const]
  })
  return Object.fromEntries(columns)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function formatFrom(settings: CardSettings): Format | null {
  const { decimals, prefix, suffix, number_style: style, currency, date_style: date } = settings
  const places = typeof decimals === 'number' ? { decimals } : {}
  if (date !== undefined) {
    const same = Object.entries(DATES).find(([, each]) =>
      Object.entries(each).every(([key, value]) => settings[key] === value),
    )
    // sound because the names of the table are the styles.
    return same === undefined ? null : { kind: 'date', style: same[0] as keyof typeof DATES }
  }
  if (style === 'currency') return { kind: 'currency', currency: String(currency), ...places }
  if (suffix === ' %' && prefix === undefined) return { kind: 'percent', ...places }
  if (Object.keys(settings).length === 0) return null
  return {
    kind: 'number',
    ...places,
    ...(typeof prefix === 'string' ? { prefix } : {}),
    ...(typeof suffix === 'string' ? { suffix } : {}),
  }
}
