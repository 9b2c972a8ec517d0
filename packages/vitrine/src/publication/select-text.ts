/**
 * Turns a published table into the one SELECT that COPY runs: no parameters (COPY takes none), literals written out, every
 * column cast to its declared type, the inputs of TypeScript rules first. Also tells which field of a row is what.
 */
import {
  AliasNode,
  IdentifierNode,
  type OperationNode,
  PostgresQueryCompiler,
  type QueryId,
  RawNode,
  SelectionNode,
  SelectQueryNode,
} from 'kysely'
import type { Computation } from './compute.ts'
import { isRunInstant } from './instant.ts'
import type { PublishedColumn, PublishedTable } from './table.ts'

/** A value as an SQL literal. Sessions run with standard_conforming_strings, so a backslash is an ordinary character. */
export function literal(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'bigint') return value < 0n ? `(${value})` : String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return value < 0 ? `(${value})` : String(value)
  if (typeof value === 'string' && !value.includes('\0')) return `'${value.replaceAll("'", "''")}'`
  throw new TypeError(
    `a ${typeof value} cannot be written as an SQL literal: give a text, a number, a bigint or a boolean`,
  )
}

class LiteralCompiler extends PostgresQueryCompiler {
  readonly #instant: string | null

  constructor(instant: string | null) {
    super()
    this.#instant = instant
  }

  protected override visitRaw(node: RawNode): void {
    if (this.#instant !== null && isRunInstant(node)) this.append(`cast(${literal(this.#instant)} as timestamptz)`)
    else super.visitRaw(node)
  }

  protected override appendValue(value: unknown): void {
    this.append(literal(value))
  }

  protected override appendImmediateValue(value: unknown): void {
    this.append(literal(value))
  }
}

const QUERY_ID: QueryId = Object.freeze({ queryId: 'vitrine' })

/** The SQL text of a query node, at the run's instant if there is one. Throws TypeError for a value that has no literal. */
export function textOf(node: SelectQueryNode, instant: Date | null = null): string {
  const compiled = new LiteralCompiler(instant?.toISOString() ?? null).compileQuery(node, QUERY_ID)
  if (compiled.parameters.length > 0) throw new TypeError('the query still has parameters after compilation')
  return compiled.sql
}

/** The inputs of one rule: `count` fields from `first` on, in the order of the rule's inputs. */
export interface ComputationFields {
  readonly computation: Computation
  readonly first: number
  readonly count: number
}

/** What one row of the SELECT holds: input fields first, then one field for each column that SQL gives. */
export interface Projection {
  readonly sql: string
  /** The same without casts, to learn the types that the source really gives. */
  readonly uncastSql: string
  readonly computations: readonly ComputationFields[]
  readonly inputFields: number
  readonly passed: readonly PublishedColumn[]
  readonly computed: readonly PublishedColumn[]
}

const select = (node: OperationNode, name: string) =>
  SelectionNode.create(AliasNode.create(node, IdentifierNode.create(name)))

const castTo = (node: OperationNode, type: string) => RawNode.create(['cast(', ` as ${type})`], [node])

function computationsOf(table: PublishedTable): readonly Computation[] {
  const found = new Set<Computation>()
  if (table.keep !== null) found.add(table.keep.computation)
  if (table.unknown !== null) found.add(table.unknown.computation)
  for (const column of table.columns) if (column.value.kind === 'computed') found.add(column.value.computed.computation)
  return [...found]
}

/** The projection of a published table, at the run's instant if there is one. Pure: the same arguments give the same text. */
export function projectionOf(table: PublishedTable, instant: Date | null = null): Projection {
  const computations: ComputationFields[] = []
  const inputs: SelectionNode[] = []
  for (const computation of computationsOf(table)) {
    computations.push({ computation, first: inputs.length, count: computation.inputs.length })
    for (const input of computation.inputs) inputs.push(select(input.node, `input_${inputs.length + 1}`))
  }
  const passed: PublishedColumn[] = []
  const computed: PublishedColumn[] = []
  const cast: SelectionNode[] = []
  const uncast: SelectionNode[] = []
  for (const column of table.columns) {
    if (column.value.kind === 'computed') {
      computed.push(column)
      continue
    }
    passed.push(column)
    cast.push(select(castTo(column.value.node, column.type.castTo), column.name))
    uncast.push(select(column.value.node, column.name))
  }
  return Object.freeze({
    sql: textOf(SelectQueryNode.cloneWithSelections(table.query, [...inputs, ...cast]), instant),
    uncastSql: textOf(SelectQueryNode.cloneWithSelections(table.query, [...inputs, ...uncast]), instant),
    computations,
    inputFields: inputs.length,
    passed,
    computed,
  })
}
