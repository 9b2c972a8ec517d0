/** Which known name somebody meant: by the number of characters to change. Called by `environment`. */

/** Characters to insert, remove or replace to get from one text to the other (Levenshtein's distance). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      // sound because both rows have one entry more than `b` has characters.
      const [left, above, corner] = [next[j] as number, row[j + 1] as number, row[j] as number]
      next.push(Math.min(left + 1, above + 1, corner + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** The known name that is closest; the first one of several. */
export function nearest<const T extends string>(name: string, known: readonly [T, ...T[]]): T {
  return known.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best))
}
