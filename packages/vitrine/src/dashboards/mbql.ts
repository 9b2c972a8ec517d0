/**
 * Writes a structured question in Metabase's own form, MBQL 5, into which people can drill; or gives the reason why it stays SQL. Names stand
 * in place of the numbers of tables and columns. The result must equal that of `sql.ts` exactly; otherwise it stays SQL.
 */
import { own } from '../base/own.ts'
import {
  type By,
  type Direction,
  type Measure,
  measureOf,
  type Path,
  type Query,
  type StructuredQuery,
} from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import { isTime, type Relations, relationsOf } from './askable-relations.ts'
import { listOfBy, pathOfBy } from './expressions.ts'
import { type Clause, Clauses, DAY, stop, Unsayable } from './mbql-clauses.ts'

export interface Stage {
  readonly 'lib/type': 'mbql.stage/mbql'
  /** The name of a table; a later stage reads the one before. */
  readonly 'source-table'?: string
  readonly expressions?: readonly Clause[]
  readonly filters?: readonly Clause[]
  readonly breakout?: readonly Clause[]
  readonly aggregation?: readonly Clause[]
  readonly 'order-by'?: readonly Clause[]
  readonly limit?: number
}

export interface Mbql {
  readonly stages: readonly Stage[]
  /** Metabase's column names, by the names in the question. */
  readonly names: Readonly<Record<string, string>>
  /** The question's columns, by Metabase's names. */
  readonly shown: readonly string[]
  /** Columns that only order groups or leave them out. */
  readonly hidden: readonly string[]
}

export interface Unsaid {
  /** Why it stays SQL. */
  readonly reason: string
}

/** Pure. The query must have been checked: an unknown name throws. */
export function mbqlOf(query: Query, publication: Publication): Mbql | Unsaid {
  if (query.kind !== 'structured') return { reason: 'only figures over groups can be drilled into' }
  try {
    return new Writer(relationsOf(publication), query).written()
  } catch (thrown) {
    if (thrown instanceof Unsayable) return { reason: thrown.message }
    throw thrown
  }
}

interface Group {
  readonly name: string
  readonly column: string
  readonly clause: Clause
  readonly list: readonly string[] | null
}

class Writer {
  readonly #relations: Relations
  readonly #query: StructuredQuery
  readonly #clauses: Clauses
  readonly #expressions: Clause[] = []
  readonly #aggregations: Clause[] = []
  readonly #hidden: string[] = []

  constructor(relations: Relations, query: StructuredQuery) {
    this.#relations = relations
    this.#query = query
    this.#clauses = new Clauses(relations, query)
  }

  written(): Mbql {
    const { from, measures, by, where, smallest, limit } = this.#query
    const groups = Object.entries(by).map(([name, each]) => this.#group(name, each))
    const columns = [...groups.map(({ column }) => column), ...Object.keys(measures)]
    if (new Set(columns).size < columns.length) stop('two columns of its answer would have one name')
    for (const [name, given] of Object.entries(measures)) {
      this.#aggregations.push(named(name, this.#clauses.figure(measureOf(given))))
    }
    const least = smallest === null ? [] : this.#denominators().map((count) => this.#helper('n', count))
    // Metabase computes a cumulative figure in the order of its stage.
    const isRunning = Object.values(measures).some((given) => 'cumulative' in measureOf(given))
    const isLate = least.length > 0 || (isRunning && this.#query.order.some(([, direction]) => direction === 'desc'))
    const order = this.#order(groups, isLate)
    const filters = this.#clauses.conditions(where)
    const end = { ...some('order-by', order), ...(limit === null ? {} : { limit }) }
    const first: Stage = {
      'lib/type': 'mbql.stage/mbql',
      'source-table': from,
      ...some('expressions', this.#expressions),
      ...some('filters', filters),
      ...some(
        'breakout',
        groups.map(({ clause }) => clause),
      ),
      aggregation: this.#aggregations,
      ...(isLate ? {} : end),
    }
    const large = least.map((name): Clause => ['>=', {}, answered(name, 'type/Integer'), smallest])
    const second: Stage = { 'lib/type': 'mbql.stage/mbql', ...some('filters', large), ...end }
    const names = Object.fromEntries(groups.map(({ name, column }) => [name, column]))
    return { stages: isLate ? [first, second] : [first], names, shown: columns, hidden: this.#hidden }
  }

  #denominators(): readonly Clause[] {
    const counts = Object.values(this.#query.measures).flatMap((given) => {
      const measure = measureOf(given)
      return 'percent' in measure && measure.of !== 'all rows' ? [this.#clauses.count(measure.of)] : []
    })
    return counts.length === 0 ? [this.#clauses.count([])] : counts
  }

  /** The name of an existing aggregation, or of one that is added only for this. */
  #helper(word: string, clause: Clause): string {
    const text = (each: Clause) => JSON.stringify([each[0], ...each.slice(2)])
    const same = this.#aggregations.find((each) => text(each) === text(clause))
    if (same !== undefined) return String(same[1]['name'])
    const taken = [...this.#aggregations.map(([, { name }]) => name), ...Object.keys(this.#query.by)]
    let name = word
    while (taken.includes(name)) name += '_'
    this.#aggregations.push(named(name, clause))
    this.#hidden.push(name)
    return name
  }

  #group(name: string, by: By): Group {
    const path = pathOfBy(by)
    const column = path === null ? undefined : this.#clauses.reached(path)
    const list = listOfBy(by, column)
    const plain = (clause: Clause): Group => ({ name, column: column?.column ?? name, clause, list })
    if (typeof by === 'string' || ('column' in by && by.unknown === undefined)) {
      if (column !== undefined && isTime(column) && column.kind !== 'date') stop('Metabase groups instants by day')
      return plain(this.#clauses.field(path ?? ''))
    }
    if ('time' in by) {
      return plain(this.#clauses.field(by.time, { 'temporal-unit': by.unit }))
    }
    if ('age' in by) return stop(DAY)
    // A column of the table may have that name.
    const expression = own(own(this.#relations, this.#query.from)?.columns ?? {}, name) ? `${name}_` : name
    const [operator, , ...parts] = 'column' in by ? this.#labelled(by.column, by.unknown ?? '') : this.#cases(by)
    this.#expressions.push([operator, { 'lib/expression-name': expression }, ...parts])
    return { name, column: expression, clause: ['expression', {}, expression], list }
  }

  #labelled(path: Path, unknown: string): Clause {
    const field = this.#clauses.field(path)
    const { kind } = this.#clauses.reached(path)
    if (kind === 'text' || kind === 'varchar') return ['coalesce', {}, field, unknown]
    if (kind !== 'boolean') return stop('Metabase writes such a group otherwise')
    return [
      'case',
      {},
      [
        [['is-null', {}, field], unknown],
        [['=', {}, field, true], 'true'],
      ],
      'false',
    ]
  }

  #cases(by: Extract<By, { readonly band: Path } | { readonly cases: unknown }>): Clause {
    if ('cases' in by) {
      const cases = by.cases.map(([label, all]) => [this.#clauses.all(all) ?? stop('a case of it always holds'), label])
      return cases.length === 0 ? stop('it has no case') : ['case', {}, cases, by.otherwise]
    }
    const field = this.#clauses.field(by.band)
    const [[, lowest] = [0, ''], ...higher] = by.at
    const unknown = by.unknown === undefined ? [] : [[['is-null', {}, field], by.unknown]]
    const bands = [...unknown, ...higher.toReversed().map(([from, label]) => [['>=', {}, field, from], label])]
    return bands.length === 0 ? stop('it has one band') : ['case', {}, bands, lowest]
  }

  /** The ORDER BY, in the first stage or a later one. A closed list is ordered by the position of its values. */
  #order(groups: readonly Group[], isLate: boolean): readonly Clause[] {
    const { order, measures } = this.#query
    const given = order.length > 0 ? order : groups.map(({ name }): readonly [string, Direction] => [name, 'asc'])
    return given.map(([name, direction]): Clause => {
      const group = groups.find((each) => each.name === name)
      if (group !== undefined && group.list === null) {
        return [direction, {}, isLate ? answered(group.column, 'type/*') : group.clause]
      }
      const figure =
        group?.list != null
          ? this.#helper('rank', rankOf(group.clause, group.list))
          : direction === 'desc'
            ? this.#knownFirst(name, measureOf(measures[name] ?? { count: 'rows' }))
            : name
      return [direction, {}, isLate ? answered(figure, 'type/Number') : ['aggregation', {}, figure]]
    })
  }

  /** Metabase puts an unknown figure first; we order an unknown percentage below all others. */
  #knownFirst(name: string, measure: Measure): string {
    if (!this.#clauses.mayBeNull(measure)) return name
    if (!('percent' in measure || 'ratio' in measure)) return stop('Metabase puts an unknown figure first')
    return this.#helper('rank', ['coalesce', {}, this.#clauses.figure(measure), -1])
  }
}

const some = (key: keyof Stage, list: readonly Clause[]) => (list.length === 0 ? {} : { [key]: list })
const named = (name: string, [operator, options, ...rest]: Clause): Clause => [
  operator,
  { ...options, name, 'display-name': name },
  ...rest,
]
/** A column of the stage before. */
const answered = (name: string, type: string): Clause => ['field', { 'base-type': type }, name]

const rankOf = (value: Clause, list: readonly string[]): Clause => [
  'min',
  {},
  ['case', {}, list.map((label, index) => [['=', {}, value, label], index]), list.length],
]
