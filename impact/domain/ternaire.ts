/**
 * La logique à trois valeurs des règles : vrai, faux, ou null quand on ne sait pas (tables de Kleene). Une règle reste
 * décidée dès que ses critères connus suffisent, et devient inconnue sinon, sans jamais deviner.
 */
export type Ternaire = boolean | null

/** null pour tout ce qui n’est pas un booléen. */
export const ternaire = (valeur: unknown): Ternaire => (valeur === true || valeur === false ? valeur : null)

export const non = (a: Ternaire): Ternaire => (a === null ? null : !a)

export function et(a: Ternaire, b: Ternaire): Ternaire {
  if (a === false || b === false) return false
  return a === null || b === null ? null : true
}

export function ou(a: Ternaire, b: Ternaire): Ternaire {
  if (a === true || b === true) return true
  return a === null || b === null ? null : false
}

/** Au moins deux critères sur trois, comme dans les seuils du code de commerce (article D. 230-1). */
export function auMoinsDeux(a: Ternaire, b: Ternaire, c: Ternaire): Ternaire {
  const vrais = (a === true ? 1 : 0) + (b === true ? 1 : 0) + (c === true ? 1 : 0)
  if (vrais >= 2) return true
  const possibles = vrais + (a === null ? 1 : 0) + (b === null ? 1 : 0) + (c === null ? 1 : 0)
  return possibles >= 2 ? null : false
}
