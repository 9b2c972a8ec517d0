/** Les qualifications des essais de la CSRD : chaque tranche et chaque réponse possible, et leurs combinaisons. */
import type { QualificationCsrd } from '../../domain/csrd-criteres.ts'

export const EFFECTIFS = ['0-9', '10-49', '50-249', '250-499', '500+']
export const BILANS = ['0-450k', '450k-25M', '25M-43M', '43M-100M', '100M+']
export const CHIFFRES = ['0-900k', '900k-50M', '50M-100M', '100M+']
export const EFFECTIFS_GROUPE = ['0-49', '50-249', '250-499', '500-4999', '5000-9999', '10000+']
export const BILANS_GROUPE = ['0-30M', '30M-43M', '43M-100M', '100M+']
export const CHIFFRES_GROUPE = ['0-60M', '60M-100M', '100M+']
export const FORMES = [5710, 9220]
export const PAYS = [null, 99404]
export const BOOLEENS = [true, false]

export type Groupe = Pick<
  QualificationCsrd,
  | 'appartientGroupe'
  | 'estSocieteMere'
  | 'comptesConsolides'
  | 'effectifGroupe'
  | 'trancheBilanConsolide'
  | 'trancheChiffreAffairesConsolide'
>

export const HORS_GROUPE: Groupe = {
  appartientGroupe: false,
  estSocieteMere: null,
  comptesConsolides: null,
  effectifGroupe: null,
  trancheBilanConsolide: null,
  trancheChiffreAffairesConsolide: null,
}
export const SANS_COMPTES: readonly Groupe[] = BOOLEENS.map((estSocieteMere) => ({
  ...HORS_GROUPE,
  appartientGroupe: true,
  comptesConsolides: false,
  estSocieteMere,
}))
export const CONSOLIDES: readonly Groupe[] = BOOLEENS.flatMap((estSocieteMere) =>
  EFFECTIFS_GROUPE.flatMap((effectifGroupe) =>
    BILANS_GROUPE.flatMap((trancheBilanConsolide) =>
      CHIFFRES_GROUPE.map((trancheChiffreAffairesConsolide) => ({
        appartientGroupe: true,
        estSocieteMere,
        comptesConsolides: true,
        effectifGroupe,
        trancheBilanConsolide,
        trancheChiffreAffairesConsolide,
      })),
    ),
  ),
)

export function* combinaisons(groupes: readonly Groupe[]): Generator<QualificationCsrd> {
  for (const groupe of groupes)
    for (const effectifSecuriteSociale of EFFECTIFS)
      for (const trancheBilan of BILANS)
        for (const trancheChiffreAffaires of CHIFFRES)
          for (const estCotee of BOOLEENS)
            for (const estInteretPublic of BOOLEENS)
              for (const categorieJuridique of FORMES)
                for (const codePays of PAYS)
                  yield {
                    dateClotureExercice: '2025-12-31',
                    effectifSecuriteSociale,
                    trancheBilan,
                    trancheChiffreAffaires,
                    estCotee,
                    estInteretPublic,
                    categorieJuridique,
                    codePays,
                    ...groupe,
                  }
}

export const PETITE: QualificationCsrd = {
  dateClotureExercice: '2025-12-31',
  categorieJuridique: 5710,
  codePays: null,
  estCotee: false,
  estInteretPublic: false,
  effectifSecuriteSociale: '50-249',
  trancheBilan: '450k-25M',
  trancheChiffreAffaires: '900k-50M',
  ...HORS_GROUPE,
}
export const GRANDE: QualificationCsrd = { ...PETITE, trancheBilan: '100M+', trancheChiffreAffaires: '100M+' }
