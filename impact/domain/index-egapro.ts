/**
 * L’index de l’égalité professionnelle (code du travail, articles L. 1142-8 et D. 1142-2 et suivants), d’après le relevé de
 * la source publique EgaPro pour l’année civile précédente. Une source en panne laisse le statut inconnu.
 */
import { estObjet, lireJson } from './contenu-json.ts'
import { cinquanteSalariesOuPlus } from './effectifs.ts'
import { raisonSansReponse } from './source-externe.ts'
import {
  indecise,
  NON_SOUMISE,
  type Resultat,
  SOUMISE_A_ACTUALISER,
  SOUMISE_A_JOUR,
  soumiseSansStatut,
} from './statuts.ts'

export interface EntreeIndexEgapro {
  readonly effectif: string | null
  /** Le relevé de l’année précédente : `connu` (déclaration publiée), `absent`, `inconnu` ; null sans relevé. */
  readonly etatSource: string | null
  /** Jours de Paris écoulés depuis cette réponse ; null sans relevé. */
  readonly joursDepuisReleve: number | null
}

/**
 * Une déclaration publiée le reste toute l’année, mais une déclaration absente peut être publiée le lendemain. Après une panne
 * de plus d’un mois et demi, on ne croit donc plus « absent », qui vaudrait sinon jusqu’au 1er janvier.
 */
export const VALIDITE_ABSENCE_JOURS = 45

/** Si c’est faux, l’entreprise n’a pas de ligne publiée. */
export const estSuffisammentQualifieeIndexEgapro = (effectif: string | null): boolean =>
  effectif !== null && effectif !== undefined

export function indexEgapro({ effectif, etatSource, joursDepuisReleve }: EntreeIndexEgapro): Resultat {
  if (!estSuffisammentQualifieeIndexEgapro(effectif)) return indecise('qualification_insuffisante')
  const soumise = cinquanteSalariesOuPlus(effectif)
  if (soumise === null) return indecise('tranche_inconnue')
  if (!soumise) return NON_SOUMISE
  const raison = raisonSansReponse(etatSource)
  if (raison !== null) return soumiseSansStatut(raison)
  if (etatSource === 'connu') return SOUMISE_A_JOUR
  const perimee = typeof joursDepuisReleve === 'number' && joursDepuisReleve > VALIDITE_ABSENCE_JOURS
  return perimee ? soumiseSansStatut('source_externe_perimee') : SOUMISE_A_ACTUALISER
}

/**
 * La réponse 200 de la source EgaPro annonce-t-elle une déclaration publiée ? Oui si et seulement si elle a la clé
 * `déclaration` ; null quand ce n’est pas un objet JSON. La clé est cherchée dans ses deux écritures Unicode.
 */
export function declarationPubliee(reponse: unknown): boolean | null {
  const lue = lireJson(reponse)
  if (!estObjet(lue)) return null
  return Object.hasOwn(lue, 'd\u00e9claration') || Object.hasOwn(lue, 'de\u0301claration')
}
