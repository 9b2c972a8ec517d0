/**
 * La CSRD d’une entreprise telle qu’elle est publiée : soumise ou non (`csrd-exercice.ts`), le statut d’après le rapport
 * officiel de l’année civile, et l’avancement du dernier rapport. L’appelant choisit ces deux rapports.
 */
import type { QualificationCsrd } from './csrd-criteres.ts'
import { assujettissementCsrd, type PremierExerciceCsrd } from './csrd-exercice.ts'
import {
  indecise,
  NON_SOUMISE,
  type RaisonInconnu,
  type Resultat,
  SOUMISE_A_ACTUALISER,
  SOUMISE_A_JOUR,
  SOUMISE_EN_COURS,
  soumiseSansStatut,
} from './statuts.ts'

/** Les étapes d’un rapport, dans l’ordre. */
export const ETAPES_CSRD = [
  'introduction',
  'selection-enjeux',
  'analyse-materialite',
  'selection-informations',
  'analyse-ecart',
  'redaction-rapport-durabilite',
] as const
export type EtapeCsrd = (typeof ETAPES_CSRD)[number]
const ETAPES: ReadonlyMap<string, EtapeCsrd> = new Map(ETAPES_CSRD.map((etape) => [etape, etape]))

/** Le rapport officiel (sans propriétaire) de l’année civile en cours ; tout est null quand il n’existe pas. */
export interface RapportOfficielCsrd {
  /** Combien il y en a : la base n’en interdit pas deux, et l’on ne sait alors pas lequel est le bon. */
  readonly nombreOfficiels: number | null
  /** `lien_rapport`, la chaîne vide quand le rapport n’est pas publié. */
  readonly lienOfficiel: string | null
  readonly bloqueOfficiel: boolean | null
}

/** Le rapport de l’année la plus haute, brouillons personnels compris ; tout est null quand il n’existe pas. */
export interface DernierRapportCsrd {
  readonly etapeValidee: string | null
  readonly lienDernier: string | null
  readonly nbDocumentsIa: number | null
  /** Le nombre d’enjeux dont la matérialité est décidée. */
  readonly nbEnjeuxAnalyses: number | null
}

/** `inconnu` dit aussi pourquoi l’étape ou le premier exercice manque, même quand le statut est décidé. */
export interface ResultatCsrd extends Resultat {
  readonly premierExercice: PremierExerciceCsrd | null
  readonly etapeValidee: EtapeCsrd | null
  readonly nbDocumentsIa: number
  readonly nbIroSelectionnes: number
  readonly lienRapport: boolean
}

/** Publié et verrouillé : A JOUR. Un lien sans verrou est encore EN COURS. */
export function statutRapportCsrd({ nombreOfficiels, lienOfficiel, bloqueOfficiel }: RapportOfficielCsrd): Resultat {
  if (nombreOfficiels !== null && nombreOfficiels > 1) return soumiseSansStatut('rapports_officiels_multiples')
  if (typeof lienOfficiel !== 'string') return SOUMISE_A_ACTUALISER
  if (lienOfficiel === '' || bloqueOfficiel === false) return SOUMISE_EN_COURS
  return bloqueOfficiel === true ? SOUMISE_A_JOUR : soumiseSansStatut('contenu_illisible')
}

/** L’étape si elle est dans la liste, sinon null : un texte inconnu n’est jamais publié. */
export const etapeValideeCsrd = (etape: string | null): EtapeCsrd | null =>
  etape === null ? null : (ETAPES.get(etape) ?? null)

const denombre = (nombre: number | null): number => (Number.isInteger(nombre) ? Number(nombre) : 0)

const sansRapport = (resultat: Resultat): ResultatCsrd => ({
  estSoumise: resultat.estSoumise,
  statut: resultat.statut,
  inconnu: resultat.inconnu,
  premierExercice: null,
  etapeValidee: null,
  nbDocumentsIa: 0,
  nbIroSelectionnes: 0,
  lienRapport: false,
})
const NON_SOUMISE_CSRD: ResultatCsrd = Object.freeze(sansRapport(NON_SOUMISE))

/** L’avancement du dernier rapport n’est publié que pour une entreprise soumise. */
export function csrd(entree: QualificationCsrd & RapportOfficielCsrd & DernierRapportCsrd): ResultatCsrd {
  const { estSoumise, premierExercice, inconnu } = assujettissementCsrd(entree)
  if (estSoumise === false) return NON_SOUMISE_CSRD
  if (estSoumise === null) return sansRapport(indecise(inconnu ?? 'qualification_insuffisante'))
  const rapport = statutRapportCsrd(entree)
  const etapeValidee = etapeValideeCsrd(entree.etapeValidee)
  const etapeInconnue = etapeValidee === null && entree.etapeValidee !== null
  const raison: RaisonInconnu | null = rapport.inconnu ?? (etapeInconnue ? 'etape_inconnue' : inconnu)
  return {
    estSoumise: true,
    statut: rapport.statut,
    inconnu: raison,
    premierExercice,
    etapeValidee,
    nbDocumentsIa: denombre(entree.nbDocumentsIa),
    nbIroSelectionnes: denombre(entree.nbEnjeuxAnalyses),
    lienRapport: typeof entree.lienDernier === 'string' && entree.lienDernier !== '',
  }
}
