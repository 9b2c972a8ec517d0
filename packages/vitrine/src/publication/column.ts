/**
 * Published columns: one function per type, `type(value, comment)`, then `.nullable()`, `.primaryKey()`, `.unique()`,
 * `.references()`, `.accept()`. `publish` does not accept a value that may be NULL without `.nullable()`.
 */
import type { Expression, OperationNode, SqlBool } from 'kysely'
import {
  type CarriedKind,
  type Decoded,
  type Float,
  type Instant,
  type Jsonb,
  type LocalDate,
  type LocalDateTime,
  type LocalTime,
  type Numeric,
  type QueryValue,
  type RuleKind,
  type SqlType,
  sqlType,
  type Uuid,
} from '../sql/sql-type.ts'
import type { Computed } from './compute.ts'
import type { PatternName } from './pattern.ts'
import type { Unless } from './privacy.ts'
import type { Shown } from './shown.ts'

/** The third one is a message: the compiler prints it for a column that lacks `.nullable()`. */
export type Nullability = 'not null' | 'nullable' | 'it may be NULL: add .nullable()'

export type ColumnValue =
  | { readonly kind: 'sql'; readonly node: OperationNode }
  | { readonly kind: 'computed'; readonly computed: Computed<unknown> }

/** What a foreign key points to; a function, because two files may refer to each other. */
export interface ReferenceTarget {
  readonly name: string
}

/** A pattern that the column may hold, and why; the dictionary shows the reason. */
export interface AcceptedPattern {
  readonly pattern: PatternName
  readonly reason: string
}

export interface ColumnDefinition {
  readonly type: SqlType
  readonly value: ColumnValue
  readonly comment: string
  readonly isNullable: boolean
  readonly isPrimaryKey: boolean
  readonly isUnique: boolean
  readonly minimum: number | null
  readonly reference: (() => ReferenceTarget) | null
  readonly accepts: readonly AcceptedPattern[]
  readonly shown: Shown
}

declare const facts: unique symbol

/**
 * A published column under construction; each method returns a new one. `T` is the type of its values without NULL, a union
 * for a closed list; `R` is the name of the table that it refers to.
 */
export class Column<N extends Nullability = Nullability, T = unknown, R extends string = string> {
  declare readonly [facts]: { readonly nullability: N; readonly value: T; readonly reference: R }
  readonly definition: ColumnDefinition

  constructor(definition: ColumnDefinition) {
    this.definition = Object.freeze(definition)
    Object.freeze(this)
  }

  /** NULL is allowed, and means unknown or not applicable. */
  nullable(): Column<'nullable', T, R> {
    return new Column({ ...this.definition, isNullable: true })
  }

  /**
   * The key by which versions are compared and to which other tables refer. Several such columns in a table make one key
   * together, in their order; then no other table can refer to it.
   */
  primaryKey(this: Column<'not null', T, R>): Column<'not null', T, R> {
    return new Column({ ...this.definition, isPrimaryKey: true })
  }

  unique(): Column<N, T, R> {
    return new Column({ ...this.definition, isUnique: true })
  }

  /** The smallest allowed number, as a CHECK constraint. */
  atLeast(minimum: number): Column<N, T, R> {
    return new Column({ ...this.definition, minimum })
  }

  /** How Metabase shows it. */
  shown(shown: Shown): Column<N, T, R> {
    return new Column({ ...this.definition, shown: Object.freeze({ ...shown }) })
  }

  /**
   * Points to the primary key of another published table, a key of one column; checked before every switch. Where two tables refer to each other,
   * one of them says `(): ReferenceTarget => …`, and questions do not go through that key.
   */
  references<const Target extends ReferenceTarget>(target: () => Target): Column<N, T, Target['name']> {
    return new Column({ ...this.definition, reference: target })
  }

  /** Values of this pattern may stand in the column; any other pattern still stops the run. */
  accept(pattern: PatternName, reason: string): Column<N, T, R> {
    const accepted = Object.freeze({ pattern, reason })
    return new Column({ ...this.definition, accepts: Object.freeze([...this.definition.accepts, accepted]) })
  }
}

type NullabilityOf<T> = [Extract<T, null>] extends [never] ? 'not null' : 'it may be NULL: add .nullable()'

/** A rule may declare a closed list of texts; of an SQL expression only the type is known. */
type TextOf<T> = [Exclude<T, null>] extends [never] ? string : Exclude<T, null>
type PublishedValue<E, V> = E extends Computed<infer T> ? ([V] extends [string] ? TextOf<T> : V) : V

type Given = Expression<unknown> | Computed<unknown>
type ValueIn<E> = E extends Expression<infer T> ? T : E extends Computed<infer T> ? T : never

/** Text. For a value that the column does not accept, a message instead, which the compiler shows at the comment. */
type CommentOn<E, K extends string, S, J> = Unless<
  ValueIn<E>,
  (E extends Expression<unknown> ? S : J) | null,
  string,
  unknown extends ValueIn<E>
    ? 'the value has no type: write sql<string>`…` and its like'
    : `${K} does not take this value: convert it, or declare the column by its type`
>

/** `S`: type of the SQL expression; `J`: type that a rule must return; `V`: type of the published value. */
type ColumnOf<K extends string, S, J, V> = <E extends Given>(
  value: E,
  comment: CommentOn<E, K, S, J>,
) => Column<NullabilityOf<ValueIn<E>>, PublishedValue<E, V>, never>

function define(type: SqlType, value: Given, comment: unknown): Column<never, never, never> {
  return new Column({
    type,
    value:
      'computation' in value ? { kind: 'computed', computed: value } : { kind: 'sql', node: value.toOperationNode() },
    comment: comment as string, // sound because a comment that is no text does not compile.
    isNullable: false,
    isPrimaryKey: false,
    isUnique: false,
    minimum: null,
    reference: null,
    accepts: Object.freeze([]),
    shown: {},
  })
}

function columnOf<K extends RuleKind, S, J>(kind: K): ColumnOf<K, S, J, QueryValue[K]> {
  const type = sqlType(kind)
  return (value, comment) => define(type, value, comment)
}

/** A column of a type that rules cannot return. */
function carriedOf<K extends CarriedKind>(kind: K): ColumnOf<K, QueryValue[K], never, QueryValue[K]> {
  const type = sqlType(kind)
  return (value, comment) => define(type, value, comment)
}

type ListOf<K extends RuleKind | CarriedKind> = ColumnOf<
  `${K}Array`,
  readonly QueryValue[K][],
  K extends RuleKind ? readonly Decoded<QueryValue[K]>[] : never,
  readonly QueryValue[K][]
>
function listOf<K extends RuleKind | CarriedKind>(kind: K): ListOf<K> {
  const type = sqlType(kind, null, true)
  return (value, comment) => define(type, value, comment)
}

export const smallint = columnOf<'smallint', number, number>('smallint')
export const integer = columnOf<'integer', number, number>('integer')
export const bigint = columnOf<'bigint', bigint | number, bigint | number>('bigint')
export const numeric = columnOf<'numeric', Numeric | QueryValue['money'] | bigint | number, string>('numeric')
export const real = columnOf<'real', Float, number>('real')
export const doublePrecision = columnOf<'double precision', Float | number, number>('double precision')
/** Also a condition as Kysely writes it: `eb('p.status', '=', 0)`. */
export const boolean = columnOf<'boolean', SqlBool, boolean>('boolean')
export const text = columnOf<'text', string | QueryValue['xml'], string>('text')
export const uuid = columnOf<'uuid', Uuid, string>('uuid')
export const date = columnOf<'date', LocalDate, string>('date')
export const time = columnOf<'time', LocalTime, string>('time')
export const timestamp = columnOf<'timestamp', LocalDateTime, string>('timestamp')
export const timestamptz = columnOf<'timestamptz', Instant, string>('timestamptz')
/** A rule returns JSON as text. */
export const jsonb = columnOf<'jsonb', Jsonb | QueryValue['hstore'], string>('jsonb')
export const numericArray = listOf('numeric')
export const realArray = listOf('real')
export const doublePrecisionArray = listOf('double precision')
export const booleanArray = listOf('boolean')
export const textArray = listOf('text')
export const uuidArray = listOf('uuid')
export const dateArray = listOf('date')
export const timeArray = listOf('time')
export const timestampArray = listOf('timestamp')
export const timestamptzArray = listOf('timestamptz')
/** A rule returns each JSON value as text. */
export const jsonbArray = listOf('jsonb')
export const integerArray = listOf('integer')
export const bigintArray = listOf('bigint')
export const timetz = carriedOf('timetz')
export const interval = carriedOf('interval')
export const inet = carriedOf('inet')
export const cidr = carriedOf('cidr')
export const macaddr = carriedOf('macaddr')
export const macaddr8 = carriedOf('macaddr8')
export const int4range = carriedOf('int4range')
export const int8range = carriedOf('int8range')
export const numrange = carriedOf('numrange')
export const daterange = carriedOf('daterange')
export const tsrange = carriedOf('tsrange')
export const tstzrange = carriedOf('tstzrange')
export const int4multirange = carriedOf('int4multirange')
export const int8multirange = carriedOf('int8multirange')
export const nummultirange = carriedOf('nummultirange')
export const datemultirange = carriedOf('datemultirange')
export const tsmultirange = carriedOf('tsmultirange')
export const tstzmultirange = carriedOf('tstzmultirange')
export const timetzArray = listOf('timetz')
export const intervalArray = listOf('interval')
export const inetArray = listOf('inet')
export const cidrArray = listOf('cidr')
export const macaddrArray = listOf('macaddr')
export const macaddr8Array = listOf('macaddr8')

/** Text of at most `length` characters; a longer value stops the run, it is never cut. */
export const varchar = <E extends Given>(
  length: number,
  value: E,
  comment: CommentOn<E, 'varchar', string, string>,
): Column<NullabilityOf<ValueIn<E>>, PublishedValue<E, string>, never> =>
  define(sqlType('varchar', length), value, comment)
