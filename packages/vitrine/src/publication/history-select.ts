/**
 * The row of one day as SQL: the columns of a history table over the published tables of a schema, with the day and the
 * instant written as literals. Pure; called by the stage phase of a run, and by its check phase to learn the types.
 */
import {
  type OperationNode,
  OperationNodeTransformer,
  type QueryId,
  SelectQueryNode,
  type TableNode,
  ValueNode,
  WithSchemaPlugin,
} from 'kysely'
import { localDay } from '../base/clock.ts'
import type { HistoryTable } from './history.ts'
import type { Publication } from './publication.ts'
import { AtInstant, castTo, named, QUERY_ID, textOf } from './select-text.ts'
import type { PublishedColumn } from './table.ts'

/** The day that a run describes. */
export const dayOf = (publication: Publication, instant: Date): string => localDay(instant, publication.zone)

export interface DaySelect {
  readonly sql: string
  /** The same without casts, to learn the types that the expressions really have. */
  readonly uncastSql: string
}

/** One row: the day of `instant`, computed from the published tables as they stand in `schema`. */
export function daySelect(table: HistoryTable, publication: Publication, schema: string, instant: Date): DaySelect {
  const dated = new AtInstant(instant, dayOf(publication, instant))
  const inSchema = new WithSchemaPlugin(schema)
  const select = (selected: (column: PublishedColumn) => OperationNode): string => {
    const selections = table.columns.map((column) => named(selected(column), column.name))
    const node = dated.transformNode(SelectQueryNode.cloneWithSelections(table.query, selections))
    // sound because the plugin returns the kind of node that it receives.
    return textOf(inSchema.transformQuery({ node, queryId: QUERY_ID }) as SelectQueryNode)
  }
  return {
    sql: select((column) => castTo(expressionOf(column), column.type)),
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
