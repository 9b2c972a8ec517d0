/**
 * Turns a published table into the one SELECT that COPY runs: no parameters (COPY takes none), literals written out, every
 * column cast to its declared type, the inputs of TypeScript rules first. Also tells which field of a row is what.
 */
import {
  AliasNode,
  CastNode,
  ColumnNode,
  DataTypeNode,
  IdentifierNode,
  type OperationNode,
  OperationNodeTransformer,
  PostgresQueryCompiler,
  type QueryId,
  RawNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  ValueNode,
} from 'kysely'
import { literal } from '../sql/quote.ts'
import { oidOf, type SqlType } from '../sql/sql-type.ts'
import type { Computation } from './compute.ts'
import { isDay } from './history.ts'
import { isRunInstant } from './instant.ts'
import type { PublishedColumn, PublishedTable } from './table.ts'

class LiteralCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    this.append(literal(value))
  }

  protected override appendImmediateValue(value: unknown): void {
    this.append(literal(value))
  }
}

const literalNode = (text: string, type: 'date' | 'timestamptz'): OperationNode =>
  CastNode.create(ValueNode.createImmediate(text), DataTypeNode.create(type))

/** Writes the run's instant into a query, and its day where a history table has one. */
export class AtInstant extends OperationNodeTransformer {
  readonly #instant: OperationNode
  readonly #day: OperationNode | null

  constructor(instant: Date, day: string | null) {
    super()
    this.#instant = literalNode(instant.toISOString(), 'timestamptz')
    this.#day = day === null ? null : literalNode(day, 'date')
  }

  protected override transformNodeImpl<T extends OperationNode>(node: T, queryId?: QueryId): T {
    // sound because where a raw node stands, any expression may stand.
    if (isDay(node) && this.#day !== null) return this.#day as T
    if (isRunInstant(node)) return this.#instant as T
    return super.transformNodeImpl(node, queryId)
  }
}

export const QUERY_ID: QueryId = Object.freeze({ queryId: 'vitrine' })

/** The SQL text of a query node. Throws TypeError for a value that has no literal. */
export function textOf(node: SelectQueryNode): string {
  const compiled = new LiteralCompiler().compileQuery(node, QUERY_ID)
  if (compiled.parameters.length > 0) throw new TypeError('the query still has parameters after compilation')
  return compiled.sql
}

/** One rule, and for each of its inputs which field of the row it is. */
export interface ComputationFields {
  readonly computation: Computation
  readonly fields: readonly number[]
}

/**
 * What one row of the SELECT holds: first the fields that only rules read, then those that rules read and that are
 * published as they are, then the other columns that SQL gives. An expression that several rules read is one field.
 */
export interface Projection {
  readonly sql: string
  /** The same without casts, to learn the types that the source really gives. */
  readonly uncastSql: string
  readonly computations: readonly ComputationFields[]
  /** The OIDs of the fields that rules read; empty while the source has not been asked. */
  readonly inputTypes: readonly number[]
  /** How many fields rules read. */
  readonly inputFields: number
  /** How many of them are not published. */
  readonly hiddenFields: number
  /** In the order of their fields, which begins after the hidden ones. */
  readonly passed: readonly PublishedColumn[]
  /** Those of the first computation, then those of the next. */
  readonly computed: readonly ComputedColumn[]
}

export const named = (node: OperationNode, name: string) =>
  SelectionNode.create(AliasNode.create(node, IdentifierNode.create(name)))

export const castTo = (node: OperationNode, { castTo }: SqlType) => RawNode.create(['cast(', ` as ${castTo})`], [node])

function computationsOf(table: PublishedTable): readonly Computation[] {
  const found = new Set<Computation>()
  if (table.keep !== null) found.add(table.keep.computation)
  if (table.unknown !== null) found.add(table.unknown.computation)
  for (const column of table.columns) if (column.value.kind === 'computed') found.add(column.value.computed.computation)
  return [...found]
}

/** A column that SQL gives. */
type SelectedColumn = PublishedColumn & { readonly value: { readonly kind: 'sql' } }
const isSelected = (column: PublishedColumn): column is SelectedColumn => column.value.kind === 'sql'

/** A column that a rule gives. */
export type ComputedColumn = PublishedColumn & { readonly value: { readonly kind: 'computed' } }

/** The columns of one rule, in the order of the table. */
export const columnsOf = (table: PublishedTable, computation: Computation): readonly ComputedColumn[] =>
  table.columns.filter(
    (column): column is ComputedColumn =>
      column.value.kind === 'computed' && column.value.computed.computation === computation,
  )

/** Where an input comes from, if it is nothing but a column of the source: then two of the same are the same value. */
function columnBehind(node: OperationNode): string | null {
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return null
  const { schema, identifier } = node.table?.table ?? {}
  return JSON.stringify([schema?.name, identifier?.name, node.column.column.name])
}

/** One field for rules to read, however many of them do. */
interface Input {
  readonly node: OperationNode
  readonly column: string | null
}

/** The distinct inputs of the rules, and those that each of them reads. */
function inputsOf(computations: readonly Computation[]) {
  const inputs: Input[] = []
  const reads = computations.map((computation) => ({
    computation,
    read: computation.inputs.map(({ node }): Input => {
      const input = { node, column: columnBehind(node) }
      const known = inputs.find(({ column }) => column !== null && column === input.column)
      if (known === undefined) inputs.push(input)
      return known ?? input
    }),
  }))
  return { inputs, reads }
}

/**
 * The column that publishes an input as it is, so that both can be one field: the same column of the source, and a declared
 * type that the source's own type is already, which makes the cast to it nothing.
 */
const publishing = (columns: readonly SelectedColumn[], { column }: Input, oid: number | undefined) =>
  columns.find(({ value, type }) => column !== null && columnBehind(value.node) === column && oidOf(type) === oid)

/**
 * The projection of a published table, at the run's instant if there is one. `inputTypes`, as the source tells them, let an
 * input that is published as it is travel once. Pure: the same arguments give the same text.
 */
export function projectionOf(
  table: PublishedTable,
  instant: Date | null = null,
  inputTypes: readonly number[] = [],
): Projection {
  const { inputs, reads } = inputsOf(computationsOf(table))
  const selected = table.columns.filter(isSelected)
  const shared = new Map<Input, SelectedColumn>()
  for (const [index, input] of inputs.entries()) {
    const column = publishing(selected, input, inputTypes[index])
    if (column !== undefined) shared.set(input, column)
  }
  const hidden = inputs.filter((input) => !shared.has(input))
  const fields = [...hidden, ...shared.keys()]
  const passed = [...new Set([...shared.values(), ...selected])]
  const textWith = (cast: boolean) => {
    const query = SelectQueryNode.cloneWithSelections(table.query, [
      ...hidden.map(({ node }, index) => named(node, `input_${index + 1}`)),
      ...passed.map(({ name, type, value }) => named(cast ? castTo(value.node, type) : value.node, name)),
    ])
    return textOf(instant === null ? query : new AtInstant(instant, null).transformNode(query))
  }
  return Object.freeze({
    sql: textWith(true),
    uncastSql: textWith(false),
    computations: reads.map(({ computation, read }) => ({
      computation,
      fields: read.map((input) => fields.indexOf(input)),
    })),
    inputTypes: inputTypes.length === 0 ? [] : fields.map((input) => inputTypes[inputs.indexOf(input)] ?? 0),
    inputFields: inputs.length,
    hiddenFields: hidden.length,
    passed,
    computed: reads.flatMap(({ computation }) => columnsOf(table, computation)),
  })
}
