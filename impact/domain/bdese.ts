/**
 * La BDESE (base de données économiques, sociales et environnementales) : code du travail, article L. 2312-18 pour
 * l’obligation à cinquante salariés, L. 2312-21 pour le contenu par accord, R. 2312-8 et R. 2312-9 pour les deux contenus
 * types. Reçoit les documents officiels de l’année précédente ; les brouillons personnels ne comptent pas.
 */
import { champ, estObjet, lireJson } from './contenu-json.ts'
import { cinquanteSalariesOuPlus, EFFECTIFS } from './effectifs.ts'
import {
  indecise,
  NON_SOUMISE,
  type Resultat,
  SOUMISE_A_ACTUALISER,
  SOUMISE_A_JOUR,
  SOUMISE_EN_COURS,
  soumiseSansStatut,
} from './statuts.ts'
import { atteint } from './tranches.ts'

/** Les douze étapes d’une BDESE sans accord, telles que l’application les nomme dans `completion_steps`. */
export const ETAPES_BDESE = [
  'Configuration',
  'Investissement social',
  'Investissement matériel et immatériel',
  'Egalité professionnelle homme/femme',
  'Fonds propres, endettement et impôts',
  'Rémunérations',
  'Représentation du personnel et Activités sociales et culturelles',
  'Rémunération des financeurs',
  'Flux financiers',
  'Partenariats',
  'Transferts commerciaux et financiers',
  'Environnement',
] as const
const ETAPES: ReadonlySet<string> = new Set(ETAPES_BDESE)

export const TYPES_BDESE = ['avec_accord', '50_300', '300'] as const
export type TypeBdese = (typeof TYPES_BDESE)[number]

export interface EntreeBdese {
  readonly effectif: string | null
  readonly bdeseAccord: boolean | null
  /** `is_complete` de la BDESE avec accord ; null quand il n’y en a pas. */
  readonly accordComplet: boolean | null
  /** `completion_steps` en texte JSON, ou déjà lu, de la BDESE de 50 à 300 salariés ; null quand il n’y en a pas. */
  readonly etapes50A300: unknown
  /** De même pour celle de plus de 300 salariés. */
  readonly etapes300: unknown
}

/** Si c’est faux, l’entreprise n’a pas de ligne publiée. */
export const estSuffisammentQualifieeBdese = (effectif: string | null): boolean =>
  effectif !== null && effectif !== undefined

/** Le modèle de document attendu ; null quand l’entreprise n’est pas soumise ou qu’on ne le sait pas. */
export function typeBdese(effectif: string | null, bdeseAccord: boolean | null): TypeBdese | null {
  if (cinquanteSalariesOuPlus(effectif) !== true) return null
  if (bdeseAccord === true) return 'avec_accord'
  return atteint(EFFECTIFS, effectif, 300) === true ? '300' : '50_300'
}

/** Une étape à faire suffit pour EN COURS. Avec des étapes inconnues, on ne peut pas dire que le document est complet. */
function statutDesEtapes(etapes: unknown): Resultat {
  if (etapes === null || etapes === undefined) return SOUMISE_A_ACTUALISER
  const lues = lireJson(etapes)
  if (!estObjet(lues)) return soumiseSansStatut('contenu_illisible')
  let completes = true
  let connues = true
  for (const etape of Object.keys(lues)) {
    const faite = champ(lues, etape)
    if (faite !== true && faite !== false) return soumiseSansStatut('contenu_illisible')
    if (!ETAPES.has(etape)) connues = false
    else if (!faite) completes = false
  }
  if (!completes) return SOUMISE_EN_COURS
  return connues ? SOUMISE_A_JOUR : soumiseSansStatut('etape_inconnue')
}

function statutAvecAccord(complet: unknown): Resultat {
  if (complet === null || complet === undefined) return SOUMISE_A_ACTUALISER
  if (complet === true) return SOUMISE_A_JOUR
  return complet === false ? SOUMISE_A_ACTUALISER : soumiseSansStatut('contenu_illisible')
}

/** Un objet d’étapes vide vaut un document complet, et un document avec accord n’est jamais EN COURS. */
export function bdese(entree: EntreeBdese): Resultat {
  if (!estSuffisammentQualifieeBdese(entree.effectif)) return indecise('qualification_insuffisante')
  const soumise = cinquanteSalariesOuPlus(entree.effectif)
  if (soumise === null) return indecise('tranche_inconnue')
  if (!soumise) return NON_SOUMISE
  switch (typeBdese(entree.effectif, entree.bdeseAccord)) {
    case 'avec_accord':
      return statutAvecAccord(entree.accordComplet)
    case '300':
      return statutDesEtapes(entree.etapes300)
    default:
      return statutDesEtapes(entree.etapes50A300)
  }
}
