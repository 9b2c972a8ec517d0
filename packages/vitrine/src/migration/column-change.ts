/**
 * What a new definition means for each column of a live table: kept, new, removed, converted with its values, or emptied.
 * Pure. Conversions are those that keep every value as it is; whatever else changes type loses its values until the next
 * run brings them again. Called by the planner.
 */

import type { LiveTable } from '../catalogue/live-shape.ts'
import type { ColumnShape } from '../publication/shape.ts'

export type ColumnFate = 'kept' | 'new' | 'removed' | 'converted' | 'emptied'

export interface ColumnChange {
  readonly name: string
  readonly fate: ColumnFate
  /** null for a new column. */
  readonly live: ColumnShape | null
  /** null for a removed one. */
  readonly wanted: ColumnShape | null
}

/** In the order of the definition, removed columns last. `isKey` tells columns that a foreign key uses on either end. */
export function columnChanges(
  live: LiveTable,
  wanted: readonly ColumnShape[],
  isKey: (column: string) => boolean,
): readonly ColumnChange[] {
  const present = new Map(live.shape.columns.map((column) => [column.name, column]))
  const changes = wanted.map((column): ColumnChange => {
    const before = present.get(column.name)
    if (before === undefined) return { name: column.name, fate: 'new', live: null, wanted: column }
    return { name: column.name, fate: fateOf(before, column, live, isKey), live: before, wanted: column }
  })
  const named = new Set(wanted.map(({ name }) => name))
  const removed = live.shape.columns
    .filter(({ name }) => !named.has(name))
    .map((column): ColumnChange => ({ name: column.name, fate: 'removed', live: column, wanted: null }))
  return [...changes, ...removed]
}

function fateOf(
  live: ColumnShape,
  wanted: ColumnShape,
  { generatedColumns }: LiveTable,
  isKey: (column: string) => boolean,
): ColumnFate {
  if (live.type === wanted.type) return 'kept'
  if (generatedColumns.includes(live.name)) return 'emptied'
  return keepsValues(live.type, wanted.type, isKey(live.name)) ? 'converted' : 'emptied'
}

/** Types in growing order: a value of one is the same value in each later one. */
const WIDENINGS: readonly (readonly string[])[] = [
  ['smallint', 'integer', 'bigint', 'numeric'],
  ['smallint', 'integer', 'double precision'],
  ['smallint', 'real', 'double precision'],
  ['date', 'timestamp without time zone'],
]
/** `numeric(10,2)`, `timestamp(3) with time zone`: without the limit they hold the same values and more. */
const PRECISION = /^(numeric|time|timestamp)\(\d+(?:,-?\d+)?\)/
/** Both ends of a foreign key can be compared while only one of them has changed. */
const COMPARABLE: readonly (readonly string[])[] = [['smallint', 'integer', 'bigint']]

const widens = (chains: readonly (readonly string[])[], from: string, to: string): boolean =>
  chains.some((chain) => chain.includes(from) && chain.indexOf(from) < chain.indexOf(to))

const TEXT_LENGTH = /^(?<family>character varying|character)(?:\((?<length>\d+)\))?$/

/** The longest text of a type in characters; Infinity without a limit, null when it is not a text. */
function textLength(type: string): number | null {
  if (type === 'text') return Number.POSITIVE_INFINITY
  const found = TEXT_LENGTH.exec(type)?.groups
  return found === undefined ? null : Number(found['length'] ?? Number.POSITIVE_INFINITY)
}

/**
 * Whether every value of one type, as format_type prints them, is the same value in the other; as text it is what the type
 * prints. A column of a foreign key keeps to types that stay comparable with the other end.
 */
export function keepsValues(from: string, to: string, isKey: boolean): boolean {
  const [before, after] = [textLength(from), textLength(to)]
  if (before !== null && after !== null) return after >= before
  if (isKey) return widens(COMPARABLE, from, to)
  if (from.endsWith('[]') && to.endsWith('[]')) return keepsValues(from.slice(0, -2), to.slice(0, -2), false)
  return after === Number.POSITIVE_INFINITY || widens(WIDENINGS, from, to) || from.replace(PRECISION, '$1') === to
}
