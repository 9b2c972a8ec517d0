/**
 * Turns a published table into the one SELECT that COPY runs: no parameters (COPY takes none), literals written out, every
 * column cast to its declared type, the inputs of TypeScript rules first. Also tells which field of a row is what.
 */
import {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  type OperationNode,
  RawNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  ValueNode,
} from 'kysely'
import { identifier, literal } from '../sql/quote.ts'
import { oidOf, type SqlType } from '../sql/sql-type.ts'
import type { Computation } from './compute.ts'
import { isDay } from './history.ts'
import { instantSql } from './instant.ts'
import { LiteralCompiler } from './literal-compiler.ts'
import { type Range, rangedQuery } from './range.ts'
import { registersIn } from './register.ts'
import type { PublishedColumn, PublishedTable } from './table.ts'
import { type Mark, markOf } from './treatment.ts'

/** What a query of a run needs: the instant; for a history table also the day and the schema of the published tables. */
export interface Moment {
  readonly instant: Date
  readonly day?: string
  readonly schema?: string
}

/** One query as it runs, and as it is analysed: in the second text each treatment is a call of `MARKER` plus its number. */
export interface QueryText {
  readonly sql: string
  readonly markedSql: string
  readonly marks: readonly Mark[]
  /** The tables that it names. */
  readonly tables: ReadonlySet<string>
}

/** The beginning of the function names that stand for treatments in the analysed text. They never run. */
export const MARKER = 'vitrine_treatment_'

class TextCompiler extends LiteralCompiler {
  readonly #moment: Moment | null
  readonly #marks: Mark[] | null

  constructor(moment: Moment | null, schema: string | null, marks: Mark[] | null) {
    super(schema)
    this.#moment = moment
    this.#marks = marks
  }

  protected override visitRaw(node: RawNode): void {
    const { instant, day } = this.#moment ?? {}
    const mark = markOf(node)
    const present = instant === undefined ? null : instantSql(node, instant)
    if (isDay(node) && day !== undefined) this.append(`cast(${literal(day)} as date)`)
    else if (present !== null) this.append(present)
    else if (mark === undefined) super.visitRaw(node)
    else if (this.#marks === null) this.#treat(node)
    else {
      this.append(`${MARKER}${this.#marks.push(mark) - 1}`)
      this.#inParentheses(node.parameters)
    }
  }

  /** Puts the parts of a treatment into parentheses, so that no operator binds across their edges. */
  #treat({ sqlFragments, parameters }: RawNode): void {
    for (const [index, fragment] of sqlFragments.entries()) {
      this.append(fragment)
      const part = parameters[index]
      if (part === undefined) continue
      if (ReferenceNode.is(part) || ValueNode.is(part)) this.visitNode(part)
      else this.#inParentheses([part])
    }
  }

  #inParentheses(parts: readonly OperationNode[]): void {
    this.append('(')
    this.compileList(parts)
    this.append(')')
  }
}

/** Throws TypeError for a value that has no literal. */
function textOf(node: SelectQueryNode, moment: Moment | null, schema: string | null): QueryText {
  const marks: Mark[] = []
  const compiler = new TextCompiler(moment, schema, null)
  return {
    sql: compiler.text(node),
    markedSql: new TextCompiler(moment, schema, marks).text(node),
    marks,
    tables: compiler.tables,
  }
}

/** One rule, and for each of its inputs the number of its field in the row. */
export interface ComputationFields {
  readonly computation: Computation
  readonly fields: readonly number[]
}

/**
 * The fields of one row of the SELECT: first those that only rules read, then those that rules read and that are
 * published as they are, then the other columns. An expression that several rules read is one field.
 */
export interface Projection extends QueryText {
  /** The same query without casts: it tells the types that the source really has. */
  readonly uncast: string
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

const named = (node: OperationNode, name: string) =>
  SelectionNode.create(AliasNode.create(node, IdentifierNode.create(name)))

const castTo = (node: OperationNode, { castTo }: SqlType) => RawNode.create(['cast(', ` as ${castTo})`], [node])

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

/** The source column that an input is, if it is a plain column: two inputs of the same column are one field. */
function columnBehind(node: OperationNode): string | null {
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return null
  const { schema, identifier } = node.table?.table ?? {}
  return JSON.stringify([schema?.name, identifier?.name, node.column.column.name])
}

/** One field that one or several rules read. */
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
 * The column that publishes an input unchanged, so that both can share a field: same source column, and a declared
 * type equal to the type on the source, so that the cast changes nothing.
 */
const publishing = (columns: readonly SelectedColumn[], { column }: Input, oid: number | undefined) =>
  columns.find(
    ({ value, type }) =>
      column !== null && columnBehind(value.node) === column && !type.array && oidOf(type.kind) === oid,
  )

/** Adds a last field: the transaction that wrote the row of the table with that alias. */
export interface RowIdentity {
  readonly alias: string
  readonly name: string
}

/**
 * The projection of a published table, for a run if `moment` is given. With `inputTypes`, as the source reports them, an
 * input that is published unchanged travels once. With a range, only its rows are read. Pure.
 */
export function projectionOf(
  table: PublishedTable,
  moment: Moment | null = null,
  inputTypes: readonly number[] = [],
  range: Range | null = null,
  last: RowIdentity | null = null,
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
  const schema = moment?.schema ?? [...registersIn(table.query)][0]?.schema ?? null
  const rows = range === null ? table.query : rangedQuery(table.query, range)
  const queryOf = (cast: boolean) =>
    SelectQueryNode.cloneWithSelections(rows, [
      ...hidden.map(({ node }, index) => named(node, `input_${index + 1}`)),
      ...passed.map(({ name, type, value }) => named(cast ? castTo(value.node, type) : value.node, name)),
      ...(last === null ? [] : [named(RawNode.createWithSql(`${identifier(last.alias)}.xmin`), last.name)]),
    ])
  return Object.freeze({
    ...textOf(queryOf(true), moment, schema),
    uncast: new TextCompiler(moment, schema, null).text(queryOf(false)),
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
