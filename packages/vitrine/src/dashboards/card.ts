/**
 * A question as Metabase keeps it: its SQL with a tag where a filter stands, how it is drawn, and the settings of its columns.
 * Names of columns stand for their numbers, which only a live Metabase knows. Pure; `metabase/` applies it.
 */
import { VitrineError } from '../base/errors.ts'
import type { Dashboard, Display, Filter, FilterKind, Format, Question } from '../publication/dashboard.ts'
import { questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { questionSql } from './sql.ts'

/** A place in the SQL of a card where a filter of a dashboard acts. */
export interface Tag {
  readonly name: string
  readonly filter: string
  readonly label: string
  /** `table.column` */
  readonly column: string
  readonly widget: string
}

export interface Card {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly display: string
  readonly sql: string
  readonly tags: readonly Tag[]
  readonly settings: Readonly<Record<string, unknown>>
}

/** What Metabase calls each kind of filter. */
export const WIDGETS: Readonly<Record<FilterKind, string>> = {
  list: 'string/=',
  text: 'string/contains',
  number: 'number/=',
  boolean: 'boolean/=',
  date: 'date/range',
  month: 'date/month-year',
}

/** The cards of all dashboards, each once; its tags are those of every dashboard that shows it. */
export function cardsOf(publication: Publication): readonly Card[] {
  const { dashboards } = publication
  return [...questionsOf(dashboards), ...freshnessQuestions(publication)].map((question) => {
    const filters = dashboards.filter((each) => questionsOf([each]).includes(question)).flatMap((each) => each.filters)
    const byKey = new Map(filters.map((filter) => [filter.key, filter]))
    return cardOf(question, [...byKey.values()], publication)
  })
}

/** What stands for a tile that tells of when the data are. */
export const freshnessKey = (label: string): string => `freshness: ${label}`

function freshnessQuestions({ dashboards, freshness }: Publication): readonly Question[] {
  const tiles = dashboards.flatMap(({ tabs }) => tabs.flatMap(({ rows }) => rows.flat()))
  const labels = new Set(tiles.flatMap((tile) => ('freshness' in tile ? [tile.freshness] : [])))
  const column = freshness.columns.dataOf
  return [...labels].map((label) => ({
    key: freshnessKey(label),
    title: label,
    description: freshness.comment,
    query: { kind: 'freshness', column, show: 'instant' },
    display: { kind: 'number', value: column },
    columns: { [column]: { label, format: { kind: 'date', style: 'instant' } } },
    audience: 'public',
    previousKeys: [],
  }))
}

function cardOf(question: Question, filters: readonly Filter[], publication: Publication): Card {
  const { key, title, description, query, display } = question
  refuseTags(questionSql(query, { publication }), key)
  const tags: Tag[] = []
  const sql = questionSql(query, {
    publication,
    filters,
    writeFilter: ({ filter, table, column }, expression) => {
      const found = filters.find((each) => each.key === filter)
      if (found === undefined) return 'true'
      const place = `${table}.${column}`
      const same = tags.find((tag) => tag.filter === filter && tag.column === place)
      const name = same?.name ?? `${filter}${tags.some((tag) => tag.filter === filter) ? `_${tags.length + 1}` : ''}`
      if (same === undefined) {
        tags.push({ name, filter, label: found.label, column: place, widget: WIDGETS[found.kind] })
      }
      // Metabase writes the column with its table's own name, which stands for nothing where the table has an alias.
      const values = `select ${identifier(column)} from ${qualified(publication.schema, table)} where {{${name}}}`
      return `(true [[and ${expression} in (${values})]])`
    },
  })
  return { key, name: title, description, ...drawn(display), sql, tags, settings: settingsOf(question) }
}

/** Metabase would read them as its own. */
function refuseTags(sql: string, key: string): void {
  if (!/\{\{|\[\[/.test(sql)) return
  throw new VitrineError('DEFINITION_INVALID', {
    place: `question ${key}`,
    detail: 'Its SQL holds {{ or [[, which Metabase reads as a variable of its own.',
  })
}

const DISPLAYS: Readonly<Partial<Record<Display['kind'], string>>> = {
  number: 'scalar',
  trend: 'smartscalar',
  // Metabase pivots only what it can drill into.
  pivot: 'table',
}

const drawn = ({ kind }: Display): Pick<Card, 'display'> => ({ display: DISPLAYS[kind] ?? kind })

function settingsOf({ display, columns }: Question): Readonly<Record<string, unknown>> {
  const settings = Object.entries(columns).map(([name, { label, format }]) => [
    JSON.stringify(['name', name]),
    { column_title: label, ...(format === undefined ? {} : formatOf(format)) },
  ])
  return {
    ...displaySettings(display),
    ...(settings.length === 0 ? {} : { column_settings: Object.fromEntries(settings) }),
  }
}

function formatOf(format: Format): Readonly<Record<string, unknown>> {
  if (format.kind === 'date') return DATES[format.style]
  const decimals = format.decimals === undefined ? {} : { decimals: format.decimals }
  if (format.kind === 'percent') return { suffix: ' %', ...decimals }
  if (format.kind === 'currency') return { number_style: 'currency', currency: format.currency, ...decimals }
  const { prefix, suffix } = format
  return { ...decimals, ...(prefix === undefined ? {} : { prefix }), ...(suffix === undefined ? {} : { suffix }) }
}

const DAY = { date_style: 'D MMMM, YYYY', time_enabled: null }
const DATES: Readonly<Record<Extract<Format, { kind: 'date' }>['style'], Readonly<Record<string, unknown>>>> = {
  instant: { date_style: 'D MMMM, YYYY', time_enabled: 'minutes', time_style: 'HH:mm' },
  day: DAY,
  week: DAY,
  month: { date_style: 'MMMM, YYYY', time_enabled: null },
  quarter: { date_style: 'MMMM, YYYY', time_enabled: null },
  year: { date_style: 'YYYY', time_enabled: null },
}

function displaySettings(display: Display): Readonly<Record<string, unknown>> {
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
      return { 'gauge.segments': display.segments.map(({ from, to, label }) => ({ min: from, max: to, label })) }
    case 'funnel':
      return { 'funnel.dimension': display.step, 'funnel.metric': display.value }
    case 'table':
      return display.columns === undefined
        ? {}
        : { 'table.columns': display.columns.map((name) => ({ name, enabled: true })) }
    case 'pivot':
      return {}
    default:
      return chartSettings(display)
  }
}

function chartSettings(chart: Extract<Display, { x: string }>): Readonly<Record<string, unknown>> {
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

/** The keys of the dashboards' collections, the outer ones first. */
export function collectionsOf(dashboards: readonly Dashboard[]): readonly Dashboard['collection'][] {
  const found = new Map<string, Dashboard['collection']>()
  const add = (collection: Dashboard['collection']): void => {
    if (collection.parent !== undefined) add(collection.parent)
    found.set(collection.key, collection)
  }
  for (const { collection } of dashboards) add(collection)
  return [...found.values()]
}
