/**
 * Les critères de la CSRD : forme juridique, taille de l’entreprise et du groupe (code de commerce, articles L. 230-1,
 * L. 230-2, D. 230-1 et D. 230-2), siège dans l’Espace économique européen. Chacun est vrai, faux ou inconnu ; leur
 * combinaison est dans `csrd-exercice.ts`. Une tranche hors de sa liste ou un code juridique absent est inconnu.
 */
import { EFFECTIFS_GROUPE, EFFECTIFS_SECURITE_SOCIALE } from './effectifs.ts'
import { auMoinsDeux, et, non, ou, type Ternaire, ternaire } from './ternaire.ts'
import {
  atteint,
  type Echelle,
  TRANCHES_BILAN,
  TRANCHES_BILAN_CONSOLIDE,
  TRANCHES_CHIFFRE_AFFAIRES,
  TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE,
} from './tranches.ts'

export interface QualificationCsrd {
  readonly dateClotureExercice: string | null
  /** Code à quatre chiffres de l’INSEE. */
  readonly categorieJuridique: number | null
  /** Code de pays étranger de l’INSEE ; null pour la France. */
  readonly codePays: number | null
  readonly estCotee: boolean | null
  readonly estInteretPublic: boolean | null
  readonly appartientGroupe: boolean | null
  readonly estSocieteMere: boolean | null
  readonly comptesConsolides: boolean | null
  readonly effectifSecuriteSociale: string | null
  readonly effectifGroupe: string | null
  readonly trancheBilan: string | null
  readonly trancheChiffreAffaires: string | null
  readonly trancheBilanConsolide: string | null
  readonly trancheChiffreAffairesConsolide: string | null
}

const PAYS_EEE: ReadonlySet<number> = new Set([
  99101, 99102, 99103, 99104, 99105, 99106, 99107, 99108, 99109, 99110, 99111, 99112, 99113, 99114, 99116, 99117, 99119,
  99122, 99126, 99127, 99131, 99134, 99135, 99136, 99137, 99139, 99144, 99145, 99254,
])

const manque = (valeur: unknown): boolean => valeur === null || valeur === undefined

/** Si c’est faux, l’entreprise n’a pas de ligne publiée. La place dans le groupe n’est pas exigée. */
export function estSuffisammentQualifieeCsrd(q: QualificationCsrd): boolean {
  const seule =
    !manque(q.dateClotureExercice) &&
    !manque(q.estCotee) &&
    !manque(q.estInteretPublic) &&
    !manque(q.effectifSecuriteSociale) &&
    !manque(q.trancheBilan) &&
    !manque(q.trancheChiffreAffaires) &&
    !manque(q.appartientGroupe)
  if (!seule || q.appartientGroupe === false) return seule
  if (manque(q.comptesConsolides) || q.comptesConsolides === false) return !manque(q.comptesConsolides)
  return !manque(q.effectifGroupe) && !manque(q.trancheBilanConsolide) && !manque(q.trancheChiffreAffairesConsolide)
}

/** Société de capitaux, coopérative, assurance ou mutuelle visée ; null sans code. */
function formeVisee(code: unknown): Ternaire {
  if (typeof code !== 'number') return null
  return (
    code === 3120 || (code >= 5100 && code <= 6199) || (code >= 6300 && code <= 6499) || (code >= 8100 && code <= 8299)
  )
}

/** La forme juridique est visée, ou l’entreprise est d’intérêt public. */
export const entreDansLeChamp = (q: QualificationCsrd): Ternaire =>
  ou(formeVisee(q.categorieJuridique), ternaire(q.estInteretPublic))

/** Deux critères sur trois parmi 25 M€ de bilan, 50 M€ de chiffre d’affaires, 250 salariés. */
export const estGrandeEntreprise = (q: QualificationCsrd): Ternaire =>
  auMoinsDeux(
    atteint(TRANCHES_BILAN, q.trancheBilan, 25_000),
    atteint(TRANCHES_CHIFFRE_AFFAIRES, q.trancheChiffreAffaires, 50_000),
    atteint(EFFECTIFS_SECURITE_SOCIALE, q.effectifSecuriteSociale, 250),
  )

/** Deux critères sur trois sous 450 k€ de bilan, 900 k€ de chiffre d’affaires, 10 salariés. */
export const estMicroEntreprise = (q: QualificationCsrd): Ternaire =>
  auMoinsDeux(
    non(atteint(TRANCHES_BILAN, q.trancheBilan, 450)),
    non(atteint(TRANCHES_CHIFFRE_AFFAIRES, q.trancheChiffreAffaires, 900)),
    non(atteint(EFFECTIFS_SECURITE_SOCIALE, q.effectifSecuriteSociale, 10)),
  )

/** Un groupe sans comptes consolidés n’a pas de tranche consolidée : le seuil n’est pas atteint, il n’est pas inconnu. */
const atteintParLeGroupe = (tranches: Echelle, valeur: string | null, seuil: number): Ternaire =>
  manque(valeur) ? false : atteint(tranches, valeur, seuil)

/** Dans un groupe qui atteint deux critères sur trois : 30 M€ de bilan, 60 M€ de chiffre d’affaires, 250 salariés. */
export const estGrandGroupe = (q: QualificationCsrd): Ternaire =>
  et(
    ternaire(q.appartientGroupe),
    auMoinsDeux(
      atteintParLeGroupe(TRANCHES_BILAN_CONSOLIDE, q.trancheBilanConsolide, 30_000),
      atteintParLeGroupe(TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE, q.trancheChiffreAffairesConsolide, 60_000),
      atteintParLeGroupe(EFFECTIFS_GROUPE, q.effectifGroupe, 250),
    ),
  )

export const aCinqCentsSalaries = (q: QualificationCsrd): Ternaire =>
  atteint(EFFECTIFS_SECURITE_SOCIALE, q.effectifSecuriteSociale, 500)

export const groupeACinqCentsSalaries = (q: QualificationCsrd): Ternaire =>
  atteintParLeGroupe(EFFECTIFS_GROUPE, q.effectifGroupe, 500)

export const aCentMillionsDeChiffreAffaires = (q: QualificationCsrd): Ternaire =>
  atteint(TRANCHES_CHIFFRE_AFFAIRES, q.trancheChiffreAffaires, 100_000)

/** Tout code de pays hors de la liste, même inconnu de l’INSEE, est hors de l’Espace économique européen. */
export const estDansEee = (codePays: number | null): boolean => manque(codePays) || PAYS_EEE.has(codePays as number) // sound because Set.has only compares, whatever the value.
