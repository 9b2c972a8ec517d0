/** The expressions of a structured question as SQL: columns through one foreign key, conditions, measures and groups. */
import type { By, Condition, Measure, Path, Scalar } from '../publication/dashboard.ts'
import { dayOfData, timeOfData } from '../publication/data-of.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { type Reached, type Relations, reached, relationsOf } from './askable-relations.ts'

/** The alias of the table asked. */
export const FROM = 't'
const listOf = (values: readonly Scalar[]): string => values.map(literal).join(', ')
export const orderOf = (labels: readonly string[]): string => `cast(array[${listOf(labels)}] as text[])`
const interval = (count: number, unit: string): string => `interval ${literal(`${count} ${unit}`)}`

/** The SQL of a group, and the list that orders it. */
export interface GroupSql {
  readonly sql: string
  readonly list: readonly string[] | null
}

/** The closed list of a group's values, if it has one. */
export function listOfBy(by: By, column: Reached | undefined): readonly string[] | null {
  if (typeof by === 'string') return column?.values ?? null
  if ('cases' in by) return [...by.cases.map(([label]) => label), by.otherwise]
  if ('time' in by) return null
  const unknown = by.unknown === undefined ? [] : [by.unknown]
  if ('at' in by) return [...by.at.map(([, label]) => label), ...unknown]
  const list = by.order ?? column?.values ?? null
  return list === null ? null : [...list, ...unknown]
}

export const pathOfBy = (by: By): Path | null => {
  if (typeof by === 'string') return by
  if ('cases' in by) return null
  if ('time' in by) return by.time
  return 'band' in by ? by.band : 'age' in by ? by.age : by.column
}

/** The expressions of one question. Its joins are complete once everything has been written. */
export class Expressions {
  readonly #publication: Publication
  readonly #relations: Relations
  readonly #from: string
  readonly #joins = new Map<string, string>()

  constructor(publication: Publication, from: string) {
    this.#publication = publication
    this.#relations = relationsOf(publication)
    this.#from = from
  }

  get joins(): readonly string[] {
    return [...this.#joins.values()]
  }

  reached(path: Path): Reached {
    const column = reached(this.#relations, this.#from, path)
    if (column === undefined) throw new TypeError('a column of the question is not published')
    return column
  }

  /** A column in SQL. Its table is joined when it is first used. */
  column(path: Path): string {
    const { via, table, column } = this.reached(path)
    if (via === null) return `${FROM}.${identifier(column)}`
    const alias = identifier(`by_${via}`)
    const key = identifier(this.#relations[table]?.key ?? '')
    const points = `${qualified(this.#publication.schema, table)} as ${alias} on ${alias}.${key} = ${FROM}.${identifier(via)}`
    this.#joins.set(via, `left join ${points}`)
    return `${alias}.${identifier(column)}`
  }

  /** The local time of a date or an instant. */
  local(path: Path): string {
    const column = this.column(path)
    const { kind } = this.reached(path)
    return kind === 'timestamptz'
      ? `timezone(${literal(this.#publication.zone)}, ${column})`
      : `cast(${column} as timestamp)`
  }

  #day = (): string => dayOfData(this.#publication, this.#from)

  condition(condition: Condition): string {
    const [path, operator, value] = condition
    const column = this.column(path)
    const isDate = this.reached(path).kind === 'date'
    switch (operator) {
      case 'is null':
      case 'is not null':
        return `${column} ${operator}`
      case 'in':
        return value.length === 0 ? 'false' : `${column} in (${listOf(value)})`
      case 'not in':
        return value.length === 0 ? 'true' : `(${column} not in (${listOf(value)}) or ${column} is null)`
      case '!=':
        return `${column} is distinct from ${literal(value)}`
      case 'complete':
        return `${this.local(path)} < date_trunc(${literal(value)}, cast(${this.#day()} as timestamp))`
      case 'within':
      case 'before': {
        const span = interval('last' in value ? value.last : value.ago, value.unit)
        if (isDate) return `${column} ${operator === 'within' ? '>=' : '<'} cast(${this.#day()} - ${span} as date)`
        const since = `${timeOfData(this.#publication, this.#from)} - ${span}`
        return `${this.local(path)} ${operator === 'within' ? '>' : '<='} ${since}`
      }
      default:
        return `${column} ${operator} ${literal(value)}`
    }
  }

  #all = (conditions: readonly Condition[]): string => conditions.map((each) => this.condition(each)).join(' and ')
  #filter = (conditions: readonly Condition[]): string =>
    conditions.length === 0 ? '' : ` filter (where ${this.#all(conditions)})`
  count = (conditions: readonly Condition[]): string => `count(*)${this.#filter(conditions)}`

  figure(measure: Measure, running: string | null): string {
    if ('percent' in measure) {
      const of = measure.of === 'all rows' ? [] : measure.of
      return `round(100.0 * ${this.count([...measure.percent, ...of])} / nullif(${this.count(of)}, 0), 1)`
    }
    if ('ratio' in measure) {
      const both = this.#filter(measure.unknown === undefined ? [] : measure.ratio.map((path) => [path, 'is not null']))
      const [part, whole] = measure.ratio.map((path) => `sum(${this.column(path)})${both}`)
      return `round(100.0 * ${part} / nullif(${whole}, 0), 1)`
    }
    if ('cumulative' in measure)
      return `sum(${this.figure(measure.cumulative, null)}) over (order by ${running ?? '1'})`
    if ('count' in measure) return this.count(measure.where ?? [])
    const [name, path] = Object.entries(measure).find(([key]) => FIGURES.has(key)) ?? ['', '']
    return this.#over(name, String(path), measure)
  }

  #over(
    name: string,
    path: Path,
    measure: Exclude<Measure, { readonly percent: unknown } | { readonly ratio: unknown }>,
  ) {
    const column = this.column(path)
    const { where = [], unknown, decimals = 1 } = { unknown: undefined, decimals: 1, where: [], ...measure }
    const conditions = [...where, ...(unknown === undefined ? [] : [[path, 'is not null'] as const])]
    if (name === 'distinct') return `count(distinct ${column})${this.#filter(where)}`
    if (name === 'avg') return `round(cast(avg(${column})${this.#filter(conditions)} as numeric), ${literal(decimals)})`
    if (name !== 'median') return `${name}(${column})${this.#filter(conditions)}`
    const median = `percentile_cont(0.5) within group (order by ${column})${this.#filter(conditions)}`
    return `round(cast(${median} as numeric), ${literal(decimals)})`
  }

  /** The counts that must be at least `smallest` in each group. */
  denominators(figures: readonly { readonly measure: Measure }[]): readonly string[] {
    const counts = figures.flatMap(({ measure }) =>
      'percent' in measure && measure.of !== 'all rows' ? [this.count(measure.of)] : [],
    )
    return counts.length === 0 ? ['count(*)'] : [...new Set(counts)]
  }

  group(by: By): GroupSql {
    const path = pathOfBy(by)
    const list = listOfBy(by, path === null ? undefined : this.reached(path))
    const named = (sql: string, unknown: string | undefined) =>
      unknown === undefined ? sql : `coalesce(cast(${sql} as text), ${literal(unknown)})`
    if (typeof by === 'string') return { list, sql: this.column(by) }
    if ('column' in by) return { list, sql: named(this.column(by.column), by.unknown) }
    if ('time' in by) {
      return { list, sql: `cast(date_trunc(${literal(by.unit)}, ${this.local(by.time)}) as date)` }
    }
    if ('cases' in by) {
      const whens = by.cases.map(([label, conditions]) => `when ${this.#all(conditions)} then ${literal(label)}`)
      return { list, sql: caseOf(whens, by.otherwise) }
    }
    const value = 'band' in by ? this.column(by.band) : `${this.#day()} - cast(${this.local(by.age)} as date)`
    const [[, first] = [0, ''], ...higher] = by.at
    const whens = higher
      .toReversed()
      .map(([lowest, label]) => `when ${value} >= ${literal(lowest)} then ${literal(label)}`)
    const unknown = by.unknown === undefined ? [] : [`when ${value} is null then ${literal(by.unknown)}`]
    return { list, sql: caseOf([...unknown, ...whens], first) }
  }
}

const caseOf = (whens: readonly string[], otherwise: string): string =>
  whens.length === 0 ? literal(otherwise) : `case ${whens.join(' ')} else ${literal(otherwise)} end`

const FIGURES: ReadonlySet<string> = new Set(['distinct', 'sum', 'avg', 'median', 'min', 'max'])
