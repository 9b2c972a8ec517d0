/** La section d’activité, d’après le code NAF. */
import { expect, test } from 'vitest'
import { SECTIONS_NAF, sectionNaf } from '../../domain/section-naf.ts'

test('la section vient de la division ; hors de la nomenclature, elle est vide', () => {
  expect(['01.11Z', '10.71A', '99.00Z', '04.00Z', '', 'AB', null].map(sectionNaf)).toEqual([
    'A Agriculture',
    'C Industrie manufacturière',
    'U Activités extraterritoriales',
    ...Array(4).fill(null),
  ])
  expect(SECTIONS_NAF.map((nom) => nom[0]).join('')).toBe('ABCDEFGHIJKLMNOPQRSTU')
})
