/**
 * Turns the result of a rule into a field: a length word and bytes. A wrong value is reported by a
 * code, never quoted. Called by `rule-evaluator.ts`.
 */
import type { ComputedColumn } from '../publication/select-text.ts'
import { type Encoder, encoderFor, fieldBytes, NULL_FIELD } from './binary-encode.ts'

const LONGEST_TEXT = 100

/** Not cached: documents and lists, which rarely repeat, and -0, which a Map confuses with 0. */
export const mayRepeat = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.length <= LONGEST_TEXT
    : value === null || (typeof value !== 'object' && !Object.is(value, -0))

/** Encoded values cached per column: results repeat, and making a buffer costs more than finding one. */
const REMEMBERED = 1024

/** For one computed column, whose values may be a closed list or a range besides what its type allows. */
export function fieldEncoder(column: ComputedColumn): Encoder {
  const known = new Map<unknown, Buffer>()
  const encode = encoderFor(column.type)
  const { values, range } = column.value.computed
  const closed = values === null ? null : new Set<unknown>(values)
  return (value) => {
    if (value === null || value === undefined) return column.isNullable ? NULL_FIELD : 'VALUE_NULL'
    const repeats = mayRepeat(value)
    const found = repeats ? known.get(value) : undefined
    if (found !== undefined) return found
    const isInside =
      (closed === null || closed.has(value)) &&
      (range === null || (typeof value === 'number' && value >= range.from && value <= range.to))
    if (!isInside) return 'VALUE_OUTSIDE_CATEGORY'
    const bytes = encode(value)
    if (typeof bytes === 'string') return bytes
    const field = fieldBytes(bytes)
    if (repeats && known.size < REMEMBERED) known.set(value, field)
    return field
  }
}
