/**
 * Les échelles de tranches, et les tranches financières de la qualification. Ce sont des listes fermées : un texte hors de sa
 * liste (une valeur d’un ancien questionnaire, une faute) est inconnu ; il ne vaut ni la plus petite ni la plus grande.
 * Les effectifs sont dans `effectifs.ts`.
 */
import type { Ternaire } from './ternaire.ts'

/** Chaque tranche et sa borne basse, incluse. */
export type Echelle<T extends string = string> = ReadonlyMap<T, number>

/** Une échelle à partir de ses tranches, de la plus petite à la plus grande. */
export const echelle = <const T extends string>(tranches: readonly (readonly [T, number])[]): Echelle<T> =>
  new Map(tranches)

export const estTranche = <T extends string>(tranches: Echelle<T>, valeur: unknown): valeur is T =>
  tranches.has(valeur as T) // sound because Map.has only compares, whatever the value.

/** La valeur est-elle dans une tranche qui commence au seuil ou plus haut ? null quand la tranche est absente ou inconnue. */
export function atteint<T extends string>(tranches: Echelle<T>, valeur: unknown, seuil: number): Ternaire {
  const borne = tranches.get(valeur as T) // sound because Map.get only compares, whatever the value.
  return borne === undefined ? null : borne >= seuil
}

/** Unité : millier d’euros. */
export const TRANCHES_CHIFFRE_AFFAIRES = echelle([
  ['0-900k', 0],
  ['900k-50M', 900],
  ['50M-100M', 50_000],
  ['100M+', 100_000],
])

/** Unité : millier d’euros. */
export const TRANCHES_BILAN = echelle([
  ['0-450k', 0],
  ['450k-25M', 450],
  ['25M-43M', 25_000],
  ['43M-100M', 43_000],
  ['100M+', 100_000],
])

/** Unité : millier d’euros. */
export const TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE = echelle([
  ['0-60M', 0],
  ['60M-100M', 60_000],
  ['100M+', 100_000],
])

/** Unité : millier d’euros. */
export const TRANCHES_BILAN_CONSOLIDE = echelle([
  ['0-30M', 0],
  ['30M-43M', 30_000],
  ['43M-100M', 43_000],
  ['100M+', 100_000],
])
