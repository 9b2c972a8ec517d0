/**
 * Les quatre réglementations d’une même entreprise : le résultat de chacune, quand l’entreprise est assez qualifiée pour
 * elle, et ce qu’elles font ensemble. Une obligation au statut inconnu n’est ni à jour ni en retard.
 */
import { bdese, type EntreeBdese, estSuffisammentQualifieeBdese } from './bdese.ts'
import { bges, type EntreeBges, estSuffisammentQualifieeBges } from './bges.ts'
import { type RapportOfficielCsrd, statutCsrd } from './csrd.ts'
import { estSuffisammentQualifieeCsrd, type QualificationCsrd } from './csrd-criteres.ts'
import { type EntreeIndexEgapro, estSuffisammentQualifieeIndexEgapro, indexEgapro } from './index-egapro.ts'
import type { Resultat } from './statuts.ts'

/** Les noms publiés. */
export const REGLEMENTATIONS = ['BDESE', 'Index EgaPro', 'BGES', 'CSRD'] as const
export type Reglementation = (typeof REGLEMENTATIONS)[number]

export type EntreeObligations = EntreeBdese &
  Omit<EntreeBges, 'etatSource'> &
  Omit<EntreeIndexEgapro, 'etatSource'> &
  QualificationCsrd &
  RapportOfficielCsrd & { readonly etatBges: string | null; readonly etatEgapro: string | null }

/** null quand l’entreprise n’est pas assez qualifiée pour elle : aucune ligne n’est publiée. */
export function resultatDe(reglementation: string, entree: EntreeObligations): Resultat | null {
  switch (reglementation) {
    case 'BDESE':
      return estSuffisammentQualifieeBdese(entree.effectif) ? bdese(entree) : null
    case 'Index EgaPro':
      return estSuffisammentQualifieeIndexEgapro(entree.effectif)
        ? indexEgapro({ ...entree, etatSource: entree.etatEgapro })
        : null
    case 'BGES':
      return estSuffisammentQualifieeBges(entree.effectif, entree.effectifOutreMer)
        ? bges({ ...entree, etatSource: entree.etatBges })
        : null
    default:
      return estSuffisammentQualifieeCsrd(entree) ? statutCsrd(entree) : null
  }
}

/** Où en est l’entreprise de ses obligations prises ensemble ; un statut inconnu suffit pour qu’on ne le sache pas. */
export const CONFORMITES = ['toutes', 'partie', 'aucune', 'inconnue'] as const

export interface Obligations {
  /** null quand aucune réglementation n’est évaluée : on n’en sait rien, et ce n’est pas zéro. */
  readonly nombre: number | null
  readonly aJour: number | null
  /** Soumise, statut inconnu. */
  readonly inconnues: number | null
  /** null sans obligation. */
  readonly conformite: (typeof CONFORMITES)[number] | null
}

const SANS_EVALUATION: Obligations = Object.freeze({ nombre: null, aJour: null, inconnues: null, conformite: null })

export function obligations(entree: EntreeObligations): Obligations {
  const resultats = REGLEMENTATIONS.flatMap((nom) => resultatDe(nom, entree) ?? [])
  if (resultats.length === 0) return SANS_EVALUATION
  let [nombre, aJour, inconnues] = [0, 0, 0]
  for (const { estSoumise, statut } of resultats) {
    if (estSoumise !== true) continue
    nombre += 1
    if (statut === null) inconnues += 1
    if (statut === 'A JOUR') aJour += 1
  }
  const connue = aJour === nombre ? 'toutes' : aJour > 0 ? 'partie' : 'aucune'
  return { nombre, aJour, inconnues, conformite: nombre === 0 ? null : inconnues > 0 ? 'inconnue' : connue }
}
