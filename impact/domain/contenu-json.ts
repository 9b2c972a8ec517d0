/**
 * Lit les contenus JSON de l’application (étapes, indicateurs, résultats d’analyse) sans lever d’exception. Un contenu
 * illisible devient `ILLISIBLE`, que la règle traite comme inconnu ; aucun message ne cite une valeur.
 */
export const ILLISIBLE: unique symbol = Symbol('illisible')

/** Le contenu d’un texte JSON, ou `ILLISIBLE`. Ce qui n’est pas un texte est déjà lu et revient tel quel. */
export function lireJson(contenu: unknown): unknown {
  if (typeof contenu !== 'string') return contenu
  try {
    return JSON.parse(contenu)
  } catch {
    return ILLISIBLE
  }
}

export const estObjet = (valeur: unknown): valeur is Readonly<Record<string, unknown>> =>
  typeof valeur === 'object' && valeur !== null && !Array.isArray(valeur)

/** La valeur d’une clé propre de l’objet ; undefined quand la clé n’y est pas. */
export const champ = (objet: Readonly<Record<string, unknown>>, cle: string): unknown =>
  Object.hasOwn(objet, cle) ? objet[cle] : undefined

/** Les règles ne distinguent pas une clé absente d’une clé nulle. */
export const estRenseigne = (valeur: unknown): boolean => valeur !== undefined && valeur !== null
