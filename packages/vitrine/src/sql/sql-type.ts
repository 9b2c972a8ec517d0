/**
 * The PostgreSQL types that the language speaks: each with its name as PostgreSQL prints it, the type to which the source
 * casts, and two TypeScript faces: what an expression of it is in a query, and what a rule receives and returns.
 * Bytes are the business of `copy/binary-encode.ts`.
 */

declare const sqlKind: unique symbol

/** A type without an exact JavaScript value: opaque in queries, so that two such types are not interchangeable. */
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
/** For rules only: `convert_to(text, 'UTF8')` passes a long document as bytes, without building a string. */
export type Bytes = Opaque<'bytea'>

/** Everything that a rule may receive, privacy class aside. */
export type SqlValue = QueryValue[RuleKind] | Bytes | readonly SqlValue[]

/**
 * What a rule receives for a value of the source. Dates are `YYYY-MM-DD`, instants `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC
 * (years outside 0001–9999 and infinity as PostgreSQL prints them), numeric its decimal text, jsonb its JSON text.
 * Bytes are valid only while the rule runs: it must not keep them.
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

/** What an expression of each type that rules receive and give is in a query. */
interface RuleValue {
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
export type RuleKind = keyof RuleValue

type Span = 'int4' | 'int8' | 'num' | 'date' | 'ts' | 'tstz'
/** Types that are published as they are; no rule receives or returns one. */
export type CarriedKind =
  | ('timetz' | 'interval' | 'inet' | 'cidr' | 'macaddr' | 'macaddr8')
  | `${Span}range`
  | `${Span}multirange`
/** Registered for queries to convert; never published as they are, because what is in them is not searched. */
export type HeldKind = 'bytea' | 'varbit' | 'money' | 'xml' | 'tsvector' | 'hstore'

/** What an expression of each type is in a query. */
export type QueryValue = RuleValue & { readonly [K in CarriedKind | HeldKind]: Opaque<K> }
export type ScalarKind = keyof QueryValue

/** A type as data. `name` is the text of PostgreSQL's `format_type`, the one spelling used in plans and comparisons. */
export interface SqlType<Kind extends string = ScalarKind> {
  readonly kind: Kind
  readonly name: string
  /** Without a length: a cast to `varchar(9)` would cut longer values silently instead of refusing them. */
  readonly castTo: string
  /** In characters, for varchar only. */
  readonly length: number | null
  readonly array: boolean
}

/** The type of a source column. An opaque one has the name that the register gives, and no query reads it. */
export type RegisteredType = SqlType<ScalarKind | 'opaque'>

/** For each kind what format_type and pg_type call it, and its OID (the same in every version; that of an extension is not). */
// biome-ignore format: a table.
const CATALOGUE: Readonly<Record<ScalarKind, readonly [name: string, short: string, oid: number]>> = {
  smallint: ['smallint', 'int2', 21], integer: ['integer', 'int4', 23], bigint: ['bigint', 'int8', 20],
  numeric: ['numeric', 'numeric', 1700], real: ['real', 'float4', 700], 'double precision': ['double precision', 'float8', 701],
  boolean: ['boolean', 'bool', 16], text: ['text', 'text', 25], varchar: ['character varying', 'varchar', 1043],
  uuid: ['uuid', 'uuid', 2950], date: ['date', 'date', 1082], jsonb: ['jsonb', 'jsonb', 3802],
  time: ['time without time zone', 'time', 1083], timetz: ['time with time zone', 'timetz', 1266],
  timestamp: ['timestamp without time zone', 'timestamp', 1114], timestamptz: ['timestamp with time zone', 'timestamptz', 1184],
  interval: ['interval', 'interval', 1186], inet: ['inet', 'inet', 869], cidr: ['cidr', 'cidr', 650],
  macaddr: ['macaddr', 'macaddr', 829], macaddr8: ['macaddr8', 'macaddr8', 774],
  int4range: ['int4range', 'int4range', 3904], int8range: ['int8range', 'int8range', 3926], numrange: ['numrange', 'numrange', 3906],
  daterange: ['daterange', 'daterange', 3912], tsrange: ['tsrange', 'tsrange', 3908], tstzrange: ['tstzrange', 'tstzrange', 3910],
  int4multirange: ['int4multirange', 'int4multirange', 4451], int8multirange: ['int8multirange', 'int8multirange', 4536],
  nummultirange: ['nummultirange', 'nummultirange', 4532], datemultirange: ['datemultirange', 'datemultirange', 4535],
  tsmultirange: ['tsmultirange', 'tsmultirange', 4533], tstzmultirange: ['tstzmultirange', 'tstzmultirange', 4534],
  bytea: ['bytea', 'bytea', 17], varbit: ['bit varying', 'varbit', 1562], money: ['money', 'money', 790],
  xml: ['xml', 'xml', 142], tsvector: ['tsvector', 'tsvector', 3614], hstore: ['hstore', 'hstore', 0],
}
// sound because CATALOGUE has exactly the kinds as names.
export const SCALAR_KINDS = Object.keys(CATALOGUE) as readonly ScalarKind[]

/** The type of a kind; `length` in characters is for varchar alone and at least 1. */
export function sqlType(kind: ScalarKind, length: number | null = null, array = false): SqlType {
  const brackets = array ? '[]' : ''
  const castTo = CATALOGUE[kind][0] + brackets
  const name = length === null ? castTo : `${CATALOGUE[kind][0]}(${length})${brackets}`
  return Object.freeze({ kind, name, castTo, length, array })
}

export const oidOf = (kind: ScalarKind): number => CATALOGUE[kind][2]

/** Its name in pg_type, which drivers use as well. */
export const shortName = ({ kind, array }: SqlType): string => `${array ? '_' : ''}${CATALOGUE[kind][1]}`

/** Whether rules receive and return it. */
export const isRuleKind = (kind: ScalarKind): boolean =>
  !/^(?:timetz|interval|inet|cidr|macaddr8?|bytea|varbit|money|xml|tsvector|hstore|\w+range)$/.test(kind)

export const isTextual = (type: SqlType): boolean => type.kind === 'text' || type.kind === 'varchar'
