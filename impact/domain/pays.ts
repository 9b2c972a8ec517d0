/**
 * Le nom publié du pays du siège, d’après le code de pays étranger de l’INSEE. La forme est celle que filtrent les questions
 * enregistrées : première lettre en capitale, le reste en minuscules (`Royaume-uni`, `Etats-unis`). Appelée pour chaque
 * entreprise publiée.
 */
import { PAYS_INSEE } from './pays-insee.ts'

const miseEnForme = (libelle: string): string => libelle.slice(0, 1) + libelle.slice(1).toLowerCase()

const PAYS: ReadonlyMap<number, string> = new Map(PAYS_INSEE.map(([code, libelle]) => [code, miseEnForme(libelle)]))

/** `France` sans code, car Sirene n’en donne qu’aux sièges étrangers ; null pour un code que l’INSEE ne connaît pas. */
export function pays(code: number | null): string | null {
  return code === null ? 'France' : (PAYS.get(code) ?? null)
}
