/**
 * Le premier exercice pour lequel une entreprise doit un rapport de durabilité (directive (UE) 2022/2464 dite CSRD,
 * ordonnance n° 2023-1142, reports de la directive (UE) 2025/794). Quand un critère est inconnu, la règle calcule toutes les
 * issues possibles, et ne décide que si elles s’accordent. Le statut du rapport est dans `csrd.ts`.
 */
import {
  aCentMillionsDeChiffreAffaires,
  aCinqCentsSalaries,
  entreDansLeChamp,
  estDansEee,
  estGrandeEntreprise,
  estGrandGroupe,
  estMicroEntreprise,
  estSuffisammentQualifieeCsrd,
  groupeACinqCentsSalaries,
  type QualificationCsrd,
} from './csrd-criteres.ts'
import { EFFECTIFS_GROUPE, EFFECTIFS_SECURITE_SOCIALE } from './effectifs.ts'
import type { RaisonInconnu } from './statuts.ts'
import { et, non, ou, type Ternaire, ternaire } from './ternaire.ts'
import {
  estTranche,
  TRANCHES_BILAN,
  TRANCHES_BILAN_CONSOLIDE,
  TRANCHES_CHIFFRE_AFFAIRES,
  TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE,
} from './tranches.ts'

export const PREMIERS_EXERCICES_CSRD = [2024, 2027, 2028] as const
export type PremierExerciceCsrd = (typeof PREMIERS_EXERCICES_CSRD)[number]

export interface AssujettissementCsrd {
  readonly estSoumise: boolean | null
  /** L’exercice ouvert à compter du 1er janvier de cette année ; null si non soumise ou indécis. */
  readonly premierExercice: PremierExerciceCsrd | null
  /** Pourquoi l’un des deux manque ; null quand tout est décidé. */
  readonly inconnu: RaisonInconnu | null
}

/** Un ensemble d’issues possibles, un bit par issue. */
type Issues = number
const NON_SOUMISE: Issues = 1
const EXERCICE_2024: Issues = 2
const EXERCICE_2027: Issues = 4
const EXERCICE_2028: Issues = 8

const selon = (critere: Ternaire, alors: Issues, sinon: Issues): Issues =>
  critere === null ? alors | sinon : critere ? alors : sinon

function dansUnGrandGroupe(q: QualificationCsrd, cotee: Ternaire, grande: Ternaire, cinqCents: Ternaire): Issues {
  const groupeCinqCents = groupeACinqCentsSalaries(q)
  const mere = selon(et(ou(cotee, ternaire(q.estInteretPublic)), groupeCinqCents), EXERCICE_2024, EXERCICE_2027)
  const petiteOuMoyenne = selon(
    et(cotee, non(estMicroEntreprise(q))),
    selon(groupeCinqCents, EXERCICE_2024, EXERCICE_2027),
    NON_SOUMISE,
  )
  const filiale = selon(grande, selon(et(cotee, cinqCents), EXERCICE_2024, EXERCICE_2027), petiteOuMoyenne)
  return selon(ternaire(q.estSocieteMere), mere, filiale)
}

function horsGrandGroupe(q: QualificationCsrd, cotee: Ternaire, grande: Ternaire, cinqCents: Ternaire): Issues {
  if (!estDansEee(q.codePays)) {
    return selon(grande, EXERCICE_2027, selon(aCentMillionsDeChiffreAffaires(q), EXERCICE_2028, NON_SOUMISE))
  }
  const selonCinqCents = selon(cinqCents, EXERCICE_2024, EXERCICE_2027)
  return selon(
    cotee,
    selon(grande, selonCinqCents, selon(estMicroEntreprise(q), NON_SOUMISE, EXERCICE_2028)),
    selon(grande, selon(ternaire(q.estInteretPublic), selonCinqCents, EXERCICE_2027), NON_SOUMISE),
  )
}

function issuesPossibles(q: QualificationCsrd): Issues {
  const champ = entreDansLeChamp(q)
  if (champ === false) return NON_SOUMISE
  const cotee = ternaire(q.estCotee)
  const grande = estGrandeEntreprise(q)
  const cinqCents = aCinqCentsSalaries(q)
  const grandGroupe = estGrandGroupe(q)
  if (grandGroupe === true) return selon(champ, dansUnGrandGroupe(q, cotee, grande, cinqCents), NON_SOUMISE)
  const hors = horsGrandGroupe(q, cotee, grande, cinqCents)
  if (grandGroupe === false) return selon(champ, hors, NON_SOUMISE)
  return selon(champ, dansUnGrandGroupe(q, cotee, grande, cinqCents) | hors, NON_SOUMISE)
}

const estBooleen = (valeur: unknown): boolean => ternaire(valeur) !== null

const tranchesConnues = (q: QualificationCsrd): boolean =>
  estTranche(EFFECTIFS_SECURITE_SOCIALE, q.effectifSecuriteSociale) &&
  estTranche(TRANCHES_BILAN, q.trancheBilan) &&
  estTranche(TRANCHES_CHIFFRE_AFFAIRES, q.trancheChiffreAffaires) &&
  (q.effectifGroupe === null || estTranche(EFFECTIFS_GROUPE, q.effectifGroupe)) &&
  (q.trancheBilanConsolide === null || estTranche(TRANCHES_BILAN_CONSOLIDE, q.trancheBilanConsolide)) &&
  (q.trancheChiffreAffairesConsolide === null ||
    estTranche(TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE, q.trancheChiffreAffairesConsolide))

/** La première cause trouvée, dans l’ordre du code : une seule est publiée. */
function raisonDuDoute(q: QualificationCsrd): RaisonInconnu {
  if (!estBooleen(q.estCotee) || !estBooleen(q.estInteretPublic) || !estBooleen(q.appartientGroupe)) {
    return 'critere_illisible'
  }
  if (entreDansLeChamp(q) === null) return 'categorie_juridique_absente'
  return tranchesConnues(q) ? 'place_dans_le_groupe_inconnue' : 'tranche_inconnue'
}

const assujettissement = (
  estSoumise: boolean | null,
  premierExercice: PremierExerciceCsrd | null,
  inconnu: RaisonInconnu | null,
): AssujettissementCsrd => Object.freeze({ estSoumise, premierExercice, inconnu })

const INSUFFISANTE = assujettissement(null, null, 'qualification_insuffisante')
const DECIDEES: ReadonlyMap<Issues, AssujettissementCsrd> = new Map([
  [NON_SOUMISE, assujettissement(false, null, null)],
  [EXERCICE_2024, assujettissement(true, 2024, null)],
  [EXERCICE_2027, assujettissement(true, 2027, null)],
  [EXERCICE_2028, assujettissement(true, 2028, null)],
])

/** `estSoumise` peut être décidé sans que le premier exercice le soit ; l’inverse, jamais. */
export function assujettissementCsrd(q: QualificationCsrd): AssujettissementCsrd {
  if (!estSuffisammentQualifieeCsrd(q)) return INSUFFISANTE
  const issues = issuesPossibles(q)
  const decidee = DECIDEES.get(issues)
  if (decidee !== undefined) return decidee
  return assujettissement((issues & NON_SOUMISE) === 0 ? true : null, null, raisonDuDoute(q))
}
