/**
 * Published columns: one function a type, `type(value, comment)`, then `.nullable()`, `.primaryKey()`, `.unique()`,
 * `.references()`, `.accept()`. A value that may be NULL is not taken by `publish` until `.nullable()` says so.
 */
import type { Expression, OperationNode } from 'kysely'
import {
  type Float,
  type Instant,
  type Jsonb,
  type LocalDate,
  type LocalDateTime,
  type LocalTime,
  type Numeric,
  type ScalarKind,
  type SqlType,
  sqlType,
  type Uuid,
} from '../sql/sql-type.ts'
import type { Computed } from './compute.ts'
import type { PatternName } from './pattern.ts'

export type Nullability = 'not null' | 'nullable' | 'undecided'

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
}

declare const nullability: unique symbol

/** A published column under construction; each method gives a new one. */
export class Column<N extends Nullability = Nullability> {
  declare readonly [nullability]: N
  readonly definition: ColumnDefinition

  constructor(definition: ColumnDefinition) {
    this.definition = Object.freeze(definition)
    Object.freeze(this)
  }

  /** NULL is allowed, and means unknown or not applicable. */
  nullable(): Column<'nullable'> {
    return new Column({ ...this.definition, isNullable: true })
  }

  /** The key by which versions are compared and other tables refer to this one; at most one column a table. */
  primaryKey(this: Column<'not null'>): Column<'not null'> {
    return new Column({ ...this.definition, isPrimaryKey: true })
  }

  unique(): Column<N> {
    return new Column({ ...this.definition, isUnique: true })
  }

  /** The smallest allowed number, as a CHECK constraint. */
  atLeast(minimum: number): Column<N> {
    return new Column({ ...this.definition, minimum })
  }

  /** Points to the primary key of another published table; checked before every switch. */
  references(target: () => ReferenceTarget): Column<N> {
    return new Column({ ...this.definition, reference: target })
  }

  /** Values of this pattern may stand in the column; any other pattern still stops the run. */
  accept(pattern: PatternName, reason: string): Column<N> {
    const accepted = Object.freeze({ pattern, reason })
    return new Column({ ...this.definition, accepts: Object.freeze([...this.definition.accepts, accepted]) })
  }
}

type NullabilityOf<T> = [Extract<T, null>] extends [never] ? 'not null' : 'undecided'

/** `S`: what the query must give; `J`: what a rule must give. */
interface ColumnOf<S, J> {
  <T extends S | null>(value: Expression<T>, comment: string): Column<NullabilityOf<T>>
  <T extends J | null>(value: Computed<T>, comment: string): Column<NullabilityOf<T>>
}

type Given = Expression<unknown> | Computed<unknown>

function define(type: SqlType, value: Given, comment: string): Column<never> {
  return new Column({
    type,
    value:
      'computation' in value ? { kind: 'computed', computed: value } : { kind: 'sql', node: value.toOperationNode() },
    comment,
    isNullable: false,
    isPrimaryKey: false,
    isUnique: false,
    minimum: null,
    reference: null,
    accepts: Object.freeze([]),
  })
}

function columnOf<S, J>(kind: ScalarKind, array = false): ColumnOf<S, J> {
  const type = sqlType(kind, null, array)
  return (value: Given, comment: string) => define(type, value, comment)
}

export const smallint = columnOf<number, number>('smallint')
export const integer = columnOf<number, number>('integer')
export const bigint = columnOf<bigint | number, bigint | number>('bigint')
export const numeric = columnOf<Numeric | bigint | number, string>('numeric')
export const real = columnOf<Float, number>('real')
export const doublePrecision = columnOf<Float | number, number>('double precision')
export const boolean = columnOf<boolean, boolean>('boolean')
export const text = columnOf<string, string>('text')
export const uuid = columnOf<Uuid, string>('uuid')
export const date = columnOf<LocalDate, string>('date')
export const time = columnOf<LocalTime, string>('time')
export const timestamp = columnOf<LocalDateTime, string>('timestamp')
export const timestamptz = columnOf<Instant, string>('timestamptz')
/** A rule gives the JSON text. */
export const jsonb = columnOf<Jsonb, string>('jsonb')
export const textArray = columnOf<readonly string[], readonly string[]>('text', true)
export const integerArray = columnOf<readonly number[], readonly number[]>('integer', true)
export const bigintArray = columnOf<readonly bigint[], readonly bigint[]>('bigint', true)

/** Text of at most `length` characters; a longer value stops the run, it is never cut. */
export const varchar = <T extends string | null>(
  length: number,
  value: Expression<T> | Computed<T>,
  comment: string,
): Column<NullabilityOf<T>> => define(sqlType('varchar', length), value, comment)
