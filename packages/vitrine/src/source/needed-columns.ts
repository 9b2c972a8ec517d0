/**
 * Which columns of the source the queries of a publication name, so that a role may be refused all others. Read off the
 * query nodes. A name that could stand for columns of two tables is left out: the source itself refuses the query when a
 * right on it is missing (`projection-types.ts`), and a right that nobody needs is never asked for. Called by `drift.ts`.
 */
import type { AliasNode, ColumnNode, IdentifierNode, OperationNode, ReferenceNode, TableNode } from 'kysely'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'

export type NeededColumns = ReadonlyMap<string, ReadonlySet<string>>

/** The columns that each source table must let us read; none when only its rows are counted. */
export function neededColumns(tables: readonly PublishedTable[]): NeededColumns {
  const needed = new Map<string, Set<string>>()
  for (const table of tables) {
    const names = new Names()
    names.visit(table.query)
    for (const { value } of table.columns) if (value.kind === 'sql') names.visit(value.node)
    for (const { computation } of projectionOf(table).computations) names.visit(computation.inputs)
    for (const [source, columns] of names.columnsByTable()) {
      const known = needed.get(source) ?? new Set()
      for (const column of columns) known.add(column)
      needed.set(source, known)
    }
  }
  return needed
}

/** The tables, aliases and columns that the nodes of one published table name. */
class Names {
  /** Alias or own name → tables: an alias may be used again in another subquery. */
  readonly #tables = new Map<string, Set<string>>()
  readonly #columns: { readonly alias: string | null; readonly column: string }[] = []

  /** Nodes are plain objects whose properties are nodes, lists of nodes, or values. */
  visit(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    // sound because `kind` is only compared, and a value without it matches no case.
    const node = value as OperationNode
    // Casts below are sound because Kysely tells its nodes apart by `kind`.
    switch (node.kind) {
      case 'AliasNode': {
        const { node: inner, alias } = node as AliasNode
        if (inner.kind === 'TableNode' && alias.kind === 'IdentifierNode') {
          this.#add((alias as IdentifierNode).name, inner as TableNode)
          return
        }
        break
      }
      case 'TableNode':
        this.#add((node as TableNode).table.identifier.name, node as TableNode)
        return
      case 'ReferenceNode': {
        const { table, column } = node as ReferenceNode
        if (column.kind === 'ColumnNode') {
          this.#columns.push({ alias: table?.table.identifier.name ?? null, column: column.column.name })
        }
        return
      }
      case 'ColumnNode':
        this.#columns.push({ alias: null, column: (node as ColumnNode).column.name })
        return
    }
    for (const part of Object.values(value)) this.visit(part)
  }

  #add(alias: string, { table }: TableNode): void {
    const known = this.#tables.get(alias) ?? new Set()
    this.#tables.set(alias, known.add(table.identifier.name))
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
