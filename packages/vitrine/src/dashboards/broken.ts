/** Which published columns a live question names: what breaks it when they go. Pure. */

/** `asked`: its SQL, or its stages with names for numbers. `columns`: those that are looked for, as `table.column`. */
export function columnsNamed(
  asked: { readonly sql: string } | { readonly stages: unknown } | null,
  columns: readonly string[],
): readonly string[] {
  if (asked === null) return []
  if ('stages' in asked) {
    const text = JSON.stringify(asked.stages)
    return columns.filter((name) => text.includes(JSON.stringify(name)))
  }
  // Its variables are no SQL, so it cannot be parsed: a question that names both the table and the column is taken for one.
  const words = new Set(asked.sql.split(/[^\p{L}\p{N}_$]+/u).map((word) => word.toLowerCase()))
  return columns.filter((name) => name.split('.').every((part) => words.has(part.toLowerCase())))
}
