/**
 * How rows of a table that a query names belong to the values of its published key: by the columns that must be equal for a row
 * to be seen beside a value, from one table of the query to the next. Data and nothing else; the SQL of it is in `delta/`.
 */

/** One time that a query names a table. */
export interface Reference {
  /** As the register names it. */
  readonly table: string
  readonly alias: string
  /** Whether the text writes the alias out. */
  readonly isAliased: boolean
  /** Where its name stands in the text, in bytes. */
  readonly location: number
  /** Those that the query reads by this alias. */
  readonly columns: Set<string>
}

export interface ColumnOf {
  readonly reference: Reference
  readonly column: string
}

/** A row of the table of `from` is seen only beside a row that has its value in one of the columns `to`. */
export interface Equality {
  readonly from: ColumnOf
  readonly to: readonly ColumnOf[]
}

/** From a table to the next one. */
export interface Hop {
  readonly column: string
  readonly table: string
  readonly equals: string
}

export interface Tie {
  readonly reference: Reference
  /** Ways to the table of the link, each of which may lead to values; null where none is known, so that a row may be seen in all. */
  readonly paths: readonly (readonly Hop[])[] | null
  /** The columns of the link, in the table at the end of each path. */
  readonly link: readonly string[]
}

/** The shortest ways, one step further in each round. */
export function pathsFrom(
  references: readonly Reference[],
  equalities: readonly Equality[],
  link: readonly ColumnOf[],
): readonly Tie[] {
  const found = new Map<Reference, readonly (readonly Hop[])[]>()
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
