/** The columns, conditions and figures of a structured question as clauses of MBQL 5. Called by `mbql.ts`. */
import type { Condition, Measure, Path, Scalar, StructuredQuery } from '../publication/dashboard.ts'
import { type Reached, type Relations, reached } from './askable-relations.ts'

/** The second element holds its options. */
export type Clause = readonly [string, Readonly<Record<string, unknown>>, ...unknown[]]

/** Why Metabase cannot express a query with exactly the same result. */
export class Unsayable extends Error {}
export const stop = (reason: string): never => {
  throw new Unsayable(reason)
}

export const DAY = 'it counts from the day of the data, and Metabase from now'

/** A column of the first stage. */
export const fieldClause = ({ table, column, via }: Reached, from: string, options: object = {}): Clause => [
  'field',
  { ...(via === null ? {} : { 'source-field': `${from}.${via}` }), ...options },
  `${table}.${column}`,
]

const INTEGERS: readonly string[] = ['smallint', 'integer', 'bigint']

/** A percentage with one decimal, of figures that are not negative. */
const share = (part: Clause | undefined, whole: Clause | undefined): Clause => [
  '/',
  {},
  ['floor', {}, ['+', {}, ['/', {}, ['*', {}, 1000, part], whole], 0.5]],
  10,
]

export class Clauses {
  readonly #relations: Relations
  readonly #query: StructuredQuery

  constructor(relations: Relations, query: StructuredQuery) {
    this.#relations = relations
    this.#query = query
  }

  reached(path: Path): Reached {
    const column = reached(this.#relations, this.#query.from, path)
    if (column === undefined) throw new TypeError('a column of the question is not published')
    return column
  }

  field = (path: Path, options: object = {}): Clause => fieldClause(this.reached(path), this.#query.from, options)

  /** Null for a condition that always holds. */
  condition([path, operator, value]: Condition): Clause | null {
    const field = this.field(path)
    const column = this.reached(path)
    if (operator === 'is null') return ['is-null', {}, field]
    if (operator === 'is not null') return ['not-null', {}, field]
    if (operator === 'within' || operator === 'before' || operator === 'complete') return stop(DAY)
    const given: readonly Scalar[] =
      typeof value === 'object' && 'map' in value ? value : value === undefined ? [] : [value]
    const values = given.map((each) => literalIn(each, column))
    if (operator === 'in' || operator === '=') {
      return values.length === 0 ? stop('a list of it is empty') : ['=', {}, field, ...values]
    }
    if (operator !== 'not in' && operator !== '!=') return [operator, {}, field, ...values]
    if (values.length === 0) return null
    const other: Clause = ['!=', {}, field, ...values]
    // NULL differs from every value. Written out, because versions of Metabase differ.
    return column.isNullable ? ['or', {}, other, ['is-null', {}, field]] : other
  }

  conditions = (conditions: readonly Condition[]): readonly Clause[] =>
    conditions.map((each) => this.condition(each)).filter((clause) => clause !== null)

  all(conditions: readonly Condition[]): Clause | null {
    const [first = null, ...more] = this.conditions(conditions)
    return first === null || more.length === 0 ? first : ['and', {}, first, ...more]
  }

  count(conditions: readonly Condition[]): Clause {
    const condition = this.all(conditions)
    if (condition === null) return ['count', {}]
    const count: Clause = ['count-where', {}, condition]
    // Metabase computes it as a sum, which is NULL without rows.
    return this.isGrouped ? count : ['coalesce', {}, count, 0]
  }

  get isGrouped(): boolean {
    return Object.keys(this.#query.by).length > 0
  }

  /** Metabase divides in floating point, where halves are rounded to even. For positive figures `floor` gives our result. */
  figure(measure: Measure): Clause {
    if ('percent' in measure) {
      const of = measure.of === 'all rows' ? [] : measure.of
      return share(this.count([...measure.percent, ...of]), this.count(of))
    }
    if ('ratio' in measure) {
      if (measure.ratio.some((path) => !INTEGERS.includes(this.reached(path).kind)))
        stop('Metabase rounds a ratio of sums with decimals otherwise')
      const known = measure.ratio.map((path): Condition => [path, 'is not null'])
      const both = measure.unknown === undefined ? [] : known
      const [part, whole] = measure.ratio.map((path): Clause => ['sum', {}, this.over(this.field(path), both)])
      return share(part, whole)
    }
    if ('median' in measure) return stop('Metabase rounds a median otherwise')
    if ('cumulative' in measure) {
      if ('sum' in measure.cumulative)
        return ['cum-sum', {}, this.over(this.field(measure.cumulative.sum), measure.cumulative.where)]
      const condition = this.all(measure.cumulative.where ?? [])
      return condition === null ? ['cum-count', {}] : ['cum-sum', {}, ['case', {}, [[condition, 1]], 0]]
    }
    if ('count' in measure) return this.count(measure.where ?? [])
    if ('avg' in measure) {
      if (/real|double/.test(this.reached(measure.avg).kind))
        stop('Metabase rounds a mean of approximate numbers otherwise')
      const scale = 10 ** (measure.decimals ?? 1)
      const mean: Clause = ['avg', {}, this.over(this.field(measure.avg), measure.where)]
      return scale === 1 ? ['round', {}, mean] : ['/', {}, ['round', {}, ['*', {}, scale, mean]], scale]
    }
    for (const name of ['distinct', 'sum', 'min', 'max'] as const) {
      const path = name in measure ? measure[name as keyof typeof measure] : undefined
      if (typeof path === 'string') return [name, {}, this.over(this.field(path), measure.where)]
    }
    return stop('Metabase has no such figure')
  }

  /** A field that is NULL when the condition does not hold; Metabase's `sum-where` would take zero. */
  over(field: Clause, where: readonly Condition[] = []): Clause {
    const condition = this.all(where)
    return condition === null ? field : ['case', {}, [[condition, field]]]
  }

  mayBeNull(measure: Measure): boolean {
    if ('count' in measure || 'distinct' in measure) return false
    if ('percent' in measure) return measure.of === 'all rows' ? !this.isGrouped : this.#query.smallest === null
    if ('cumulative' in measure || 'ratio' in measure || measure.where !== undefined || !this.isGrouped) return true
    const path = Object.entries(measure).find(([figure]) => ['sum', 'avg', 'min', 'max'].includes(figure))?.[1]
    return typeof path !== 'string' || this.reached(path).isNullable
  }
}

function literalIn(value: Scalar, { kind }: Reached): string | number | boolean {
  if (/^(?:time|uuid|jsonb)/.test(kind)) return stop('Metabase compares instants by day')
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : stop('a number of it is too large for JSON')
}
