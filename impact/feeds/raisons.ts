/**
 * Why there is no answer: the closed list of codes in the columns `raison`, for one company (`feeds_egapro`) or a whole
 * feed (`feeds_releve`). A code contains no data. Only this file decides whether a retry can help.
 */

/** Reasons of one failed call; `retry`: the same call may succeed a moment later. */
export const RAISONS_APPEL = {
  delai: { retry: true },
  reseau: { retry: true },
  statut_429: { retry: true },
  statut_500: { retry: true },
  statut_502: { retry: true },
  statut_503: { retry: true },
  statut_504: { retry: true },
  statut_400: { retry: false },
  statut_401: { retry: false },
  statut_403: { retry: false },
  statut_404: { retry: false },
  statut_inattendu: { retry: false },
  redirection_refusee: { retry: false },
  contenu_illisible: { retry: false },
  contenu_trop_grand: { retry: false },
} as const satisfies Record<string, { readonly retry: boolean }>
export type RaisonAppel = keyof typeof RAISONS_APPEL

/** Why one company has no answer. Impact accepts nine characters that are not a siren; the source is not asked about those. */
export type RaisonFait = RaisonAppel | 'siren_invalide'

/** Why a whole feed was refused although its calls succeeded. */
export const RAISONS_RELEVE = [
  'trop_d_inconnus',
  'trop_lent',
  'encodage_inattendu',
  'entete_inattendu',
  'ligne_illisible',
  'date_illisible',
  'siren_illisible',
  'contenu_vide',
  'perte_inattendue',
] as const
export type RaisonReleve = RaisonAppel | (typeof RAISONS_RELEVE)[number]

/** The code for an HTTP status (RFC 9110, section 15); null for 200, the only status that is always an answer. */
export function raisonDuStatut(status: number): RaisonAppel | null {
  if (status === 200) return null
  const raison = `statut_${status}`
  return Object.hasOwn(RAISONS_APPEL, raison) ? (raison as RaisonAppel) : 'statut_inattendu' // sound because it is a key.
}
