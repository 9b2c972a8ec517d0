/**
 * The register: every column of every source table that a publication may look at, with its type and privacy class.
 * It is also the typed entrance to queries (`selectFrom`), which see nothing else. No connection is ever made here.
 */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type SelectQueryBuilder,
} from 'kysely'
import type {
  Float,
  Instant,
  Jsonb,
  LocalDate,
  LocalDateTime,
  LocalTime,
  Numeric,
  ScalarKind,
  SqlType,
  Uuid,
} from '../sql/sql-type.ts'
import { sqlType } from '../sql/sql-type.ts'
import type { Indirect, Personal, PrivacyClass, SecretValue } from './privacy.ts'

declare const carried: unique symbol

/** A column of the source as the register writes it. `T` is what a query sees: value, class and nullability together. */
export interface RegisteredColumn<T = unknown> {
  readonly type: SqlType
  readonly privacy: PrivacyClass
  readonly isNullable: boolean
  readonly [carried]?: T
}

export interface NotNullColumn<T> extends RegisteredColumn<T> {
  /** The same column, where the source allows NULL. */
  readonly nullable: RegisteredColumn<T | null>
}

const UNREAD = Symbol('unread columns')
export type RegisteredColumns = Readonly<Record<string, RegisteredColumn>> & { readonly [UNREAD]?: string }

function column<T>(privacy: PrivacyClass, type: SqlType): NotNullColumn<T> {
  const nullable: RegisteredColumn<T | null> = Object.freeze({ type, privacy, isNullable: true })
  return Object.freeze({ type, privacy, isNullable: false, nullable })
}

/** The columns that one privacy class can have; `Wrap` is how the class shows in TypeScript. */
interface ClassColumns<K extends PrivacyClass> {
  readonly smallint: NotNullColumn<Wrap<K, number>>
  readonly integer: NotNullColumn<Wrap<K, number>>
  readonly bigint: NotNullColumn<Wrap<K, bigint>>
  readonly numeric: NotNullColumn<Wrap<K, Numeric>>
  readonly real: NotNullColumn<Wrap<K, Float>>
  readonly doublePrecision: NotNullColumn<Wrap<K, Float>>
  readonly boolean: NotNullColumn<Wrap<K, boolean>>
  readonly text: NotNullColumn<Wrap<K, string>>
  readonly varchar: (length: number) => NotNullColumn<Wrap<K, string>>
  readonly uuid: NotNullColumn<Wrap<K, Uuid>>
  readonly date: NotNullColumn<Wrap<K, LocalDate>>
  readonly time: NotNullColumn<Wrap<K, LocalTime>>
  readonly timestamp: NotNullColumn<Wrap<K, LocalDateTime>>
  readonly timestamptz: NotNullColumn<Wrap<K, Instant>>
  readonly jsonb: NotNullColumn<Wrap<K, Jsonb>>
  readonly textArray: NotNullColumn<Wrap<K, readonly string[]>>
  readonly integerArray: NotNullColumn<Wrap<K, readonly number[]>>
  readonly bigintArray: NotNullColumn<Wrap<K, readonly bigint[]>>
}

type Wrap<K extends PrivacyClass, T> = K extends 'open'
  ? T
  : K extends 'indirect'
    ? Indirect<T>
    : K extends 'personal'
      ? Personal<T>
      : SecretValue<T>

function classColumns<K extends PrivacyClass>(privacy: K): ClassColumns<K> {
  const of = <T>(kind: ScalarKind, array = false) => column<Wrap<K, T>>(privacy, sqlType(kind, null, array))
  return Object.freeze({
    smallint: of<number>('smallint'),
    integer: of<number>('integer'),
    bigint: of<bigint>('bigint'),
    numeric: of<Numeric>('numeric'),
    real: of<Float>('real'),
    doublePrecision: of<Float>('double precision'),
    boolean: of<boolean>('boolean'),
    text: of<string>('text'),
    varchar: (length: number) => column<Wrap<K, string>>(privacy, sqlType('varchar', length)),
    uuid: of<Uuid>('uuid'),
    date: of<LocalDate>('date'),
    time: of<LocalTime>('time'),
    timestamp: of<LocalDateTime>('timestamp'),
    timestamptz: of<Instant>('timestamptz'),
    jsonb: of<Jsonb>('jsonb'),
    textArray: of<readonly string[]>('text', true),
    integerArray: of<readonly number[]>('integer', true),
    bigintArray: of<readonly bigint[]>('bigint', true),
  })
}

export const open = classColumns('open')
export const indirect = classColumns('indirect')
export const personal = classColumns('personal')
export const secret = classColumns('secret')

/**
 * Registers only the columns given; the table may have others, which no query can then name. `reason` says why they need
 * not be listed one by one. Use it where hundreds of columns are never read.
 */
export function partly<C extends Readonly<Record<string, RegisteredColumn>>>(reason: string, columns: C): C {
  return Object.defineProperty({ ...columns }, UNREAD, { value: reason, enumerable: false })
}

export const unreadReason = (columns: RegisteredColumns): string | undefined => columns[UNREAD]

export type RegisteredTables = Readonly<Record<string, RegisteredColumns>>

type ValueOf<C> = C extends RegisteredColumn<infer T> ? T : never
/** The database that Kysely sees: the registered tables and columns, classified. */
export type DatabaseOf<R extends RegisteredTables> = {
  [Table in keyof R & string]: { [Column in keyof R[Table] & string]: ValueOf<R[Table][Column]> }
}

/** The register as data, and the only way to start a query of a publication. */
export interface Source<DB = unknown> {
  readonly schema: string
  readonly tables: RegisteredTables
  readonly selectFrom: Kysely<DB>['selectFrom']
  readonly with: Kysely<DB>['with']
}

/** Declares the registered tables of one schema of the operational database. */
export function register<const R extends RegisteredTables>(schema: string, tables: R): Source<DatabaseOf<R>> {
  const db = new Kysely<DatabaseOf<R>>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (instance) => new PostgresIntrospector(instance),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  return Object.freeze({
    schema,
    tables: Object.freeze(tables),
    selectFrom: db.selectFrom.bind(db),
    with: db.with.bind(db),
  })
}

/** A query of the source with no selection yet: what `from` takes. */
// biome-ignore lint/complexity/noBannedTypes: sound because Kysely writes "nothing selected" as {}.
export type SourceQuery<DB, TB extends keyof DB> = SelectQueryBuilder<DB, TB, {}>
