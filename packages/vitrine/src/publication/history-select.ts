/**
 * The row of one day as SQL: the columns of a history table over the published tables of a schema, with the day and the
 * instant written as literals. Pure; called by the stage phase of a run, and by its check phase to learn the types.
 */
import {
  AliasNode,
  CastNode,
  DataTypeNode,
  IdentifierNode,
  type OperationNode,
  OperationNodeTransformer,
  type QueryId,
  RawNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
  ValueNode,
  WithSchemaPlugin,
} from 'kysely'
import { localDay } from '../base/clock.ts'
import { type HistoryTable, isDay } from './history.ts'
import { isRunInstant } from './instant.ts'
import type { Publication } from './publication.ts'
import { textOf } from './select-text.ts'
import type { PublishedColumn } from './table.ts'

/** The day that a run describes. */
export const dayOf = (publication: Publication, instant: Date): string => localDay(instant, publication.zone)

const literalNode = (text: string, type: 'date' | 'timestamptz'): OperationNode =>
  CastNode.create(ValueNode.createImmediate(text), DataTypeNode.create(type))

class Dated extends OperationNodeTransformer {
  readonly #day: OperationNode
  readonly #instant: OperationNode

  constructor(day: string, instant: Date) {
    super()
    this.#day = literalNode(day, 'date')
    this.#instant = literalNode(instant.toISOString(), 'timestamptz')
  }

  protected override transformNodeImpl<T extends OperationNode>(node: T, queryId?: QueryId): T {
    // sound because where a raw node stands, any expression may stand.
    if (isDay(node)) return this.#day as T
    if (isRunInstant(node)) return this.#instant as T
    return super.transformNodeImpl(node, queryId)
  }
}

const QUERY_ID: QueryId = Object.freeze({ queryId: 'vitrine history' })

export interface DaySelect {
  readonly sql: string
  /** The same without casts, to learn the types that the expressions really have. */
  readonly uncastSql: string
}

/** One row: the day of `instant`, computed from the published tables as they stand in `schema`. */
export function daySelect(table: HistoryTable, publication: Publication, schema: string, instant: Date): DaySelect {
  const dated = new Dated(dayOf(publication, instant), instant)
  const inSchema = new WithSchemaPlugin(schema)
  const select = (selected: (column: PublishedColumn) => OperationNode): string => {
    const selections = table.columns.map((column) =>
      SelectionNode.create(AliasNode.create(selected(column), IdentifierNode.create(column.name))),
    )
    const query = dated.transformNode(SelectQueryNode.cloneWithSelections(table.query, selections))
    // sound because the plugin gives back the kind of node that it is given.
    return textOf(inSchema.transformQuery({ node: query, queryId: QUERY_ID }) as SelectQueryNode)
  }
  return {
    sql: select((column) => RawNode.create(['cast(', ` as ${column.type.castTo})`], [expressionOf(column)])),
    uncastSql: select(expressionOf),
  }
}

/** Only SQL is left of a column once the publication has been checked. */
function expressionOf({ value }: PublishedColumn): OperationNode {
  return value.kind === 'sql' ? value.node : ValueNode.createImmediate(null)
}

class TableNames extends OperationNodeTransformer {
  readonly found = new Set<string>()

  protected override transformTable(node: TableNode, queryId?: QueryId): TableNode {
    this.found.add(node.table.identifier.name)
    return super.transformTable(node, queryId)
  }
}

/** Every name of a table in the columns of a history table, aliases and named subqueries included. */
export function tableNamesIn(table: HistoryTable): ReadonlySet<string> {
  const names = new TableNames()
  for (const column of table.columns) names.transformNode(expressionOf(column))
  return names.found
}
