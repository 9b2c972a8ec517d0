/**
 * Translates queries to and from Metabase: names to numbers, and an identity for each aggregation.
 * Metabase adds identities and types of its own, which are left out when queries are compared.
 */
import type { Card, CardQuery, FilterTarget } from '../dashboards/card.ts'
import { type Entity, isEntity } from './read-answer.ts'

/** Numbers by name. Throws for a name that Metabase does not see. */
export interface Numbers {
  readonly column: (name: string) => number
  readonly table: (name: string) => number
  /** Of an aggregation, by its name. */
  readonly identity: (name: string) => string
}

export const stagesSent = ({ stages }: Extract<CardQuery, { kind: 'mbql' }>, numbers: Numbers): unknown =>
  stages.map((stage) => ({
    ...Object.fromEntries(Object.entries(stage).map(([part, value]) => [part, sent(value, numbers)])),
    ...(stage['source-table'] === undefined ? {} : { 'source-table': numbers.table(stage['source-table']) }),
    ...(stage.aggregation === undefined
      ? {}
      : {
          aggregation: stage.aggregation.map(([operator, options, ...rest]) => [
            operator,
            { ...options, 'lib/uuid': numbers.identity(String(options['name'])) },
            ...rest.map((part) => sent(part, numbers)),
          ]),
        }),
  }))

function sent(value: unknown, numbers: Numbers): unknown {
  if (!Array.isArray(value)) return value
  const [operator, options, name] = value
  if (operator === 'aggregation') return [operator, options, numbers.identity(String(name))]
  if (operator !== 'field' || !isEntity(options) || 'base-type' in options)
    return value.map((part) => sent(part, numbers))
  const via = options['source-field']
  return [
    operator,
    via === undefined ? options : { ...options, 'source-field': numbers.column(String(via)) },
    numbers.column(String(name)),
  ]
}

/** Filter targets still use the form before MBQL 5. */
export function targetSent(target: FilterTarget, numbers: Numbers): unknown {
  const [dimension, [operator, options, name], ...stage] = target
  if (operator === 'template-tag') return target
  const [, numbered, id] = sent([operator, options, name], numbers) as readonly unknown[] // sound because a field stays one.
  return [dimension, [operator, id, numbered], ...stage]
}

/** Names by number. */
export interface Names {
  readonly columns: ReadonlyMap<unknown, string>
  readonly tables: ReadonlyMap<unknown, string>
}

/** The SQL of a live question, or its stages with names for numbers. */
export function liveQuery(query: Entity, names: Names): { readonly sql: string } | { readonly stages: unknown } | null {
  const stages = Array.isArray(query['stages']) ? query['stages'].filter(isEntity) : []
  const native = isEntity(query['native']) ? query['native']['query'] : stages[0]?.['native']
  if (typeof native === 'string') return { sql: native }
  return stages.length === 0 ? null : { stages: stages.map((stage) => plainStage(stage, names)) }
}

/** Our stages in the form that is compared. */
export const plainStages = (stages: Extract<CardQuery, { kind: 'mbql' }>['stages']): unknown =>
  stages.map((stage) => plainStage({ ...stage }, { columns: new Map(), tables: new Map() }))

function plainStage(stage: Entity, names: Names): Entity {
  const aggregations = namedFigures(Array.isArray(stage['aggregation']) ? stage['aggregation'] : [])
  const called = new Map(aggregations.flatMap(({ id, name }) => (id === undefined ? [] : [[id, name] as const])))
  const parts = Object.entries({ ...stage, aggregation: aggregations.map(({ clause }) => clause) }).filter(
    ([part, value]) => !part.startsWith('lib/') && !(Array.isArray(value) && value.length === 0),
  )
  const table = stage['source-table']
  const read = Object.fromEntries(parts.map(([part, value]) => [part, plain(value, names, called)]))
  const { filters, breakout } = read
  const order = ordered(read['order-by'], breakout)
  return {
    ...read,
    ...(table === undefined ? {} : { 'source-table': names.tables.get(table) ?? table }),
    ...(Array.isArray(filters) ? { filters: filters.flatMap(apart) } : {}),
    ...(order.length === 0 ? {} : { 'order-by': order }),
  }
}

/** Adds the default name that Metabase gives to an unnamed figure. */
function namedFigures(aggregations: readonly unknown[]) {
  const taken = new Map<string, number>()
  return aggregations.map((clause) => {
    const [operator, given, ...rest] = Array.isArray(clause) ? clause : [clause]
    const { 'display-name': shown, 'lib/uuid': id, ...options } = isEntity(given) ? given : {}
    const plainName = String(operator === 'distinct' ? 'count' : operator).replaceAll('-', '_')
    const times = (taken.get(plainName) ?? 0) + 1
    if (options['name'] === undefined) taken.set(plainName, times)
    const name = String(options['name'] ?? (times === 1 ? plainName : `${plainName}_${times}`))
    const display = shown === undefined || shown === name ? {} : { 'display-name': shown }
    return { id, name, clause: [operator, { ...options, name, ...display }, ...rest] }
  })
}

/** Adds the groups by which Metabase orders by itself. */
function ordered(order: unknown, breakout: unknown): readonly unknown[] {
  const given: readonly unknown[] = Array.isArray(order) ? order : []
  const groups: readonly unknown[] = Array.isArray(breakout) ? breakout : []
  const named = new Set(given.map((each) => JSON.stringify(Array.isArray(each) ? each[2] : each)))
  return [...given, ...groups.filter((group) => !named.has(JSON.stringify(group))).map((group) => ['asc', {}, group])]
}

/** Writes equivalent conditions in one way: `!=` holds for NULL, as in Metabase. */
function apart(clause: unknown): readonly unknown[] {
  const [operator, options, ...parts] = Array.isArray(clause) ? clause : []
  if (operator === 'and') return parts.flatMap(apart)
  if (operator === 'between')
    return [
      ['>=', {}, parts[0], parts[1]],
      ['<=', {}, parts[0], parts[2]],
    ]
  const [other, unknown] = parts
  const isDistinct =
    operator === 'or' && parts.length === 2 && Array.isArray(other) && other[0] === '!=' && Array.isArray(unknown)
  const isSame = isDistinct && unknown[0] === 'is-null' && JSON.stringify(unknown[2]) === JSON.stringify(other[2])
  return isSame ? [other] : [[operator, options, ...parts]]
}

/** What Metabase adds to the options of a clause. */
const ADDED = /^(?:lib\/(?!expression-name)|metabase|base-type$|effective-type$|ident$|original-|inherited-)/

function plain(value: unknown, names: Names, called: ReadonlyMap<unknown, string>): unknown {
  if (!Array.isArray(value)) return value
  const [operator, given, target] = value
  if (typeof operator !== 'string' || !isEntity(given)) return value.map((part) => plain(part, names, called))
  if (operator === 'value') return plain(target, names, called)
  const kept = Object.entries(given).filter(([name]) => !ADDED.test(name))
  const options = Object.fromEntries(
    kept.map(([name, option]) => [name, name === 'source-field' ? (names.columns.get(option) ?? option) : option]),
  )
  if (operator === 'field') return [operator, options, names.columns.get(target) ?? target]
  if (operator === 'aggregation') return [operator, options, called.get(target) ?? target]
  return [operator, options, ...value.slice(2).map((part) => plain(part, names, called))]
}

/** What a filter acts on, with names for numbers; its options stand second or last. */
export function liveTarget(target: unknown, names: Names): Card['targets'][number]['target'] | null {
  const [dimension, reference, at] = Array.isArray(target) ? target : []
  if (dimension !== 'dimension' || !Array.isArray(reference)) return null
  const [operator, ...rest] = reference
  const [first] = rest
  if (operator === 'template-tag' && typeof first === 'string') return ['dimension', ['template-tag', first]]
  const options = rest.find(isEntity) ?? {}
  const id = rest.find((part) => typeof part === 'number')
  const field = plain(['field', options, id], names, new Map()) as ['field', Entity, unknown] // sound because a field stays one.
  const stage = isEntity(at) ? at['stage-number'] : 0
  return operator === 'field' && stage === 0 ? ['dimension', field, { 'stage-number': 0 }] : null
}
