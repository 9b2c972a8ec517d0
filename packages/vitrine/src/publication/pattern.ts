/**
 * The patterns of personal values that a column may hold only if it accepts them with a reason. Each has a name, a quick test on
 * bytes, an exact test and a test in SQL. `copy/value-scan.ts` tests what is copied, `version/staged-checks.ts`
 * what was staged. A text is tested byte by byte (as latin1), so that no encoding and no damaged character can hide a value.
 */
import { literal } from '../sql/quote.ts'
import { hasCardKey, hasIbanKey, hasNirKey } from './check-digits.ts'

/** A value of a pattern made of digits has at least so many of them. */
export const TELLING_DIGITS = 10

export interface Pattern {
  readonly name: PatternName
  /** With its article, for messages. */
  readonly told: string
  /** Length of the shortest value, in characters. */
  readonly shortest: number
  /** Characters that every value contains; empty where `TELLING_DIGITS` is the quick test. */
  readonly needs: string
  /** Lengths of a value made of digits only: company numbers have other lengths and are skipped. */
  readonly bare: readonly number[]
  readonly expression: RegExp
  /** The test that the regular expression cannot express, such as a checksum. */
  readonly proves: (found: string) => boolean
  /** The condition on a text in SQL; null when no cheap one exists, or when it would find too much. */
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

/** To its first dot: what follows an address without a space is not a part of it. */
const ADDRESS = '[^ \\t\\n\\r\\f\\v@]@[^ \\t\\n\\r\\f\\v@]+?\\.'
/** A JWT: signed, whose second part is JSON; or encrypted, in five parts (RFC 7519, RFC 7516). */
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
 * Whether a text (in latin1) holds a value of the pattern that begins at `from` or later. When the
 * text is `cut`, a value that reaches its end is left to the next part, where it may continue.
 */
export function holdsPattern({ expression, proves }: Pattern, text: string, from = 0, cut = false): boolean {
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
