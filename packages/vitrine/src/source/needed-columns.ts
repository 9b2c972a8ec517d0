/**
 * Which columns of the source the queries of a publication name, so that a role may be refused all others. Read off the
 * query nodes. A name that could stand for columns of two tables is left out: the source itself refuses the query when a
 * right on it is missing (`projection-types.ts`), and a right that nobody needs is never asked for. Called by `drift.ts`.
 */
import {
  type AliasNode,
  ColumnNode,
  IdentifierNode,
  OperationNodeTransformer,
  type QueryId,
  type ReferenceNode,
  TableNode,
} from 'kysely'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'

export type NeededColumns = ReadonlyMap<string, ReadonlySet<string>>

/** The columns that each source table must let us read; none when only its rows are counted. */
export function neededColumns(tables: readonly PublishedTable[]): NeededColumns {
  const needed = new Map<string, Set<string>>()
  for (const table of tables) {
    const names = new Names()
    names.transformNode(table.query)
    for (const { value } of table.columns) if (value.kind === 'sql') names.transformNode(value.node)
    for (const { computation } of projectionOf(table).computations) {
      for (const { node } of computation.inputs) names.transformNode(node)
    }
    for (const [source, columns] of names.columnsByTable()) {
      needed.set(source, new Set([...(needed.get(source) ?? []), ...columns]))
    }
  }
  return needed
}

/** The tables, aliases and columns that the nodes of one published table name. */
class Names extends OperationNodeTransformer {
  /** Alias or own name → tables: an alias may be used again in another subquery. */
  readonly #tables = new Map<string, Set<string>>()
  readonly #columns: { readonly alias: string | null; readonly column: string }[] = []

  protected override transformAlias(node: AliasNode, queryId?: QueryId): AliasNode {
    const { node: inner, alias } = node
    if (!TableNode.is(inner) || !IdentifierNode.is(alias)) return super.transformAlias(node, queryId)
    this.#add(alias.name, inner)
    return node
  }

  protected override transformTable(node: TableNode): TableNode {
    this.#add(node.table.identifier.name, node)
    return node
  }

  protected override transformReference(node: ReferenceNode): ReferenceNode {
    const { table, column } = node
    if (ColumnNode.is(column)) {
      this.#columns.push({ alias: table?.table.identifier.name ?? null, column: column.column.name })
    }
    return node
  }

  protected override transformColumn(node: ColumnNode): ColumnNode {
    this.#columns.push({ alias: null, column: node.column.name })
    return node
  }

  #add(alias: string, { table }: TableNode): void {
    this.#tables.set(alias, (this.#tables.get(alias) ?? new Set()).add(table.identifier.name))
  }

  columnsByTable(): ReadonlyMap<string, ReadonlySet<string>> {
    const all = new Set([...this.#tables.values()].flatMap((tables) => [...tables]))
    const found = new Map([...all].map((table) => [table, new Set<string>()]))
    for (const { alias, column } of this.#columns) {
      const [table, ...others] = (alias === null ? all : this.#tables.get(alias)) ?? []
      if (table !== undefined && others.length === 0) found.get(table)?.add(column)
    }
    return found
  }
}
