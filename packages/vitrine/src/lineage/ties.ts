/**
 * How rows of a table in a query belong to values of the published key: through columns that must be equal for a row
 * to appear, from one table of the query to the next. Only data; `delta/` writes the SQL.
 */

/** One mention of a table in a query. */
export interface TableMention {
  /** Its name in the register. */
  readonly table: string
  readonly alias: string
  /** Whether the text writes the alias out. */
  readonly isAliased: boolean
  /** Position of its name in the text, in bytes. */
  readonly location: number
  /** The columns that the query reads through this alias. */
  readonly columns: Set<string>
}

export interface ColumnOf {
  readonly reference: TableMention
  readonly column: string
}

/** A row of the table of `from` appears only together with a row that has the same value in one of the columns `to`. */
export interface Equality {
  readonly from: ColumnOf
  readonly to: readonly ColumnOf[]
}

/** One step of a path, from a table to the next. */
export interface Hop {
  readonly column: string
  readonly table: string
  readonly equals: string
}

export interface Tie {
  readonly reference: TableMention
  /** Paths to the table of the link; null when there is none: then a row may belong to every value. */
  readonly paths: readonly (readonly Hop[])[] | null
  /** The columns of the link, in the table at the end of each path. */
  readonly link: readonly string[]
}

/** The shortest paths; each round goes one step further. */
export function pathsFrom(
  references: readonly TableMention[],
  equalities: readonly Equality[],
  link: readonly ColumnOf[],
): readonly Tie[] {
  const found = new Map<TableMention, readonly (readonly Hop[])[]>()
  const [root] = link
  if (root !== undefined) found.set(root.reference, [[]])
  for (let before = -1; before !== found.size; ) {
    before = found.size
    const known = new Map(found)
    for (const { from, to } of equalities) {
      if (found.has(from.reference) || !to.every(({ reference }) => known.has(reference))) continue
      const paths = to.flatMap(({ reference, column }) =>
        (known.get(reference) ?? []).map((rest) => [
          { column: from.column, table: reference.table, equals: column },
          ...rest,
        ]),
      )
      found.set(from.reference, paths)
    }
  }
  const columns = link.map(({ column }) => column)
  return references.map((reference) => ({ reference, paths: found.get(reference) ?? null, link: columns }))
}
