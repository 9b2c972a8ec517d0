/**
 * La qualification complète d’une entreprise : les réponses sans lesquelles le questionnaire d’Impact n’est pas terminé.
 * L’application ne s’en sert qu’à l’écran ; ce que chaque réglementation exige pour elle-même est dans son fichier.
 */

/** Le questionnaire a changé ce jour-là : les réponses enregistrées avant sont à revoir. */
const QUESTIONNAIRE_ACTUEL = Date.UTC(2024, 10, 15)

const INSTANT_UTC = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?$/

export interface QualificationGroupe {
  readonly appartientGroupe: boolean | null
  readonly effectifGroupe: string | null
  readonly effectifGroupeFrance: string | null
  readonly estSocieteMere: boolean | null
  readonly societeMereEnFrance: boolean | null
  readonly comptesConsolides: boolean | null
  readonly trancheBilanConsolide: string | null
  readonly trancheChiffreAffairesConsolide: string | null
}

export interface Qualification extends QualificationGroupe {
  readonly dateClotureExercice: string | null
  readonly effectif: string | null
  readonly effectifSecuriteSociale: string | null
  readonly effectifOutreMer: string | null
  readonly trancheChiffreAffaires: string | null
  readonly trancheBilan: string | null
  readonly trancheConsommationEnergieFinale: string | null
  readonly estCotee: boolean | null
  readonly estInteretPublic: boolean | null
  readonly bdeseAccord: boolean | null
  readonly codeNaf: string | null
  /** Dernière modification de l’entreprise, en UTC : `AAAA-MM-JJTHH:MM:SS.ffffffZ` ou `AAAA-MM-JJ`. */
  readonly modifieeLe: string | null
}

const estRempli = (texte: string | null): boolean => typeof texte === 'string' && texte !== ''
const estRepondu = (reponse: boolean | null): boolean => reponse === true || reponse === false

const estRecente = (modifieeLe: string | null): boolean =>
  typeof modifieeLe === 'string' && INSTANT_UTC.test(modifieeLe) && Date.parse(modifieeLe) > QUESTIONNAIRE_ACTUEL

/** Hors d’un groupe, rien d’autre n’est demandé ; dans un groupe, tout, et les comptes consolidés s’il y en a. */
export function groupeEstQualifie(groupe: QualificationGroupe): boolean {
  if (!estRepondu(groupe.appartientGroupe)) return false
  if (groupe.appartientGroupe === false) return true
  const repondu =
    estRempli(groupe.effectifGroupe) &&
    estRempli(groupe.effectifGroupeFrance) &&
    estRepondu(groupe.estSocieteMere) &&
    estRepondu(groupe.societeMereEnFrance) &&
    estRepondu(groupe.comptesConsolides)
  if (!repondu || groupe.comptesConsolides === false) return repondu
  return estRempli(groupe.trancheBilanConsolide) && estRempli(groupe.trancheChiffreAffairesConsolide)
}

/** Une réponse est remplie ou non : on ne demande pas ici qu’une tranche soit connue. */
export const estEntierementQualifiee = (q: Qualification): boolean =>
  estRempli(q.dateClotureExercice) &&
  estRempli(q.effectif) &&
  estRempli(q.effectifSecuriteSociale) &&
  estRempli(q.effectifOutreMer) &&
  estRempli(q.trancheChiffreAffaires) &&
  estRempli(q.trancheBilan) &&
  estRempli(q.trancheConsommationEnergieFinale) &&
  estRepondu(q.estCotee) &&
  estRepondu(q.estInteretPublic) &&
  estRepondu(q.bdeseAccord) &&
  estRempli(q.codeNaf) &&
  estRecente(q.modifieeLe) &&
  groupeEstQualifie(q)
