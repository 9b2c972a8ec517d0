/** Recognises the figures that `mbql.ts` adds only to order the answer. Called by `from-mbql.ts`. */
export type ClausePart = readonly unknown[]
export const listOf = (value: unknown): ClausePart => (Array.isArray(value) ? value : [])

/** A clause for the position of a value in a closed list. */
export function rankIn(clause: ClausePart): { readonly labels: readonly string[] } | null {
  const [inner, , cases] = listOf(clause[2])
  const places = listOf(cases).map(listOf)
  const isRank =
    clause[0] === 'min' && inner === 'case' && places.length > 0 && places.every(([, place], i) => place === i)
  return isRank ? { labels: places.map(([condition]) => String(listOf(condition)[3])) } : null
}

/** A clause that orders an unknown percentage below all others. */
export const isKnownFirst = ([operator, , share, other]: ClausePart): boolean =>
  operator === 'coalesce' && other === -1 && listOf(share)[0] === '/'

/** The clause without its options. */
export const plainClause = ([operator, , ...parts]: ClausePart): ClausePart => [operator, ...parts]
