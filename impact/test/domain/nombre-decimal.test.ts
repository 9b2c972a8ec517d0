/** La lecture des décimaux : toutes les écritures de Python, comparées à un calcul exact en entiers. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atteintLeSeuil } from '../../domain/nombre-decimal.ts'

test.each([
  ['1E+3', true],
  ['5E+1', true],
  ['50.00', true],
  ['0.5E+2', true],
  ['5E-1', false],
  ['0E+9', false],
  ['0E-10', false],
  ['-0', false],
  ['-1E+3', false],
  ['49.99999999999999999999999999', false],
  ['50.00000000000000000000000001', true],
  ['1E+999999999999999999', true],
  ['1E-999999999999999999', false],
  [`0.${'0'.repeat(400)}5E+402`, true],
  [`0.${'0'.repeat(400)}5E+401`, false],
  ['.5e2', true],
  ['+50.', true],
])('%s : cinquante ou plus, %j', (texte, attendu) => {
  expect(atteintLeSeuil(texte, 50)).toBe(attendu)
})

test.each([
  'NaN',
  'sNaN',
  'Infinity',
  '-Infinity',
  '',
  '.',
  '-',
  'E+3',
  '1E',
  '1E+',
  '1E+1.5',
  '1,5',
  '1 000',
  ' 50',
  '50\n',
  '1_000',
  '٥٠',
  '５０',
  '0x32',
  '--5',
  '1.2.3',
  'cinquante',
  true,
  null,
  undefined,
  [50],
  { n: 50 },
  Number.NaN,
])('%j n’est pas un nombre que l’application enregistre', (valeur) => {
  expect(atteintLeSeuil(valeur, 50)).toBe(Number.isNaN(valeur) ? false : null)
})

/** Le texte de `Decimal(signe, chiffres, exposant)`, d’après la spécification de l’arithmétique décimale que Python suit. */
function texteDePython(negatif: boolean, chiffres: string, exposant: number): string {
  const rang = exposant + chiffres.length - 1
  const signe = negatif ? '-' : ''
  if (exposant > 0 || rang < -6) {
    const suite = chiffres.length > 1 ? `.${chiffres.slice(1)}` : ''
    return `${signe}${chiffres[0]}${suite}E${rang < 0 ? '' : '+'}${rang}`
  }
  if (exposant === 0) return `${signe}${chiffres}`
  const point = chiffres.length + exposant
  return point > 0
    ? `${signe}${chiffres.slice(0, point)}.${chiffres.slice(point)}`
    : `${signe}0.${'0'.repeat(-point)}${chiffres}`
}

test('tout Decimal se compare exactement à tout seuil', () => {
  const decimal = fc.record({
    negatif: fc.boolean(),
    coefficient: fc.oneof(fc.bigInt({ min: 0n, max: 200n }), fc.bigInt({ min: 0n, max: 10n ** 40n })),
    exposant: fc.integer({ min: -60, max: 60 }),
  })
  fc.assert(
    fc.property(decimal, fc.integer({ min: 1, max: 10_000 }), ({ negatif, coefficient, exposant }, seuil) => {
      const exact = (negatif ? -coefficient : coefficient) * 10n ** BigInt(60 + exposant)
      const texte = texteDePython(negatif, String(coefficient), exposant)
      expect(atteintLeSeuil(texte, seuil)).toBe(exact >= BigInt(seuil) * 10n ** 60n)
    }),
    { numRuns: 2_000 },
  )
})

test('un texte d’un million de chiffres se lit sans attendre', () => {
  const chiffres = '1'.repeat(1_000_000)
  expect(
    [`${chiffres}x`, `${chiffres}.${chiffres}x`, chiffres, `1${'0'.repeat(999_999)}1E-999999`].map((texte) =>
      atteintLeSeuil(texte, 50),
    ),
  ).toEqual([null, null, true, false])
})
