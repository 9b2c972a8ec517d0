/**
 * The patterns of values that no published column may hold, unless it accepts one with a reason: each with its name, what its
 * bytes show at a glance, its exact test and its test in SQL. `copy/value-scan.ts` looks at what passes, `version/verify.ts`
 * at what was staged. A text is tested as the characters of its bytes, so that no encoding and no damage can hide a value.
 */
import { literal } from '../sql/quote.ts'
import { hasCardKey, hasIbanKey, hasNirKey } from './check-digits.ts'

/** Every value has at least so many digits where digits tell it at all. */
export const TELLING_DIGITS = 10

export interface Pattern {
  readonly name: PatternName
  /** With its article, for messages. */
  readonly told: string
  /** Characters of the shortest value. */
  readonly shortest: number
  /** Characters that every value has; empty where `TELLING_DIGITS` tell it. */
  readonly needs: string
  /** How long a value is that is digits alone: numbers of companies, of other lengths, are not looked into. */
  readonly bare: readonly number[]
  readonly expression: RegExp
  /** What the expression cannot say. */
  readonly proves: (found: string) => boolean
  /** The condition on a text in SQL; null where no cheap one stands before it, or where it would say too much. */
  readonly sql: ((text: string) => string) | null
}

export type PatternName =
  | 'e-mail address'
  | 'NIR'
  | 'IBAN'
  | 'card number'
  | 'telephone number'
  | 'JWT'
  | 'password hash'

/** A space, a dot, a slash, a dash; then the spaces and dashes of typography, as the bytes of UTF-8. */
const BETWEEN = '(?:[ ./-]|\xc2\xa0|\xe2\x80[\x80-\x95\xaf])'
/** A number does not begin within another, nor within its decimals, nor in a hexadecimal text. */
const BEGIN = '(?<![0-9]\\.?)(?<![a-fA-F])'
const END = '(?![0-9a-fA-F])'

const ADDRESS = '[^ \\t\\n\\r\\f\\v@]@[^ \\t\\n\\r\\f\\v@]+\\.'
/** Signed, with a second part of JSON; or encrypted, in five parts. */
const TOKEN =
  '(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\\.(?:eyJ[A-Za-z0-9_-]{8}|[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.)'
const HASH = [
  '(?:pbkdf2|argon2|bcrypt|scrypt|sha1|sha256|sha512|md5)[_:0-9a-z-]{0,40}\\$[!-~]{20}',
  '\\$(?:[1567]|2[abxy]?|y|gy|P|H|S|apr1|sha1|md5|scrypt|argon2(?:id?|d)|pbkdf2[0-9a-z-]*|bcrypt-sha256)\\$[./0-9A-Za-z$=,+-]{16}',
  'SCRAM-SHA-256\\$[0-9]+:[!-~]{20}',
].join('|')
/** Sex, year, month, department, commune, order, key; overseas the department has three digits. */
const NIR = ['[1-478]', '[0-9]{2}', '[0-9]{2}', '[0-9][0-9AaBb]', `[0-9]${BETWEEN}?[0-9]{2}`, '[0-9]{3}', '[0-9]{2}']
/** After the country, or after the zero and in pairs. */
const TELEPHONE =
  `(?:(?:\\+(?:33|262|590|594|596)|${BEGIN}0033)(?:${BETWEEN}|[()]){0,4}0?(?:${BETWEEN}|[()]){0,2}[1-9](?:${BETWEEN}?[0-9]){8}` +
  `|${BEGIN}0[1-9](${BETWEEN}{0,3})[0-9]{2}\\1[0-9]{2}\\1[0-9]{2}\\1[0-9]{2})${END}`

const matches = (expression: string) => (text: string) => `${text} ~ ${literal(expression)}`
const always = () => true

export const PATTERNS: readonly Pattern[] = [
  {
    name: 'e-mail address',
    told: 'an e-mail address',
    shortest: 6,
    needs: '@',
    bare: [],
    expression: new RegExp(`${ADDRESS}[A-Za-z\x80-\xff]{2}`, 'g'),
    proves: always,
    sql: (text) => `position('@' in ${text}) > 0 and ${matches(`${ADDRESS}[[:alpha:]]{2}`)(text)}`,
  },
  {
    name: 'NIR',
    told: 'a French social security number',
    shortest: 15,
    needs: '',
    bare: [15],
    expression: new RegExp(BEGIN + NIR.join(`${BETWEEN}{0,3}`) + END, 'g'),
    proves: hasNirKey,
    sql: null,
  },
  {
    name: 'IBAN',
    told: 'an IBAN',
    shortest: 15,
    needs: '',
    bare: [],
    expression: new RegExp(`(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}(?:${BETWEEN}?[0-9A-Za-z]){11,31}`, 'g'),
    proves: hasIbanKey,
    sql: null,
  },
  {
    name: 'card number',
    told: 'a card number',
    shortest: 15,
    needs: '',
    bare: [15, 16],
    // Fourteen digits are a card only in its own groups: each number of a French establishment would pass the checksum.
    expression: new RegExp(
      `${BEGIN}(?:[2-6][0-9]{14,15}|[2-6][0-9]{3}(${BETWEEN})[0-9]{4}\\1[0-9]{4}\\1[0-9]{4}|3[0-9]{3}(${BETWEEN})[0-9]{6}\\2[0-9]{4,5})${END}`,
      'g',
    ),
    proves: hasCardKey,
    sql: null,
  },
  {
    name: 'telephone number',
    told: 'a French telephone number',
    shortest: 10,
    needs: '',
    bare: [10, 13],
    expression: new RegExp(TELEPHONE, 'g'),
    proves: always,
    sql: null,
  },
  {
    name: 'JWT',
    told: 'a JWT',
    shortest: 30,
    needs: 'J.',
    bare: [],
    expression: new RegExp(TOKEN, 'g'),
    proves: always,
    sql: (text) => `position('eyJ' in ${text}) > 0 and ${matches(TOKEN)(text)}`,
  },
  {
    name: 'password hash',
    told: 'a password hash',
    shortest: 20,
    needs: '$',
    bare: [],
    expression: new RegExp(HASH, 'g'),
    proves: always,
    sql: (text) => `position('$' in ${text}) > 0 and ${matches(HASH)(text)}`,
  },
]

export const PATTERN_NAMES: readonly string[] = PATTERNS.map(({ name }) => name)

/**
 * Whether a text, given as the characters of its bytes, holds a value of the pattern that begins at `from` or later. Where the
 * text is `cut`, what reaches its end is of the next part: it may go on there.
 */
export function holds({ expression, proves }: Pattern, text: string, from = 0, cut = false): boolean {
  expression.lastIndex = from
  for (let found = expression.exec(text); found !== null; found = expression.exec(text)) {
    const reachesEnd = found.index + found[0].length === text.length
    if (!(cut && reachesEnd) && proves(found[0])) return true
    expression.lastIndex = found.index + 1
  }
  return false
}

/** `2 rows hold an IBAN` */
export const held = (rows: number, told: string): string =>
  rows === 1 ? `1 row holds ${told}` : `${rows} rows hold ${told}`
