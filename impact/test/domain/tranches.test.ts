/** Les listes fermées de tranches, leurs seuils, et la logique à trois valeurs qui les combine. */
import { describe, expect, it, test } from 'vitest'
import {
  cinquanteSalariesOuPlus,
  EFFECTIFS,
  EFFECTIFS_GROUPE,
  EFFECTIFS_OUTRE_MER,
  EFFECTIFS_SECURITE_SOCIALE,
} from '../../domain/effectifs.ts'
import { auMoinsDeux, et, non, ou, type Ternaire, ternaire } from '../../domain/ternaire.ts'
import {
  atteint,
  type Echelle,
  estTranche,
  TRANCHES_BILAN,
  TRANCHES_BILAN_CONSOLIDE,
  TRANCHES_CHIFFRE_AFFAIRES,
  TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE,
} from '../../domain/tranches.ts'

const LISTES: readonly (readonly [string, Echelle, readonly string[]])[] = [
  ['effectif', EFFECTIFS, ['0-9', '10-49', '50-249', '250-299', '300-499', '500-4999', '5000-9999', '10000+']],
  ['sécurité sociale', EFFECTIFS_SECURITE_SOCIALE, ['0-9', '10-49', '50-249', '250-499', '500+']],
  ['outre-mer', EFFECTIFS_OUTRE_MER, ['0-249', '250+']],
  ['groupe', EFFECTIFS_GROUPE, ['0-49', '50-249', '250-499', '500-4999', '5000-9999', '10000+']],
  ['chiffre d’affaires', TRANCHES_CHIFFRE_AFFAIRES, ['0-900k', '900k-50M', '50M-100M', '100M+']],
  ['bilan', TRANCHES_BILAN, ['0-450k', '450k-25M', '25M-43M', '43M-100M', '100M+']],
  ['chiffre d’affaires consolidé', TRANCHES_CHIFFRE_AFFAIRES_CONSOLIDE, ['0-60M', '60M-100M', '100M+']],
  ['bilan consolidé', TRANCHES_BILAN_CONSOLIDE, ['0-30M', '30M-43M', '43M-100M', '100M+']],
]

const UNITES: Readonly<Record<string, number>> = { '': 1, k: 1, M: 1000 }

describe('les tranches', () => {
  test.each(LISTES)('%s : la liste est celle du questionnaire', (_nom, tranches, attendues) => {
    expect([...tranches.keys()]).toEqual(attendues)
  })

  test.each(LISTES)('%s : chaque tranche porte la borne basse que dit son nom', (_nom, tranches) => {
    for (const [tranche, borne] of tranches) {
      const [, chiffres = '', unite = ''] = /^([\d.]+)(k|M)?/.exec(tranche) ?? []
      const haute = /(k|M)\+?$/.exec(tranche)?.[1] ?? ''
      expect(borne).toBe(Number(chiffres) * (UNITES[unite === '' && chiffres !== '0' ? haute : unite] ?? 1))
    }
  })

  test.each<[string | null, Ternaire]>([
    ['0-9', false],
    ['10-49', false],
    ['50-249', true],
    ['250-299', true],
    ['10000+', true],
    ['0-49', null],
    ['grand', null],
    ['sup500', null],
    ['', null],
    [null, null],
  ])('un effectif %s atteint cinquante salariés : %s', (effectif, attendu) => {
    expect(cinquanteSalariesOuPlus(effectif)).toBe(attendu)
  })

  it('ce qui n’est pas un texte de la liste n’est pas une tranche', () => {
    for (const valeur of [null, undefined, 0, {}, [], Symbol('x'), 'toString', '__proto__']) {
      expect(estTranche(EFFECTIFS, valeur)).toBe(false)
      expect(atteint(EFFECTIFS, valeur, 0)).toBeNull()
    }
    expect(estTranche(EFFECTIFS, '0-9')).toBe(true)
  })
})

describe('la logique à trois valeurs', () => {
  const valeurs: readonly Ternaire[] = [true, false, null]
  const completions = (v: Ternaire): readonly boolean[] => (v === null ? [true, false] : [v])
  const commun = (issues: readonly boolean[]): Ternaire =>
    issues.every((issue) => issue) ? true : issues.some((issue) => issue) ? null : false

  it('décide exactement ce que toutes les valeurs possibles décident', () => {
    for (const a of valeurs) {
      expect(non(a)).toBe(commun(completions(a).map((x) => !x)))
      for (const b of valeurs) {
        const paires = completions(a).flatMap((x) => completions(b).map((y) => [x, y] as const))
        expect(et(a, b)).toBe(commun(paires.map(([x, y]) => x && y)))
        expect(ou(a, b)).toBe(commun(paires.map(([x, y]) => x || y)))
        for (const c of valeurs) {
          const triplets = paires.flatMap(([x, y]) => completions(c).map((z) => Number(x) + Number(y) + Number(z) >= 2))
          expect(auMoinsDeux(a, b, c)).toBe(commun(triplets))
        }
      }
    }
  })

  it('ne devine pas un booléen', () => {
    expect([true, false, null, undefined, 0, 1, 'true', {}].map(ternaire)).toEqual([
      true,
      false,
      null,
      null,
      null,
      null,
      null,
      null,
    ])
  })
})
