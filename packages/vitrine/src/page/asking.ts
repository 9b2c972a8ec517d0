/** What is asked for the questions of a dashboard: their SQL with what is chosen, the rows behind them, the options of filters. */
import { own } from '../base/own.ts'
import { reached, relationsOf } from '../dashboards/askable-relations.ts'
import { questionSql, rowsSql } from '../dashboards/sql.ts'
import { withCounts } from '../drawing/counted.ts'
import type { Reading } from '../drawing/reading.ts'
import {
  type Condition,
  type Dashboard,
  type Filter,
  type Labelled,
  type ListingQuery,
  measureOf,
  type Query,
  type Question,
  type StructuredQuery,
} from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import type { Ask } from './answers.ts'
import { type Choice, chosenConditions } from './filters.ts'

export interface Asking {
  readonly publication: Publication
  readonly dashboard: Dashboard
  readonly choices: ReadonlyMap<string, Choice>
}

interface QuestionTile {
  readonly question: Question
  readonly without?: readonly string[]
}

/** A question of a dashboard, with what it adds to be drawn. */
export interface AskedQuestion {
  readonly question: Question
  readonly ask: Ask
}

/** The tiles of a dashboard, or of one tab of it, that ask something. */
export const tilesOf = ({ tabs }: Dashboard, tab: number | null = null): readonly QuestionTile[] =>
  tabs
    .filter((_, at) => tab === null || at === tab)
    .flatMap(({ rows }) => rows.flat().flatMap((tile) => ('question' in tile ? [tile] : [])))

/** Filters that act on a question of the dashboard. */
function actingOn({ dashboard }: Asking, question: Question): readonly Filter[] {
  const without = tilesOf(dashboard).find((tile) => tile.question.key === question.key)?.without ?? []
  return dashboard.filters.filter(({ key }) => !without.includes(key))
}

export function asked(asking: Asking, given: Question, reading: Reading): AskedQuestion {
  const { publication, choices } = asking
  const question = withCounts(given, reading)
  const filters = actingOn(asking, given)
  const write = (query: Query) => {
    const values: unknown[] = []
    const writeFilter = chosenConditions(publication, filters, choices, values)
    return { sql: questionSql(query, { publication, filters, writeFilter }), values }
  }
  const { query } = question
  const written = write(query)
  const small = query.kind === 'structured' && query.smallest !== null ? write({ ...query, smallest: null }) : null
  const ages = query.kind === 'freshness' && query.show === 'hours'
  return { question, ask: { ...written, filtered: written.values.length > 0, withSmall: small, ages } }
}

const ROWS = 200

/** Whether the rows behind a question may be looked at: those of persons are not, one by one. */
export const hasRows = ({ publication, dashboard }: Asking, { query }: Question): boolean =>
  query.kind === 'structured' &&
  dashboard.audience === 'team' &&
  publication.tables.some(({ name }) => name === query.from) &&
  !publication.persons.tables.includes(query.from)

/** What one figure alone counts; several count different things, and then all that they are counted from is shown. */
function whereOf({ where, measures }: StructuredQuery): readonly Condition[] {
  const [only, ...others] = Object.values(measures).map(measureOf)
  if (only === undefined || others.length > 0) return where
  if ('percent' in only) return only.of === 'all rows' ? where : [...where, ...only.of]
  return 'where' in only ? [...where, ...(only.where ?? [])] : where
}

/** What the values of a column are called where the question groups by it. */
function namesOf({ query, columns }: Question, name: string): Pick<Labelled, 'names'> {
  const by = query.kind === 'structured' ? Object.entries(query.by) : []
  const [group] =
    by.find(([, of]) => of === name || (typeof of === 'object' && 'column' in of && of.column === name)) ?? []
  const names = group === undefined ? undefined : own(columns, group)?.names
  return names === undefined ? {} : { names }
}

/** The rows behind a question, or behind the groups of it that have these values (`` stands for NULL). */
export function askedRows(asking: Asking, given: Question, groups: ReadonlyMap<string, string>): AskedQuestion | null {
  const { publication, choices } = asking
  const { query } = given
  if (query.kind !== 'structured' || !hasRows(asking, given)) return null
  const { key, columns } = own(relationsOf(publication), query.from) ?? { key: null, columns: {} }
  const names = Object.keys(columns)
  const listing: ListingQuery = {
    kind: 'listing',
    from: query.from,
    columns: Object.fromEntries(names.map((name) => [name, name])),
    where: whereOf(query),
    order: key === null ? [] : [[key, 'asc']],
    limit: ROWS + 1,
  }
  const filters = actingOn(asking, given)
  const values: unknown[] = []
  const writeFilter = chosenConditions(publication, filters, choices, values)
  const sql = rowsSql(query, listing, { publication, filters, writeFilter }, (name, expression) => {
    const value = groups.get(name)
    if (value === undefined) return null
    return `cast(${expression} as text) is not distinct from cast($${values.push(value === '' ? null : value)} as text)`
  })
  const shown = publication.tables.find(({ name }) => name === query.from)?.columns ?? []
  const labels = Object.fromEntries(
    shown.map(({ name, comment }) => [name, { label: comment, ...namesOf(given, name) }]),
  )
  const question: Question = { ...given, display: { kind: 'table' }, query: listing, columns: labels }
  return { question, ask: { sql, values, filtered: values.length > 0, withSmall: null, ages: false, most: ROWS } }
}

/** The options of a list that has none of its own, or that other filters narrow; null where they are those of the filter. */
export function askedOptions({ publication, dashboard, choices }: Asking, filter: Filter): Ask | null {
  const { kind, options, linkedTo = [], on } = filter
  const others = dashboard.filters.filter(({ key }) => linkedTo.includes(key) && (choices.get(key) ?? []).length > 0)
  const [from, path] = Object.entries(on)[0] ?? []
  if (kind !== 'list' || from === undefined || path === undefined || (options !== undefined && others.length === 0))
    return null
  const { persons } = publication
  const isOfPersons = [from, reached(relationsOf(publication), from, path)?.table ?? ''].some((table) =>
    persons.tables.includes(table),
  )
  const by = { option: path }
  const query: StructuredQuery = {
    kind: 'structured',
    from,
    measures: {},
    by,
    where: [],
    order: [],
    limit: 500,
    smallest: isOfPersons ? persons.smallest : null,
  }
  const values: unknown[] = []
  const writeFilter = chosenConditions(publication, others, choices, values)
  const sql = questionSql(query, { publication, filters: others, writeFilter })
  return { sql, values, filtered: false, withSmall: null, ages: false }
}
