/**
 * The PostgreSQL types that the language speaks: each with its name as PostgreSQL prints it, the type to which the source
 * casts, and two TypeScript faces: what an expression of it is in a query, and what a rule receives and returns.
 * Bytes are the business of `copy/binary-encode.ts`.
 */

declare const sqlKind: unique symbol

/** Types that have no exact JavaScript value are opaque in queries, so that one cannot be taken for another. */
export interface Opaque<Kind extends string> {
  readonly [sqlKind]: Kind
}
export type LocalDate = Opaque<'date'>
export type LocalTime = Opaque<'time'>
export type LocalDateTime = Opaque<'timestamp'>
export type Instant = Opaque<'timestamptz'>
export type Numeric = Opaque<'numeric'>
export type Float = Opaque<'float'>
export type Uuid = Opaque<'uuid'>
export type Jsonb = Opaque<'jsonb'>
/** For rules only: `convert_to(text, 'UTF8')` gives a long document that is read and not built. */
export type Bytes = Opaque<'bytea'>

/** Everything that an expression of the source may be, privacy class aside. */
export type SqlValue = QueryValue[ScalarKind] | Bytes | readonly SqlValue[]

/**
 * What a rule receives for a value of the source. Dates are `YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC
 * (years outside 0001–9999 and infinity as PostgreSQL prints them), numeric its decimal text, jsonb its JSON text.
 * Bytes are the field as it was read, valid while the rule runs: it keeps none of them.
 */
export type Decoded<T> = T extends null
  ? null
  : T extends Float
    ? number
    : T extends Bytes
      ? Uint8Array
      : T extends Opaque<string>
        ? string
        : T extends readonly (infer E)[]
          ? readonly Decoded<E>[]
          : T

/** What an expression of each type is in a query. */
export interface QueryValue {
  readonly smallint: number
  readonly integer: number
  readonly bigint: bigint
  readonly numeric: Numeric
  readonly real: Float
  readonly 'double precision': Float
  readonly boolean: boolean
  readonly text: string
  readonly varchar: string
  readonly uuid: Uuid
  readonly date: LocalDate
  readonly time: LocalTime
  readonly timestamp: LocalDateTime
  readonly timestamptz: Instant
  readonly jsonb: Jsonb
}
export type ScalarKind = keyof QueryValue

/** A type as data. `name` is the text of PostgreSQL's `format_type`, the one spelling used in plans and comparisons. */
export interface SqlType {
  readonly kind: ScalarKind
  readonly name: string
  /** Without a length: a cast to `varchar(9)` would cut longer values silently instead of refusing them. */
  readonly castTo: string
  /** In characters, for varchar only. */
  readonly length: number | null
  readonly array: boolean
}

const NAMES: Readonly<Record<ScalarKind, string>> = {
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  real: 'real',
  'double precision': 'double precision',
  boolean: 'boolean',
  text: 'text',
  varchar: 'character varying',
  uuid: 'uuid',
  date: 'date',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
  jsonb: 'jsonb',
}

/** The type of a kind; `length` in characters is for varchar alone and at least 1. */
export function sqlType(kind: ScalarKind, length: number | null = null, array = false): SqlType {
  const brackets = array ? '[]' : ''
  const castTo = NAMES[kind] + brackets
  const name = length === null ? castTo : `${NAMES[kind]}(${length})${brackets}`
  return Object.freeze({ kind, name, castTo, length, array })
}

/** OIDs of the types (catalogue pg_type, the same in every version). */
const OIDS: Readonly<Record<ScalarKind, number>> = {
  boolean: 16,
  bigint: 20,
  smallint: 21,
  integer: 23,
  text: 25,
  real: 700,
  'double precision': 701,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
}

/** The OID of a type that is not an array; null for one that is. */
export const oidOf = ({ kind, array }: SqlType): number | null => (array ? null : OIDS[kind])

export const isTextual = (type: SqlType): boolean => type.kind === 'text' || type.kind === 'varchar'
