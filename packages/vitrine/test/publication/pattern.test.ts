/** Each pattern is found however it is written, wherever it stands, and what only looks like one is not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { holdsPattern, PATTERNS, type Pattern, TELLING_DIGITS } from '../../src/publication/pattern.ts'
import { digits, inText, PLANTED } from '../copy/planted-values.ts'

const bytesOf = (text: string) => Buffer.from(text).toString('latin1')
const found = (text: string) =>
  PATTERNS.filter((pattern) => holdsPattern(pattern, bytesOf(text))).map(({ name }) => name)
const BY_NAME = PATTERNS.map((pattern): [string, Pattern] => [pattern.name, pattern])

test.each(BY_NAME)('%s: found in any text, and its bytes tell it at a glance', (_name, pattern) => {
  const { name, shortest, needs, bare } = pattern
  const planted = fc.property(PLANTED[name], (value) => {
    expect(value.length).toBeGreaterThanOrEqual(shortest)
    for (const needed of needs) expect(value).toContain(needed)
    if (needs === '') expect(value.replace(/[^0-9]/g, '').length).toBeGreaterThanOrEqual(TELLING_DIGITS)
    if (needs === '' && /^[0-9]+$/.test(value)) expect(bare).toContain(value.length)
  })
  fc.assert(planted, { numRuns: 500 })
  fc.assert(
    fc.property(inText(PLANTED[name]), (text) => holdsPattern(pattern, bytesOf(text))),
    { numRuns: 500 },
  )
})

describe('nothing is found in', () => {
  test.each([
    '12 rue de la Paix, 75002 Paris Cedex 08, 1er étage',
    'SIREN 732 829 320, SIRET 732 829 320 00074 et 73282932000074',
    'SIRET 38012986646850, 30012345600017, 36012345600019',
    'TVA FR40303265045 75002 PARIS 12345 67890 12345',
    'du 01/02/2024 08:30 au 2024-03-04T05:06:07.123456Z',
    '1 234 567 890,12 € et 0.0612345678 et 3.141592653589793',
    '{"ratio": 0.4111111111111111, "n": 1700000000000000}',
    '550e8400-e29b-41d4-a716-061234567890 d0612345678f',
    '00000000-0000-1000-be22-ca3cd825283e be22ca3cd825283e',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'prix: 12$ ou $100, eyJ, a@b, @nom, RNA W751012345',
    'départements 01, 02, 03, 04, 05, 06; codes 01;02;03;04;05',
    'ISBN 978-2-07-036822-8, EAN 3017620422003, NAF 6201Z',
  ])('%s', (text) => {
    expect(found(text)).toEqual([])
  })

  test.each(BY_NAME.filter(([name]) => ['NIR', 'IBAN', 'card number'].includes(name)))(
    '%s whose key is wrong',
    (_name, pattern) => {
      const wrong = fc.tuple(PLANTED[pattern.name], fc.integer({ min: 1, max: 8 })).map(([value, more]) => {
        const last = value.search(/[0-9](?=[^0-9]*$)/)
        return value.slice(0, last) + ((Number(value[last]) + more) % 10) + value.slice(last + 1)
      })
      fc.assert(
        fc.property(wrong, (value) => !holdsPattern(pattern, bytesOf(value))),
        { numRuns: 200 },
      )
    },
  )

  test('numbers of companies, identifiers, figures and instants', () => {
    const harmless = fc.oneof(
      digits(9),
      digits(14),
      fc.uuid(),
      fc.double({ min: 0, max: 1e12, noNaN: true }).map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    )
    fc.assert(
      fc.property(harmless, (text) => found(text).length === 0),
      { numRuns: 3_000 },
    )
  })
})
