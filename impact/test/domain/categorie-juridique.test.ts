/** Les plages de codes de l’INSEE et leurs trous, bornes comprises. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CATEGORIES_JURIDIQUES, categorieJuridique } from '../../domain/categorie-juridique.ts'

describe('la catégorie juridique d’un code', () => {
  test.each([
    [null, null],
    [0, null],
    [1000, 'AUTRE'],
    [5307, 'AUTRE'],
    [5308, 'SOCIETE_COMMANDITE_PAR_ACTIONS'],
    [5385, 'SOCIETE_COMMANDITE_PAR_ACTIONS'],
    [5386, 'AUTRE'],
    [5442, 'AUTRE'],
    [5443, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5458, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5460, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5461, 'AUTRE'],
    [5499, 'AUTRE'],
    [5504, 'AUTRE'],
    [5505, 'SOCIETE_ANONYME'],
    [5515, 'SOCIETE_ANONYME'],
    [5516, 'AUTRE'],
    [5520, 'AUTRE'],
    [5521, 'AUTRE'],
    [5522, 'SOCIETE_ANONYME'],
    [5542, 'SOCIETE_ANONYME'],
    [5543, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5544, 'AUTRE'],
    [5545, 'AUTRE'],
    [5546, 'SOCIETE_ANONYME'],
    [5547, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5548, 'AUTRE'],
    [5551, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5560, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5570, 'AUTRE'],
    [5585, 'AUTRE'],
    [5598, 'AUTRE'],
    [5599, 'SOCIETE_ANONYME'],
    [5642, 'SOCIETE_ANONYME'],
    [5643, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5646, 'SOCIETE_ANONYME'],
    [5647, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5648, 'SOCIETE_ANONYME'],
    [5649, 'AUTRE'],
    [5651, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5660, 'SOCIETE_COOPERATIVE_DE_PRODUCTION'],
    [5661, 'AUTRE'],
    [5670, 'SOCIETE_ANONYME'],
    [5699, 'SOCIETE_ANONYME'],
    [5700, 'AUTRE'],
    [5710, 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES'],
    [5785, 'SOCIETE_PAR_ACTIONS_SIMPLIFIEES'],
    [5786, 'AUTRE'],
    [5800, 'SOCIETE_EUROPEENNE'],
    [6316, 'AUTRE'],
    [6317, 'SOCIETE_COOPERATIVE_AGRICOLE'],
    [6318, 'SOCIETE_COOPERATIVE_AGRICOLE'],
    [6411, 'SOCIETE_ASSURANCE_MUTUELLE'],
    [8210, 'MUTUELLE'],
    [8510, 'INSTITUTION_PREVOYANCE'],
    [9220, 'AUTRE'],
    [-1, 'AUTRE'],
    [Number.NaN, 'AUTRE'],
    [5710.5, 'AUTRE'],
  ])('%s donne %s', (code, attendue) => {
    expect(categorieJuridique(code)).toBe(attendue)
  })

  it('ne sort jamais de la liste fermée, dont chaque nom tient dans cinquante caractères', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double(), fc.integer({ min: 0, max: 9999 })), (code) => {
        const categorie = categorieJuridique(code)
        expect(categorie === null ? code === 0 : CATEGORIES_JURIDIQUES.includes(categorie)).toBe(true)
      }),
    )
    for (const nom of CATEGORIES_JURIDIQUES) expect(nom.length).toBeLessThanOrEqual(50)
  })

  it('nomme chaque catégorie de la liste pour au moins un code', () => {
    const trouvees = new Set(Array.from({ length: 10_000 }, (_, code) => categorieJuridique(code)))
    expect([...trouvees].filter((categorie) => categorie !== null).sort()).toEqual([...CATEGORIES_JURIDIQUES].sort())
  })
})
