/**
 * La CSRD quand un critère est inconnu : ce que la règle décide est comparé à ce que dirait la table de cas pour chaque
 * valeur que le critère pourrait avoir.
 */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { QualificationCsrd } from '../../domain/csrd-criteres.ts'
import { assujettissementCsrd } from '../../domain/csrd-exercice.ts'
import {
  BILANS,
  BILANS_GROUPE,
  BOOLEENS,
  CHIFFRES,
  CHIFFRES_GROUPE,
  CONSOLIDES,
  EFFECTIFS,
  EFFECTIFS_GROUPE,
  FORMES,
  GRANDE,
  HORS_GROUPE,
  PAYS,
  PETITE,
} from './csrd-combinaisons.ts'
import { premierExerciceSelonLaTable } from './csrd-table.ts'

/** Ce qu’une valeur inconnue peut être en vérité. */
const POSSIBLES: { readonly [C in keyof QualificationCsrd]?: readonly QualificationCsrd[C][] } = {
  categorieJuridique: FORMES,
  estSocieteMere: BOOLEENS,
  effectifSecuriteSociale: EFFECTIFS,
  trancheBilan: BILANS,
  trancheChiffreAffaires: CHIFFRES,
  effectifGroupe: EFFECTIFS_GROUPE,
  trancheBilanConsolide: BILANS_GROUPE,
  trancheChiffreAffairesConsolide: CHIFFRES_GROUPE,
}
type Douteux = keyof typeof POSSIBLES
// sound because the keys of a literal object are its keys.
const DOUTEUX = Object.keys(POSSIBLES) as Douteux[]
const INCONNU: Partial<Record<Douteux, null>> = { categorieJuridique: null, estSocieteMere: null }

const completees = (q: QualificationCsrd, champs: readonly Douteux[]): readonly QualificationCsrd[] =>
  champs.reduce<readonly QualificationCsrd[]>(
    (liste, champ) => liste.flatMap((une) => (POSSIBLES[champ] ?? []).map((valeur) => ({ ...une, [champ]: valeur }))),
    [q],
  )

describe('un critère inconnu', () => {
  const qualification = fc.record({
    dateClotureExercice: fc.constant('2025-12-31'),
    categorieJuridique: fc.constantFrom(...FORMES),
    codePays: fc.constantFrom(...PAYS),
    estCotee: fc.boolean(),
    estInteretPublic: fc.boolean(),
    appartientGroupe: fc.constant(true),
    estSocieteMere: fc.boolean(),
    comptesConsolides: fc.constant(true),
    effectifSecuriteSociale: fc.constantFrom(...EFFECTIFS),
    effectifGroupe: fc.constantFrom(...EFFECTIFS_GROUPE),
    trancheBilan: fc.constantFrom(...BILANS),
    trancheChiffreAffaires: fc.constantFrom(...CHIFFRES),
    trancheBilanConsolide: fc.constantFrom(...BILANS_GROUPE),
    trancheChiffreAffairesConsolide: fc.constantFrom(...CHIFFRES_GROUPE),
  })

  const unique = <T>(valeurs: readonly T[]): T | null => (new Set(valeurs).size === 1 ? (valeurs[0] ?? null) : null)

  it('laisse décider si et seulement si toutes ses valeurs possibles disent la même chose', () => {
    fc.assert(
      fc.property(qualification, fc.constantFrom(...DOUTEUX), (q, champ) => {
        const { estSoumise, premierExercice, inconnu } = assujettissementCsrd({
          ...q,
          [champ]: champ in INCONNU ? null : 'inconnue',
        })
        const verites = completees(q, [champ]).map((une) => premierExerciceSelonLaTable(une).exercice)
        expect(estSoumise).toBe(unique(verites.map((exercice) => exercice !== null)))
        expect(premierExercice).toBe(unique(verites))
        expect(inconnu === null).toBe(new Set(verites).size === 1)
      }),
      { numRuns: 1000 },
    )
  })

  it('à plusieurs, ne laisse jamais décider autre chose que la vérité', () => {
    fc.assert(
      fc.property(qualification, fc.uniqueArray(fc.constantFrom(...DOUTEUX), { maxLength: 3 }), (q, champs) => {
        const inconnus = Object.fromEntries(champs.map((champ) => [champ, champ in INCONNU ? null : 'inconnue']))
        const { estSoumise, premierExercice } = assujettissementCsrd({ ...q, ...inconnus })
        const verites = completees(q, champs).map((une) => premierExerciceSelonLaTable(une).exercice)
        const contraires = verites.filter(
          (exercice) =>
            (estSoumise !== null && estSoumise !== (exercice !== null)) ||
            (premierExercice !== null && premierExercice !== exercice),
        )
        expect(contraires).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test.each<[string, Partial<QualificationCsrd>, boolean | null, string | null]>([
    ['sans code juridique, une grande', { ...GRANDE, categorieJuridique: null }, null, 'categorie_juridique_absente'],
    ['sans code juridique, une petite', { categorieJuridique: null }, false, null],
    [
      'sans code juridique, d’intérêt public',
      { ...GRANDE, categorieJuridique: null, estInteretPublic: true },
      true,
      null,
    ],
    [
      'une tranche inconnue qui décide',
      { trancheBilan: '100M+', effectifSecuriteSociale: '0-49' },
      null,
      'tranche_inconnue',
    ],
    ['une tranche inconnue qui ne décide pas', { trancheBilan: '0-49' }, false, null],
    [
      'mère ou filiale d’un grand groupe, on ne sait',
      { ...(CONSOLIDES[71] ?? HORS_GROUPE), estSocieteMere: null },
      null,
      'place_dans_le_groupe_inconnue',
    ],
  ])('%s', (_nom, propre, estSoumise, inconnu) => {
    const resultat = assujettissementCsrd({ ...PETITE, ...propre })
    expect([resultat.estSoumise, resultat.inconnu]).toEqual([estSoumise, inconnu])
  })
})
