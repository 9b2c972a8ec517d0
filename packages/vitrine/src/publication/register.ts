/**
 * The register: every column of every source table that a publication may look at, with its type and privacy class.
 * It is also the typed entrance to queries (`selectFrom`), which see nothing else. No connection is ever made here.
 */
import {
  DummyDriver,
  Kysely,
  type KyselyPlugin,
  type OperationNode,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type SelectQueryBuilder,
} from 'kysely'
import { qualified } from '../sql/quote.ts'
import { type QueryValue, type RegisteredType, SCALAR_KINDS, type ScalarKind, sqlType } from '../sql/sql-type.ts'
import type { Indirect, Named, Personal, PrivacyClass, SecretValue, Unread } from './privacy.ts'

declare const carried: unique symbol

/** A column of the source as the register writes it. `T` is what a query sees: value, class and nullability together. */
export interface RegisteredColumn<T = unknown> {
  readonly type: RegisteredType
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

function column<T>(privacy: PrivacyClass, type: RegisteredType): NotNullColumn<T> {
  const nullable: RegisteredColumn<T | null> = Object.freeze({ type, privacy, isNullable: true })
  return Object.freeze({ type, privacy, isNullable: false, nullable })
}

/** How a privacy class shows in TypeScript. */
type Wrap<K extends PrivacyClass, T> = K extends 'open'
  ? T
  : K extends 'indirect'
    ? Indirect<T>
    : K extends 'personal'
      ? Personal<T>
      : SecretValue<T>

type WordOf<S extends ScalarKind> = S extends 'double precision' ? 'doublePrecision' : S
type Single = Exclude<ScalarKind, 'varchar'>
type Listed = Exclude<Single, 'smallint'>

/** The words of one privacy class: one for each type, and one for its array. */
type ClassColumns<K extends PrivacyClass> = {
  readonly [S in Single as WordOf<S>]: NotNullColumn<Wrap<K, QueryValue[S]>>
} & {
  readonly [S in Listed as `${WordOf<S>}Array`]: NotNullColumn<Wrap<K, readonly QueryValue[S][]>>
} & { varchar(length: number): NotNullColumn<Wrap<K, string>> }

function classColumns<K extends PrivacyClass>(privacy: K): ClassColumns<K> {
  const words = SCALAR_KINDS.filter((kind) => kind !== 'varchar').flatMap((kind) => {
    const word = kind === 'double precision' ? 'doublePrecision' : kind
    const list = [`${word}Array`, column(privacy, sqlType(kind, null, true))] as const
    return [[word, column(privacy, sqlType(kind))] as const, ...(kind === 'smallint' ? [] : [list])]
  })
  const varchar = (length: number) => column(privacy, sqlType('varchar', length))
  // sound because there is a word for each kind, and for its arrays.
  return Object.freeze({ ...Object.fromEntries(words), varchar }) as unknown as ClassColumns<K>
}

/** A column of a type that the language does not support, such as `opaque('geometry')`. No query can read it. */
export function opaque(name: string): RegisteredColumn<Unread> {
  const type = Object.freeze({ kind: 'opaque', name, castTo: name, length: null, array: false } as const)
  return Object.freeze({ type, privacy: 'personal', isNullable: true })
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
  [Table in keyof R & string]: {
    [Column in keyof R[Table] & string]: Named<ValueOf<R[Table][Column]>, `${Table}.${Column}`>
  }
}

/** The register as data. */
export interface Source {
  /** The schema of tables that are named without one. */
  readonly schema: string
  /** By the names that queries give them: `person`, and `sales.orders` where they stand in another schema. */
  readonly tables: RegisteredTables
  /** Functions that are not PostgreSQL's own, as queries call them, and why they may be called. */
  readonly functions: Readonly<Record<string, string>>
  /** Extensions whose types, functions and operators the queries use, and the schema of each. */
  readonly extensions: Readonly<Record<string, string>>
  /** Views, and generated columns, that say less than the columns they are made of, and why. */
  readonly derived: Readonly<Record<string, string>>
  /** What a run does about a change of the source that no query reads. */
  readonly drift: 'stop' | 'warn'
}

/**
 * The only way to start a query of a publication. The publication refers to the register without its types: for TypeScript 5.9,
 * a query of one register is not assignable to that of another.
 */
export interface TypedSource<DB> extends Source {
  readonly selectFrom: Kysely<DB>['selectFrom']
  readonly with: Kysely<DB>['with']
  readonly withRecursive: Kysely<DB>['withRecursive']
}

/** The register that a query was started from: the text of the query does not tell. */
const begunBy = new WeakMap<OperationNode, Pick<Source, 'schema' | 'tables'>>()

/** What was found: nothing of a query changes once it is written. */
const found = new WeakMap<OperationNode, ReadonlySet<Pick<Source, 'schema' | 'tables'>>>()

/** The registers behind a query and the queries in it, each once. */
export function registersIn(node: OperationNode): ReadonlySet<Pick<Source, 'schema' | 'tables'>> {
  const known = found.get(node) ?? lookedFor(node)
  found.set(node, known)
  return known
}

function lookedFor(node: OperationNode): ReadonlySet<Pick<Source, 'schema' | 'tables'>> {
  const own = begunBy.get(node)
  const inside = Object.values(node)
    .flat()
    .filter((part) => typeof part === 'object' && part !== null && 'kind' in part)
  return new Set([...(own === undefined ? [] : [own]), ...inside.flatMap((part) => [...registersIn(part)])])
}

export interface RegisterOptions {
  /** `{ unaccent: 'an extension; computes on its argument alone' }`. The result may hold whatever the arguments hold. */
  readonly functions?: Readonly<Record<string, string>>
  /** `{ citext: 'public' }`: names are looked up in pg_catalog and in these schemas alone. */
  readonly extensions?: Readonly<Record<string, string>>
  /** `{ monthly_total: 'sums alone', 'person.initial': 'one letter' }`. Others must have the highest class of the columns behind them. */
  readonly derived?: Readonly<Record<string, string>>
  /**
   * `warn`: a column that no query reads may come, go or change: the run passes and warns once. Queries must then name
   * each column with the alias of its table. By default, every difference stops the run.
   */
  readonly drift?: 'stop' | 'warn'
}

/** Builds queries and has no connection. */
export const offline = <DB>(plugins: KyselyPlugin[] = []): Kysely<DB> =>
  new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (instance) => new PostgresIntrospector(instance),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    plugins,
  })

type RegisteredSchemas = Readonly<Record<string, RegisteredTables>>
type TablesOf<S extends RegisteredSchemas> = {
  [Schema in keyof S & string]: {
    [Table in keyof S[Schema] & string as Schema extends 'public' ? Table : `${Schema}.${Table}`]: S[Schema][Table]
  }
}
/** Turns a union into an intersection. */
type Every<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void ? All : never
type FlatOf<S extends RegisteredSchemas> = Every<TablesOf<S>[keyof S & string]>

/**
 * Declares the registered tables of the operational database, of one schema or of several. With several, queries
 * name tables of `public` without the schema, and all others with it: `selectFrom('sales.orders as o')`.
 */
export function register<const R extends RegisteredTables>(
  schema: string,
  tables: R,
  options?: RegisterOptions,
): TypedSource<DatabaseOf<R>>
export function register<const S extends RegisteredSchemas>(
  schemas: S,
  options?: RegisterOptions,
): TypedSource<FlatOf<S> extends infer R extends RegisteredTables ? DatabaseOf<R> : never>
export function register(
  first: string | RegisteredSchemas,
  second: RegisteredTables | RegisterOptions = {},
  third: RegisterOptions = {},
): Source {
  if (typeof first === 'string') return sourceOf(first, second as RegisteredTables, third) // sound because of the first signature.
  const flat = Object.entries(first).flatMap(([schema, tables]) =>
    Object.entries(tables).map(([table, columns]) => [nameIn('public', schema, table), columns] as const),
  )
  return sourceOf('public', Object.fromEntries(flat), second as RegisterOptions) // sound because of the second signature.
}

/** How a register with the schema `own` names a table. */
export function nameIn(own: string, schema: string, table: string): string {
  // A dot inside a name would be taken for the separator: such a table cannot be registered.
  if (`${schema}${table}`.includes('.')) return qualified(schema, table)
  return schema === own ? table : `${schema}.${table}`
}

/** Where a registered table stands. */
export function placeOf({ schema }: Pick<Source, 'schema'>, name: string): readonly [schema: string, table: string] {
  const dot = name.indexOf('.')
  return dot < 0 ? [schema, name] : [name.slice(0, dot), name.slice(dot + 1)]
}

/** The schemas in which its tables stand. */
export const schemasOf = (source: Pick<Source, 'schema' | 'tables'>): readonly string[] => [
  ...new Set(Object.keys(source.tables).map((name) => placeOf(source, name)[0])),
]

/** The same name computed in SQL; null for a name with a dot. */
export const nameSql = (schema: string, of = 'n.nspname', table = 'c.relname'): string =>
  `case when ${of} || ${table} ~ '[.]' then null when ${of} = ${schema} then ${table}::text else ${of} || '.' || ${table} end`

function sourceOf(
  schema: string,
  tables: RegisteredTables,
  { functions = {}, extensions = {}, derived = {}, drift = 'stop' }: RegisterOptions,
): Source {
  const db = offline([
    {
      transformQuery({ node }) {
        begunBy.set(node, { schema, tables })
        return node
      },
      transformResult: async ({ result }) => result,
    },
  ])
  return Object.freeze({
    schema,
    tables: Object.freeze(tables),
    functions: Object.freeze({ ...functions }),
    extensions: Object.freeze({ ...extensions }),
    derived: Object.freeze({ ...derived }),
    drift,
    selectFrom: db.selectFrom.bind(db),
    with: db.with.bind(db),
    withRecursive: db.withRecursive.bind(db),
  })
}

/**
 * The search path on the source. PostgreSQL's own names come first; temporary types, first by default, come last;
 * no other schema is searched, so that no object there can take the place of what a query means.
 */
export const sourcePath = ({ extensions }: Source): readonly string[] => [
  ...new Set(['pg_catalog', ...Object.values(extensions), 'pg_temp']),
]

/** A query of the source with no selection yet: what `from` takes. */
// biome-ignore lint/complexity/noBannedTypes: sound because Kysely writes "nothing selected" as {}.
export type SourceQuery<DB, TB extends keyof DB> = SelectQueryBuilder<DB, TB, {}>
