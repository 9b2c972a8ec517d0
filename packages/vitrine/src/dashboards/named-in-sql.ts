/** Finds the published tables and columns that a live SQL question uses: it breaks when they disappear. Pure. */

/**
 * `names`: tables, and columns as `table.column`. Metabase's variables are not SQL, so the text cannot be parsed: a question that holds both
 * the table's and the column's name counts as using the column.
 */
export function namedIn(sql: string, names: readonly string[]): readonly string[] {
  const words = new Set(sql.split(/[^\p{L}\p{N}_$]+/u).map((word) => word.toLowerCase()))
  return names.filter((name) => name.split('.').every((part) => words.has(part.toLowerCase())))
}
