/**
 * Writes a question as one SELECT without parameters, for the page, and for Metabase when MBQL is not possible. The caller decides
 * what is written in place of a filter. Queries must have been checked: an unknown name throws.
 */
import type { RawNode } from 'kysely'
import { own } from '../base/own.ts'
import {
  type Condition,
  type Filter,
  type FunnelQuery,
  type ListingQuery,
  measureOf,
  type Query,
  type SqlQuery,
  type StructuredQuery,
} from '../publication/dashboard.ts'
import { type FilterUse, filterUseOf } from '../publication/filter-use.ts'
import { LiteralCompiler } from '../publication/literal-compiler.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { Expressions, FROM, orderOf } from './expressions.ts'

/** Writes a filter: a condition on `expression`, the filter's column. */
export type WriteFilter = (use: FilterUse, expression: string) => string

export interface Compiling {
  readonly publication: Publication
  /** The filters of the dashboard, which apply to structured queries. */
  readonly filters?: readonly Filter[]
  /** By default `true`, which filters nothing. */
  readonly writeFilter?: WriteFilter
}

/** The text of a query, without a semicolon. */
export function questionSql(query: Query, compiling: Compiling): string {
  const { publication, writeFilter = () => 'true' } = compiling
  if (query.kind === 'sql') return selectSql(query, publication, writeFilter)
  if (query.kind === 'freshness') {
    const { freshness, schema, zone } = publication
    const oldest = `min(f.${identifier(freshness.columns.dataOf)})`
    const value =
      query.show === 'hours'
        ? `round(cast(extract(epoch from now() - ${oldest}) / 3600 as numeric), 1)`
        : `timezone(${literal(zone)}, ${oldest})`
    return `select ${value} as ${identifier(query.column)} from ${qualified(schema, freshness.name)} as f`
  }
  const writer = new Writer(compiling, query.from)
  if (query.kind === 'structured') return writer.structured(query)
  return query.kind === 'listing' ? writer.listing(query) : writer.funnel(query)
}

/** Writes the condition that selects one value of the named group; null for all values. */
export type WriteGroup = (name: string, expression: string) => string | null

/** The rows behind the figures of a question, or behind one group of them, as `listing` shows them. */
export function rowsSql(
  query: StructuredQuery,
  listing: ListingQuery,
  compiling: Compiling,
  write: WriteGroup,
): string {
  return new Writer(compiling, query.from).listing(listing, query.by, write)
}

class QuestionCompiler extends LiteralCompiler {
  readonly #schema: string
  readonly #writeFilter: WriteFilter

  constructor(schema: string, writeFilter: WriteFilter) {
    super(schema)
    this.#schema = schema
    this.#writeFilter = writeFilter
  }

  protected override visitRaw(node: RawNode): void {
    const use = filterUseOf(node)
    if (use === undefined) super.visitRaw(node)
    else this.append(this.#writeFilter(use, new LiteralCompiler(this.#schema).text(node)))
  }
}

function selectSql({ node }: SqlQuery, { schema }: Publication, writeFilter: WriteFilter): string {
  // sound because the language takes a query builder, whose node is that of a SELECT.
  return new QuestionCompiler(schema, writeFilter).text(node as RawNode)
}

/** The parts of a SELECT over the one table asked. */
interface Parts {
  readonly columns: readonly string[]
  readonly where?: readonly Condition[]
  readonly groupConditions?: readonly string[]
  readonly groups?: readonly string[]
  readonly having?: readonly string[]
  readonly order?: readonly string[]
  readonly limit?: number | null
}

class Writer {
  readonly #from: string
  readonly #filters: readonly string[]
  readonly #expressions: Expressions

  constructor({ publication, filters = [], writeFilter = () => 'true' }: Compiling, from: string) {
    this.#expressions = new Expressions(publication, from)
    this.#from = qualified(publication.schema, from)
    this.#filters = filters.flatMap(({ key, on }) => {
      const path = own(on, from)
      if (path === undefined) return []
      const { table, column } = this.#expressions.reached(path)
      return [writeFilter({ filter: key, table, column }, this.#expressions.column(path))]
    })
  }

  structured({ measures, by, where, order, limit, smallest }: StructuredQuery): string {
    const groups = Object.entries(by).map(([name, each]) => ({ name, ...this.#expressions.group(each) }))
    const figures = Object.entries(measures).map(([name, given]) => ({ name, measure: measureOf(given) }))
    const running = groups[Object.values(by).findIndex((each) => typeof each === 'object' && 'time' in each)]
    const names = [...groups, ...figures].map(({ name }) => name)
    const columns = [
      ...groups.map(({ sql }) => sql),
      ...figures.map(({ measure }) => this.#expressions.figure(measure, running?.sql ?? null)),
    ].map((sql, index) => `${sql} as ${identifier(names[index] ?? '')}`)
    const ordered = (order.length > 0 ? order : groups.map(({ name }) => [name, 'asc'] as const)).map(
      ([name, direction]) => {
        const group = groups.find((each) => each.name === name)
        const key =
          group?.list == null
            ? names.indexOf(name) + 1
            : `array_position(${orderOf(group.list)}, cast(${group.sql} as text))`
        return `${key} ${direction === 'desc' ? 'desc' : 'asc'} nulls last`
      },
    )
    return this.#select({
      columns,
      where,
      groups: groups.map((_, index) => String(index + 1)),
      having:
        smallest === null
          ? []
          : this.#expressions.denominators(figures).map((count) => `${count} >= ${literal(smallest)}`),
      order: ordered,
      limit,
    })
  }

  listing({ columns, where, order, limit }: ListingQuery, by: StructuredQuery['by'] = {}, write?: WriteGroup): string {
    const names = Object.keys(columns)
    const shown = Object.values(columns).map((path) => {
      const column = this.#expressions.column(path)
      return this.#expressions.reached(path).kind === 'timestamptz' ? this.#expressions.local(path) : column
    })
    const groups = Object.entries(by).flatMap(([name, each]) => write?.(name, this.#expressions.group(each).sql) ?? [])
    return this.#select({
      groupConditions: groups,
      columns: shown.map((sql, index) => `${sql} as ${identifier(names[index] ?? '')}`),
      where,
      order: order.map(
        ([name, direction]) => `${names.indexOf(name) + 1} ${direction === 'desc' ? 'desc' : 'asc'} nulls last`,
      ),
      limit,
    })
  }

  /** Scans the table once, then returns one row per step. */
  funnel({ columns, steps }: FunnelQuery): string {
    const counts = steps.map((_, index) => {
      const all = steps.slice(0, index + 1).flatMap(([, conditions]) => conditions)
      return `${this.#expressions.count(all)} as ${identifier(`n${index}`)}`
    })
    const counted = this.#select({ columns: counts })
    const rows = steps.map(([label], index) => `(${index}, ${literal(label)}, c.n${index})`)
    const [step, value] = [identifier(columns.step), identifier(columns.value)]
    return `select s.step as ${step}, s.value as ${value} from (${counted}) as c cross join lateral (values ${rows.join(', ')}) as s(rank, step, value) order by s.rank`
  }

  #select({ columns, where = [], groupConditions = [], groups = [], having = [], order = [], limit = null }: Parts) {
    const conditions = [...where.map((each) => this.#expressions.condition(each)), ...groupConditions, ...this.#filters]
    const clause = (word: string, list: readonly string[], glue: string) =>
      list.length === 0 ? [] : [`${word} ${list.join(glue)}`]
    return [
      `select ${columns.join(', ')}`,
      `from ${this.#from} as ${FROM}`,
      ...this.#expressions.joins,
      ...clause('where', conditions, ' and '),
      ...clause('group by', groups, ', '),
      ...clause('having', having, ' and '),
      ...clause('order by', order, ', '),
      ...(limit === null ? [] : [`limit ${literal(limit)}`]),
    ].join('\n')
  }
}
