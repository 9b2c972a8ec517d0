/**
 * Le résultat d’une réglementation pour une entreprise : soumise ou non, son statut publié, et la raison si l’un des deux ne peut
 * être décidé. Une source externe en panne ou un contenu illisible donne un statut null et une raison, jamais un statut
 * par défaut : des entreprises ont été publiées à jour pendant des mois parce qu’une source ne répondait plus.
 * Les résultats courants sont des constantes partagées, pour éviter d’allouer un objet par ligne.
 */

/** Les textes publiés, tels que les questions enregistrées les filtrent. */
export const STATUTS = ['A ACTUALISER', 'EN COURS', 'A JOUR'] as const
export type Statut = (typeof STATUTS)[number]

export const RAISONS_INCONNU = [
  'qualification_insuffisante',
  'tranche_inconnue',
  'critere_illisible',
  'categorie_juridique_absente',
  'place_dans_le_groupe_inconnue',
  'source_externe_en_panne',
  'source_externe_non_relevee',
  'source_externe_perimee',
  'contenu_illisible',
  'etape_inconnue',
  'module_inconnu',
  'date_illisible',
  'rapports_officiels_multiples',
  'role_inconnu',
] as const
export type RaisonInconnu = (typeof RAISONS_INCONNU)[number]

export interface Resultat {
  readonly estSoumise: boolean | null
  /** null quand l’entreprise n’est pas soumise, ou quand le statut ne peut être décidé. */
  readonly statut: Statut | null
  /** Pourquoi `estSoumise` ou `statut` manque ; null quand rien ne manque. */
  readonly inconnu: RaisonInconnu | null
}

const fige = (estSoumise: boolean | null, statut: Statut | null, inconnu: RaisonInconnu | null): Resultat =>
  Object.freeze({ estSoumise, statut, inconnu })

export const NON_SOUMISE: Resultat = fige(false, null, null)
export const SOUMISE_A_ACTUALISER: Resultat = fige(true, 'A ACTUALISER', null)
export const SOUMISE_EN_COURS: Resultat = fige(true, 'EN COURS', null)
export const SOUMISE_A_JOUR: Resultat = fige(true, 'A JOUR', null)

const INDECISES: ReadonlyMap<RaisonInconnu, Resultat> = new Map(
  RAISONS_INCONNU.map((raison) => [raison, fige(null, null, raison)]),
)
const SANS_STATUT: ReadonlyMap<RaisonInconnu, Resultat> = new Map(
  RAISONS_INCONNU.map((raison) => [raison, fige(true, null, raison)]),
)

/** On ne sait pas si l’entreprise est soumise. */
export const indecise = (raison: RaisonInconnu): Resultat => INDECISES.get(raison) ?? fige(null, null, raison)

/** Soumise, mais son statut ne peut être décidé. */
export const soumiseSansStatut = (raison: RaisonInconnu): Resultat =>
  SANS_STATUT.get(raison) ?? fige(true, null, raison)
