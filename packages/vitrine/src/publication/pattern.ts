/** The patterns of values that no published column may hold, unless it accepts one with a reason. */

export const PATTERN_NAMES = [
  'e-mail address',
  'NIR',
  'IBAN',
  'card number',
  'telephone number',
  'JWT',
  'password hash',
] as const

export type PatternName = (typeof PATTERN_NAMES)[number]
