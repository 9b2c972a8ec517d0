/**
 * Ce qu’un relevé de source externe (EgaPro, BGES) dit d’une entreprise. Trois états, pour qu’une panne ne compte jamais
 * comme une réponse : « connu », la source a répondu et a une donnée ; « absent », elle a répondu qu’il n’y en a pas ;
 * « inconnu », elle n’a pas répondu ou sa réponse est incompréhensible. Sans aucun relevé, l’état est null.
 */
import type { RaisonInconnu } from './statuts.ts'

export const ETATS_SOURCE = ['connu', 'absent', 'inconnu'] as const
export type EtatSource = (typeof ETATS_SOURCE)[number]

/** Pourquoi un relevé ne dit rien ; null quand il dit quelque chose. Un état hors liste ne dit rien. */
export function raisonSansReponse(etat: string | null): RaisonInconnu | null {
  if (etat === 'connu' || etat === 'absent') return null
  return etat === null ? 'source_externe_non_relevee' : 'source_externe_en_panne'
}
