/**
 * Checks a figure of a history file: whether the text is a value of the declared type. Pure; messages say
 * what is expected, never what was found. Called by `history-import.ts`.
 */
import { dateDays, timestampMicros } from '../copy/calendar.ts'
import { numericBytes } from '../copy/decimal.ts'
import { holdsPattern } from '../publication/pattern.ts'
import { type PublishedColumn, watchedPatterns } from '../publication/table.ts'
import type { ScalarKind } from '../sql/sql-type.ts'

const BITS: Readonly<Partial<Record<ScalarKind, number>>> = { smallint: 16, integer: 32, bigint: 64 }
const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** What the text should be, or null when it is correct. PostgreSQL's own CSV writes booleans as `t` and `f`. */
export function figureProblem(text: string, column: PublishedColumn): string | null {
  const { type, minimum } = column
  const wanted = typeProblem(text, type.kind)
  if (wanted !== null) return wanted
  const found = watchedPatterns(column).find((pattern) => holdsPattern(pattern, Buffer.from(text).toString('latin1')))
  if (found !== undefined) return `a text without ${found.told}`
  if (type.length !== null && [...text].length > type.length) return `a text of at most ${type.length} characters`
  return minimum !== null && Number(text) < minimum ? `a number from ${minimum} on` : null
}

function typeProblem(text: string, kind: ScalarKind): string | null {
  const bits = BITS[kind]
  if (bits !== undefined) {
    if (!/^-?\d{1,19}$/.test(text)) return 'a whole number'
    return BigInt.asIntN(bits, BigInt(text)) === BigInt(text) ? null : `a whole number that fits ${kind}`
  }
  switch (kind) {
    case 'numeric':
      return numericBytes(text) === null ? 'a decimal number with a point' : null
    case 'real':
    case 'double precision':
      return floatProblem(text, kind)
    case 'boolean':
      return /^(?:true|false|t|f)$/.test(text) ? null : 'true or false'
    case 'date':
      return dateDays(text) === null ? 'a date written YYYY-MM-DD' : null
    case 'timestamptz':
      return timestampMicros(text, true) === null ? 'an instant written YYYY-MM-DDTHH:MM:SSZ' : null
    default:
      return text.includes('\0') ? 'a text without the character zero' : null
  }
}

function floatProblem(text: string, kind: 'real' | 'double precision'): string | null {
  if (/^(?:NaN|-?Infinity)$/.test(text)) return null
  if (!FLOAT.test(text)) return 'a number with a point'
  const value = kind === 'real' ? Math.fround(Number(text)) : Number(text)
  // PostgreSQL also refuses a number so small that it would become zero.
  const lost = value === 0 && /[1-9]/.test(text.replace(/[eE].*/, ''))
  return Number.isFinite(value) && !lost ? null : `a number that fits ${kind}`
}

/** A day that a row can have: YYYY-MM-DD, from the year 1 to 9999. */
export const isDayText = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && dateDays(text) !== null
