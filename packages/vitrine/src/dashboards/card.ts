/**
 * A question as Metabase stores it: its query, in MBQL or as SQL with a tag for each filter, its display, and the
 * settings of its columns. Names stand in place of numbers, which only a live Metabase knows. Pure; `metabase/` applies it.
 */
import { VitrineError } from '../base/errors.ts'
import { own } from '../base/own.ts'
import type { Dashboard, Display, Filter, FilterKind, Question } from '../publication/dashboard.ts'
import { questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { reached, relationsOf } from './askable-relations.ts'
import { settingsOf } from './card-settings.ts'
import { type Mbql, mbqlOf, type Stage } from './mbql.ts'
import { type Clause, fieldClause } from './mbql-clauses.ts'
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
  readonly query: CardQuery
  readonly settings: Readonly<Record<string, unknown>>
  /** Where each filter of a dashboard acts. */
  readonly targets: readonly { readonly filter: string; readonly target: FilterTarget }[]
  readonly adopted: string | null
}

export type CardQuery =
  | { readonly kind: 'sql'; readonly sql: string; readonly tags: readonly Tag[] }
  | { readonly kind: 'mbql'; readonly stages: readonly Stage[] }

/** What a filter changes: a variable of the SQL, or a column of the first stage. */
export type FilterTarget =
  | readonly ['dimension', readonly ['template-tag', string]]
  | readonly ['dimension', Clause, { readonly 'stage-number': 0 }]

/** What Metabase calls each kind of filter. */
export const WIDGETS: Readonly<Record<FilterKind, string>> = {
  list: 'string/=',
  text: 'string/contains',
  number: 'number/=',
  boolean: 'boolean/=',
  date: 'date/range',
  month: 'date/month-year',
}

/** The cards of all dashboards, each once, with the filters of every dashboard that shows it. */
export function cardsOf(publication: Publication): readonly Card[] {
  const { dashboards } = publication
  return [...questionsOf(dashboards), ...freshnessQuestions(publication)].map((question) => {
    const filters = dashboards.filter((each) => questionsOf([each]).includes(question)).flatMap((each) => each.filters)
    const byKey = new Map(filters.map((filter) => [filter.key, filter]))
    return cardOf(question, [...byKey.values()], publication)
  })
}

/** The key of the card for a tile that shows the time of the data. */
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
  const { key, title, description, query } = question
  const mbql = mbqlOf(query, publication)
  const about = { key, name: title, description, adopted: question.adopted ?? null }
  if ('reason' in mbql) {
    const { sql, tags } = sqlOf(question, filters, publication)
    const targets = tags.map(({ filter, name }) => ({ filter, target: ['dimension', ['template-tag', name]] as const }))
    return {
      ...about,
      display: drawn(question),
      query: { kind: 'sql', sql, tags },
      settings: settingsOf(question),
      targets,
    }
  }
  const from = 'from' in query ? query.from : ''
  const relations = relationsOf(publication)
  const targets = filters.flatMap(({ key: filter, on }) => {
    const column = reached(relations, from, own(on, from) ?? '')
    if (column === undefined) return []
    return [{ filter, target: ['dimension', fieldClause(column, from), { 'stage-number': 0 }] as const }]
  })
  const isPivot = question.display.kind === 'pivot' && mbql.stages.length === 1
  return {
    ...about,
    display: isPivot ? 'pivot' : drawn(question),
    query: { kind: 'mbql', stages: mbql.stages },
    settings: settingsOf(renamed(question, mbql), { ...mbql, isPivot }),
    targets,
  }
}

/** The question with the names that Metabase gives to the columns of its answer. */
function renamed(question: Question, { names }: Mbql): Question {
  const nameOf = (name: unknown) => own(names, String(name)) ?? name
  const shown = Object.entries(question.display).map(([part, value]) => {
    const isName = !['kind', 'stack', 'decreaseIsGood', 'goal', 'titles', 'segments'].includes(part)
    return [part, isName ? (Array.isArray(value) ? value.map(nameOf) : nameOf(value)) : value]
  })
  const other = Object.entries(names).flatMap(([name, column]) => (name === column ? [] : [[name, { label: name }]]))
  const columns = Object.entries({ ...Object.fromEntries(other), ...question.columns })
  return {
    ...question,
    // sound because only names of columns are replaced, by names of columns.
    display: Object.fromEntries(shown) as unknown as Display,
    columns: Object.fromEntries(columns.map(([name, column]) => [nameOf(name), column])),
  }
}

function sqlOf({ key, query }: Question, filters: readonly Filter[], publication: Publication) {
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
      // Metabase reads a name of a variable up to the first other character.
      const plain = filter.replaceAll(/\W/g, '_')
      const name = same?.name ?? `${plain}${tags.some((tag) => tag.name === plain) ? `_${tags.length + 1}` : ''}`
      if (same === undefined) {
        tags.push({ name, filter, label: found.label, column: place, widget: WIDGETS[found.kind] })
      }
      // Metabase writes the column with its table's name, which is not valid where the table has an alias.
      const values = `select ${identifier(column)} from ${qualified(publication.schema, table)} where {{${name}}}`
      return `(true [[and ${expression} in (${values})]])`
    },
  })
  return { sql, tags }
}

/** Refuses texts that Metabase would take for its own tags. */
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
  // Metabase pivots only MBQL questions of one stage.
  pivot: 'table',
}

const drawn = ({ display: { kind } }: Question): string => DISPLAYS[kind] ?? kind

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
