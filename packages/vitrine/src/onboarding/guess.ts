/**
 * Guesses the privacy class of a column: personal, unless its type or a key says otherwise, and never open.
 * Name, comment, statistics and sample can only make it stricter. Pure.
 */
import { PRIVACY_CLASSES, type PrivacyClass } from '../publication/privacy.ts'
import type { SurveyedColumn, SurveyedTable } from './survey.ts'
import { toldByComment, toldByName } from './vocabulary.ts'

export interface Guess {
  readonly privacy: PrivacyClass
  readonly why: string
}

const NUMBERS: readonly string[] = ['smallint', 'integer', 'bigint']
const MEASURES: readonly string[] = ['numeric', 'real', 'double precision']
const DATES: readonly string[] = ['date', 'timestamp without time zone', 'timestamp with time zone']

/** By its type, and the keys that it is part of. */
function byType({ column, name, isEnum }: SurveyedColumn, table: SurveyedTable): Guess {
  const isKey = isPointer(column, table)
  if (isKey && (NUMBERS.includes(name) || name === 'uuid')) return { privacy: 'indirect', why: 'a key' }
  if (name === 'boolean') return { privacy: 'indirect', why: 'true or false' }
  if (isEnum) return { privacy: 'indirect', why: 'one of a closed list' }
  if (NUMBERS.includes(name) || MEASURES.includes(name)) return { privacy: 'indirect', why: 'a number' }
  if (DATES.includes(name)) return { privacy: 'indirect', why: 'a date' }
  return { privacy: 'personal', why: 'may hold anything' }
}

/** Whether a column is part of a key, its own table's or another's. */
const isPointer = (column: string, { primaryKey, references }: SurveyedTable): boolean =>
  primaryKey.includes(column) || references.some(({ columns }) => columns.includes(column))

const rank = ({ privacy }: Guess): number => PRIVACY_CLASSES.indexOf(privacy)

/** Guesses are kept: they are needed often, and splitting names into words takes time. */
const guesses = new WeakMap<SurveyedColumn, Guess>()

export function guessOf(column: SurveyedColumn, table: SurveyedTable): Guess {
  const known = guesses.get(column) ?? guess(column, table)
  guesses.set(column, known)
  return known
}

function guess(column: SurveyedColumn, table: SurveyedTable): Guess {
  const { isDistinct, isGenerated, looks, name } = column
  const first = byType(column, table)
  const isCounted = NUMBERS.includes(name) && !isPointer(column.column, table)
  const others: readonly (Guess | null)[] = [
    // It may be computed from a secret column, and nobody has classified those yet.
    isGenerated ? { privacy: 'secret', why: 'computed from other columns' } : null,
    looks === null ? null : lookOf(looks),
    toldByName(column.column, NUMBERS.includes(name) || name === 'uuid'),
    toldByComment(column.comment),
    isDistinct && isCounted ? { privacy: 'personal', why: 'each row has a number of its own' } : null,
  ]
  return others.reduce<Guess>(
    (strictest, next) => (next !== null && rank(next) > rank(strictest) ? next : strictest),
    first,
  )
}

const lookOf = (looks: NonNullable<SurveyedColumn['looks']>): Guess => {
  const isSecret = looks === 'token' || looks === 'JWT' || looks === 'password hash'
  return {
    privacy: isSecret ? 'secret' : 'personal',
    why: `a value looks like ${looks === 'token' ? 'a token' : `one of the kind ${looks}`}`,
  }
}
