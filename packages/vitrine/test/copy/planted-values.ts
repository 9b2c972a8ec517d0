/** Values of each pattern as people write them, made by fast-check. None is a real person's: keys are computed. */
import fc from 'fast-check'
import type { PatternName } from '../../src/index.ts'

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ANY = DIGITS + LETTERS + LETTERS.toUpperCase()
const of = (characters: string, minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength })
export const digits = (length: number) => of(DIGITS, length)
const padded = (value: number, length: number) => String(value).padStart(length, '0')
const between = fc.constantFrom('', ' ', '.', '-', '\u00a0', '\u202f')

/** A text in groups of these sizes, and the rest. */
function grouped(text: string, sizes: readonly number[], separator: string): string {
  const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0))
  const parts = [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end))
  return parts.filter((part) => part !== '').join(separator)
}

const host = fc.tuple(of(`${LETTERS}é`, 1, 12), fc.constantFrom('.fr', '-x.org', '.gouv.fr', '.société'))
const name = of(`${ANY}é._+-`, 1, 12)
const email = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: name }, name.map(JSON.stringify)), host)
  .map(([name, [domain, end]]) => `${name}@${domain}${end}`)

const department = fc.oneof(
  fc.integer({ min: 1, max: 95 }).map((number) => padded(number, 2)),
  fc.constantFrom('2A', '2B', '2a', '97', '99'),
)
const nir = fc
  .tuple(of('1278', 1), digits(2), fc.integer({ min: 1, max: 12 }), department, digits(6), between)
  .map(([sex, year, month, where, rest, separator]) => {
    const number = `${sex}${year}${padded(month, 2)}${where}${rest}`
    const value = BigInt(number.replace(/2a/i, '19').replace(/2b/i, '18'))
    return grouped(number + padded(97 - Number(value % 97n), 2), [1, 2, 2, 2, 3, 3], separator)
  })

const iban = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constantFrom('FR', 'MC'), digits(10), of(DIGITS + LETTERS.toUpperCase(), 11), digits(2)),
      fc.tuple(fc.constantFrom('GB', 'IE'), of(LETTERS.toUpperCase(), 4), digits(14)),
      fc.tuple(fc.constant('NL'), of(LETTERS.toUpperCase(), 4), digits(10)),
      fc.tuple(fc.constant('DE'), digits(18)),
      fc.tuple(fc.constant('BE'), digits(12)),
    ),
    between,
  )
  .map(([[country, ...parts], separator]) => {
    const account = parts.join('')
    const value = [...`${account}${country}00`].map((character) => Number.parseInt(character, 36)).join('')
    return grouped(`${country}${padded(98 - Number(BigInt(value) % 97n), 2)}${account}`, Array(9).fill(4), separator)
  })

const luhn = (number: string): number =>
  [...number].toReversed().reduce((sum, digit, index) => {
    const weighted = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return sum + (weighted > 9 ? weighted - 9 : weighted)
  }, 0)
const card = fc
  .tuple(fc.constantFrom('4', '53', '2345', '37', '6011', '3530', '62'), digits(15), fc.constantFrom('', ' ', '-'))
  .map(([prefix, more, separator]) => {
    const [length, sizes] = prefix === '37' ? [15, [4, 6]] : [16, [4, 4, 4]]
    const number = (prefix + more).slice(0, length - 1)
    return grouped(`${number}${(10 - (luhn(number) % 10)) % 10}`, sizes, separator)
  })

const telephone = fc
  .tuple(fc.constantFrom('0', '0', '+33', '+33 (0)', '(+33) ', '0033', '+262 '), of('1679', 1), digits(8), between)
  .map(([prefix, first, rest, separator]) => prefix + grouped(first + rest, [1, 2, 2, 2], separator))

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = fc
  .tuple(fc.constantFrom('HS256', 'RS256', 'none'), fc.string({ maxLength: 400 }), of(`${ANY}-_`, 0, 60))
  .map(([alg, sub, signature]) => `${base64({ alg, typ: 'JWT' })}.${base64({ sub, iat: 1 })}.${signature}`)

const hash = fc
  .tuple(of(`${ANY}./`, 22), of(`${ANY}./`, 43))
  .chain(([salt, sum]) =>
    fc.constantFrom(
      `pbkdf2_sha256$600000$${salt}$${sum}=`,
      `argon2$argon2id$v=19$m=102400,t=2,p=8$${salt}$${sum}`,
      `bcrypt_sha256$$2b$12$${salt}${sum.slice(0, 31)}`,
      `scrypt$${salt}$16384$8$1$${sum}==`,
      `$2y$10$${salt}${sum.slice(0, 31)}`,
      `$P$B${sum.slice(0, 30)}`,
      `$1$${salt.slice(0, 8)}$${salt}`,
      `$6$rounds=5000$${salt}$${sum}${sum}`,
      `$y$j9T$${salt}$${sum}`,
      `md5$${salt}$0123456789abcdef0123456789abcdef`,
    ),
  )

export const PLANTED: Readonly<Record<PatternName, fc.Arbitrary<string>>> = {
  'e-mail address': email,
  NIR: nir,
  IBAN: iban,
  'card number': card,
  'telephone number': telephone,
  JWT: jwt,
  'password hash': hash,
}

/** A text around a value: words and punctuation, so that no digit and no hexadecimal letter stands beside it. */
export const inText = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      of(`${LETTERS}éà ,;:"'`, 0, 40),
      fc.constantFrom('', ' ', '\n', ': ', '"', '(', 'tél. ', 'n°'),
      value,
      fc.constantFrom('', ' ', ', ', '"', ')', '. ', ';\t'),
      of(`${LETTERS} ,.`, 0, 40),
    )
    .map(([before, left, planted, right, after]) =>
      [before === '' ? '' : `${before} `, left, planted, right, right === '' ? '' : after].join(''),
    )
