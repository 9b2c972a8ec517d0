/** Which published tables and columns a live question in SQL names: what breaks it when they go. Pure. */

/**
 * `names`: a table, or a column as `table.column`. Its variables are no SQL, so it cannot be parsed: a question that names both
 * the table and the column is taken for one.
 */
export function namedIn(sql: string, names: readonly string[]): readonly string[] {
  const words = new Set(sql.split(/[^\p{L}\p{N}_$]+/u).map((word) => word.toLowerCase()))
  return names.filter((name) => name.split('.').every((part) => words.has(part.toLowerCase())))
}
