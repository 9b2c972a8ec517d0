/**
 * MBQL 5 as SQL, as Metabase writes it for PostgreSQL: only the words that the tool sends, and written from what Metabase does,
 * not from our own compiler. A word that is not known here throws.
 */
import { relationsOf } from '../../src/dashboards/askable-relations.ts'
import type { Publication } from '../../src/publication/publication.ts'

export interface Column {
  readonly schema: string
  readonly table: string
  readonly column: string
  /** PostgreSQL's short name of its type. */
  readonly type: string
}

export interface Known {
  /** The setting `start-of-week` of Metabase. */
  readonly weekBegins: string
  readonly column: (reference: unknown) => Column
  readonly table: (reference: unknown) => { readonly schema: string; readonly table: string }
  /** The primary key behind a foreign key. */
  readonly target: (key: Column) => Column
}

type Options = Readonly<Record<string, unknown>>
type Clause = readonly [string, Options, ...unknown[]]
type Stage = Readonly<Record<string, unknown>>

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const text = (value: string) => `'${value.replaceAll("'", "''")}'`
const clauses = (stage: Stage, part: string) => (stage[part] ?? []) as readonly Clause[] // sound because only clauses stand there.

/** `conditions`: what the filters of a dashboard add to the first stage. */
export function mbqlToSql(stages: readonly object[], known: Known, conditions: readonly Clause[] = []): string {
  return stages.reduce<string>((source, each, index) => {
    const stage: Stage = { ...each }
    const filters = index === 0 ? [...clauses(stage, 'filters'), ...conditions] : clauses(stage, 'filters')
    return new StageWriter(stage, known, index === 0 ? null : source).sql(filters)
  }, '')
}

class StageWriter {
  readonly #stage: Stage
  readonly #known: Known
  readonly #source: string | null
  readonly #joins = new Map<string, string>()

  constructor(stage: Stage, known: Known, source: string | null) {
    this.#stage = stage
    this.#known = known
    this.#source = source
  }

  sql(filters: readonly Clause[]): string {
    const breakouts = clauses(this.#stage, 'breakout')
    const aggregations = clauses(this.#stage, 'aggregation')
    const groups = breakouts.map((clause) => this.#group(clause))
    const columns = [
      ...groups.map((sql, index) => `${sql} as ${quoted(this.#nameOf(breakouts[index] ?? ['?', {}]))}`),
      ...aggregations.map((clause) => `${this.#value(clause)} as ${quoted(String(clause[1]['name'] ?? clause[0]))}`),
    ]
    const names = columns.map((column) => column.slice(column.lastIndexOf(' as ')))
    if (new Set(names).size < names.length) throw new Error('Metabase would rename a column')
    const where = filters.map((clause) => this.#value(clause))
    const order = clauses(this.#stage, 'order-by').map(([direction, , reference]) => {
      return `${this.#ordered(reference as Clause)} ${direction}` // sound because only references are ordered by.
    })
    // Groups that no order names follow.
    const rest = groups.filter((sql) => !order.some((each) => each.startsWith(`${sql} `)))
    const all = [...order, ...rest.map((sql) => `${sql} asc`)]
    const from = this.#source === null ? this.#from() : `(${this.#source}) as source`
    return [
      `select ${columns.length === 0 ? '*' : columns.join(', ')} from ${from}`,
      ...this.#joins.values(),
      ...(where.length === 0 ? [] : [`where ${where.join(' and ')}`]),
      ...(groups.length === 0 ? [] : [`group by ${groups.join(', ')}`]),
      ...(all.length === 0 ? [] : [`order by ${all.join(', ')}`]),
      ...(this.#stage['limit'] === undefined ? [] : [`limit ${this.#stage['limit']}`]),
    ].join('\n')
  }

  #from(): string {
    const { schema, table } = this.#known.table(this.#stage['source-table'])
    return `${quoted(schema)}.${quoted(table)} as ${quoted(table)}`
  }

  #nameOf([operator, , reference]: Clause): string {
    return operator === 'field' && this.#source === null ? this.#known.column(reference).column : String(reference)
  }

  /** Instants are grouped by day where no unit is said. */
  #group(clause: Clause): string {
    const [operator, options, reference] = clause
    if (operator !== 'field' || this.#source !== null) return this.#value(clause)
    const isInstant = this.#known.column(reference).type.startsWith('timestamp')
    return this.#field(isInstant ? { 'temporal-unit': 'day', ...options } : options, reference)
  }

  #ordered(clause: Clause): string {
    if (clause[0] !== 'aggregation') return this.#group(clause)
    const isIt = ([, options]: Clause) => [options['lib/uuid'], options['name']].includes(clause[2])
    const found = clauses(this.#stage, 'aggregation').find(isIt)
    if (found === undefined) throw new Error('no such aggregation')
    return this.#value(found)
  }

  #field(options: Options, reference: unknown): string {
    if (this.#source !== null) return `source.${quoted(String(reference))}`
    const { schema, table, column } = this.#known.column(reference)
    const via = options['source-field']
    let alias = table
    if (via !== undefined) {
      const key = this.#known.column(via)
      alias = `${table}__via__${key.column}`
      const on = `${quoted(key.table)}.${quoted(key.column)} = ${quoted(alias)}.${quoted(this.#known.target(key).column)}`
      this.#joins.set(alias, `left join ${quoted(schema)}.${quoted(table)} as ${quoted(alias)} on ${on}`)
    }
    const plain = `${quoted(alias)}.${quoted(column)}`
    const unit = options['temporal-unit']
    if (unit === 'week' && this.#known.weekBegins === 'sunday')
      return `(date_trunc('week', ${plain} + interval '1 day') - interval '1 day')`
    return unit === undefined ? plain : `date_trunc(${text(String(unit))}, ${plain})`
  }

  #value(value: unknown): string {
    if (typeof value === 'string') return text(value)
    if (!Array.isArray(value)) return String(value)
    const [operator, options, ...parts] = value as unknown as Clause // sound because every list here is a clause.
    const [first, second] = parts
    const all = () => parts.map((part) => this.#value(part))
    switch (operator) {
      case 'field':
        return this.#field(options, first)
      case 'expression': {
        const found = clauses(this.#stage, 'expressions').find(([, each]) => each['lib/expression-name'] === first)
        return this.#value(found ?? ['no such expression', {}])
      }
      case 'and':
      case 'or':
        return `(${all().join(` ${operator} `)})`
      case '=':
        return parts.length > 2 ? `${all()[0]} in (${all().slice(1).join(', ')})` : all().join(' = ')
      case '!=': {
        const [column, ...values] = all()
        return `(${column} not in (${values.join(', ')}) or ${column} is null)`
      }
      case '<':
      case '<=':
      case '>':
      case '>=':
        return all().join(` ${operator} `)
      case 'between':
        return `${all()[0]} between ${all()[1]} and ${all()[2]}`
      case 'is-null':
        return `${this.#value(first)} is null`
      case 'not-null':
        return `${this.#value(first)} is not null`
      case 'case': {
        const whens = (first as unknown[][]).map(
          ([when, then]) => `when ${this.#value(when)} then ${this.#value(then)}`,
        ) // sound because cases are pairs.
        return `case ${whens.join(' ')}${second === undefined ? '' : ` else ${this.#value(second)}`} end`
      }
      case 'coalesce':
      case 'floor':
      case 'round':
      case 'avg':
      case 'sum':
      case 'min':
      case 'max':
        return `${operator}(${all().join(', ')})`
      case '+':
      case '*':
        return `(${all().join(` ${operator} `)})`
      case '/':
        return `(cast(${this.#value(first)} as double precision) / nullif(${this.#value(second)}, 0))`
      case 'count':
        return `count(${first === undefined ? '*' : this.#value(first)})`
      case 'distinct':
        return `count(distinct ${this.#value(first)})`
      case 'count-where':
        return `sum(case when ${this.#value(first)} then 1 else 0.0 end)`
      case 'cum-count':
        return this.#running('count(*)')
      case 'cum-sum':
        return this.#running(`sum(${this.#value(first)})`)
      default:
        throw new Error(`Metabase’s ${operator} is not known here`)
    }
  }

  #running(figure: string): string {
    const [group] = clauses(this.#stage, 'breakout')
    return `sum(${figure}) over (order by ${group === undefined ? '1' : this.#group(group)} asc rows unbounded preceding)`
  }
}

/** The published columns by the names of the tool, for questions that no Metabase has numbered. */
export function knownFrom(publication: Publication): Known {
  const relations = relationsOf(publication)
  const column = (reference: unknown): Column => {
    const [table = '', name = ''] = String(reference).split('.')
    const kind = relations[table]?.columns[name]?.kind
    if (kind === undefined) throw new Error(`no column ${String(reference)}`)
    return { schema: publication.schema, table, column: name, type: kind }
  }
  return {
    column,
    weekBegins: 'monday',
    table: (reference) => ({ schema: publication.schema, table: String(reference) }),
    target: ({ table, column: name }) => {
      const there = relations[table]?.columns[name]?.target ?? ''
      return column(`${there}.${relations[there]?.key ?? ''}`)
    },
  }
}
