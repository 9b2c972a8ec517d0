/** Le nom du pays de chaque code, dans la forme que filtrent les questions enregistrées. */
import { describe, expect, it, test } from 'vitest'
import { pays } from '../../domain/pays.ts'
import { PAYS_INSEE } from '../../domain/pays-insee.ts'

describe('le pays d’un code', () => {
  test.each([
    [null, 'France'],
    [99101, 'Danemark'],
    [99103, 'Norvege'],
    [99501, 'Australie'],
    [99502, 'Nouvelle-zelande'],
    [99132, 'Royaume-uni'],
    [99404, 'Etats-unis'],
    [99136, 'Irlande, ou eire'],
    [99109, 'Allemagne'],
    [99131, 'Belgique'],
    [99134, 'Espagne'],
    [99127, 'Italie'],
    [99137, 'Luxembourg'],
    [99401, 'Canada'],
    [99140, 'Suisse'],
    [99122, 'Pologne'],
    [99142, "Republique federale d'allemagne"],
    [99326, "Cote d'ivoire"],
    [99439, 'Sainte-lucie'],
    [99444, 'Curaçao'],
    [99261, 'Palestine (etat de)'],
    [99238, 'Coree (republique populaire democratique de)'],
    [99306, 'Sainte helene, ascension et tristan da cunha'],
    [99516, 'Micronesie (etats federes de)'],
    [99999, null],
    [99100, null],
    [0, null],
    [Number.NaN, null],
  ])('%s donne %s', (code, attendu) => {
    expect(pays(code)).toBe(attendu)
  })
})

describe('la table de l’INSEE', () => {
  it('tient 236 codes différents', () => {
    expect(new Set(PAYS_INSEE.map(([code]) => code)).size).toBe(236)
    expect(PAYS_INSEE).toHaveLength(236)
  })

  it('ne publie que des noms propres : une capitale, pas de tabulation ni d’espace perdue, cinquante caractères au plus', () => {
    for (const [code] of PAYS_INSEE) {
      const nom = pays(code) ?? ''
      expect(nom).toMatch(/^[A-Z][a-zç' (),.-]+$/)
      expect(nom).toBe(nom.trim())
      expect(nom.length).toBeLessThanOrEqual(50)
    }
  })

  it('ne donne deux fois le même nom à aucun code', () => {
    expect(new Set(PAYS_INSEE.map(([code]) => pays(code))).size).toBe(236)
  })
})
