/**
 * Le bilan d’émissions de gaz à effet de serre (code de l’environnement, article L. 229-25) : plus de 500 salariés, ou plus
 * de 250 outre-mer, un bilan tous les quatre ans, d’après le relevé du fichier public de l’ADEME. Une source en panne laisse
 * le statut inconnu. Reçoit l’année du dernier bilan et « aujourd’hui ».
 */
import { EFFECTIFS, EFFECTIFS_OUTRE_MER } from './effectifs.ts'
import { anneeCivile } from './jour.ts'
import { raisonSansReponse } from './source-externe.ts'
import {
  indecise,
  NON_SOUMISE,
  type Resultat,
  SOUMISE_A_ACTUALISER,
  SOUMISE_A_JOUR,
  soumiseSansStatut,
} from './statuts.ts'
import { ou, type Ternaire } from './ternaire.ts'
import { atteint } from './tranches.ts'

/** Un bilan est à jour pendant quatre années civiles, la sienne comprise. */
export const VALIDITE_BGES_ANNEES = 4

export interface EntreeBges {
  readonly effectif: string | null
  readonly effectifOutreMer: string | null
  /** Le relevé de la source : `connu`, `absent` (aucun bilan), `inconnu` ; null sans relevé. */
  readonly etatSource: string | null
  /** L’année du dernier bilan ; null quand la source n’en a aucun pour l’entreprise. */
  readonly anneeDernierBilan: number | null
  /** `AAAA-MM-JJ`, à la date de Paris. */
  readonly aujourdhui: string
}

/** Si c’est faux, l’entreprise n’a pas de ligne publiée. */
export const estSuffisammentQualifieeBges = (effectif: string | null, effectifOutreMer: string | null): boolean =>
  effectif !== null && effectif !== undefined && effectifOutreMer !== null && effectifOutreMer !== undefined

const cinqCentsOuOutreMer = (effectif: string | null, effectifOutreMer: string | null): Ternaire =>
  ou(atteint(EFFECTIFS, effectif, 500), atteint(EFFECTIFS_OUTRE_MER, effectifOutreMer, 250))

/** Un bilan daté de l’avenir est récent, donc à jour. */
export function bges(entree: EntreeBges): Resultat {
  const { effectif, effectifOutreMer, etatSource, anneeDernierBilan } = entree
  if (!estSuffisammentQualifieeBges(effectif, effectifOutreMer)) return indecise('qualification_insuffisante')
  const soumise = cinqCentsOuOutreMer(effectif, effectifOutreMer)
  if (soumise === null) return indecise('tranche_inconnue')
  if (!soumise) return NON_SOUMISE
  const raison = raisonSansReponse(etatSource)
  if (raison !== null) return soumiseSansStatut(raison)
  if (etatSource === 'absent' || anneeDernierBilan === null) return SOUMISE_A_ACTUALISER
  if (!Number.isInteger(anneeDernierBilan)) return soumiseSansStatut('contenu_illisible')
  const annee = anneeCivile(entree.aujourdhui)
  if (annee === null) return soumiseSansStatut('date_illisible')
  return annee - anneeDernierBilan < VALIDITE_BGES_ANNEES ? SOUMISE_A_JOUR : SOUMISE_A_ACTUALISER
}
