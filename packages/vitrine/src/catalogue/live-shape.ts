/**
 * The published schema as it stands in a database, as the same comparable data that `publication/shape.ts` makes of a
 * definition, with what a plan must know besides: owners, the reader's rights, relations of others, and what depends on
 * our columns (`live-dependents.ts`). Only the catalogue is read. Called by `migrate.ts` and by whoever compares schemas.
 */
import type { Session } from '../postgres/connect.ts'
import type { ColumnShape, ConstraintKind, ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import { type LiveDependent, readDependents } from './live-dependents.ts'
import { type LiveRelation, type LiveRoles, readOtherRelations } from './live-relations.ts'

export interface LiveTable {
  readonly shape: TableShape
  readonly owner: string
  /** The writer owns the table, or belongs to the role that does: it may alter and drop it. */
  readonly owned: boolean
  /** Not one page of rows was ever written, so whatever cannot hold on present rows holds here. */
  readonly isEmpty: boolean
  /** The reader may select from all its columns. */
  readonly readable: boolean
  readonly identityColumns: readonly string[]
  /** Columns that the database computes from others. */
  readonly generatedColumns: readonly string[]
  /** Indexes and exclusion constraints of a kind that no published table has: unique, partial, on expressions … */
  readonly extras: readonly string[]
}

export interface LiveSchema {
  readonly name: string
  readonly exists: boolean
  readonly owner: string | null
  /** The writer owns the schema, or belongs to the role that does: it may rename it. */
  readonly owned: boolean
  readonly writerExists: boolean
  /** The writer may create schemas in this database. */
  readonly writerMayCreate: boolean
  readonly readerExists: boolean
  /** The reader has USAGE on the schema. */
  readonly readerMayEnter: boolean
  readonly tables: readonly LiveTable[]
  readonly others: readonly LiveRelation[]
  readonly dependents: readonly LiveDependent[]
}

/** Reads one schema. A schema that does not exist gives `exists: false` and no tables. Cheap: ten catalogue queries. */
export async function readLiveShapes(target: Session, schema: string, roles: LiveRoles = {}): Promise<LiveSchema> {
  return withEmptySearchPath(target, async () => {
    const facts = await readSchema(target, schema, roles)
    if (!facts.exists) return { name: schema, ...facts, tables: [], others: [], dependents: [] }
    const others = await readOtherRelations(target, schema, roles)
    const dependents = await readDependents(target, schema)
    return { name: schema, ...facts, tables: await readTables(target, schema, roles), others, dependents }
  })
}

/** PostgreSQL leaves out the schema of names on the search path; with an empty path its texts name every schema. */
async function withEmptySearchPath<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const [before] = await session.query<{ path: string }>("select current_setting('search_path') as path")
  await session.query("select set_config('search_path', '', false)")
  try {
    return await work()
  } finally {
    // In a failed transaction this fails too, and the rollback restores the path.
    await session.query("select set_config('search_path', $1, false)", [before?.path ?? '']).catch(() => undefined)
  }
}

type SchemaFacts = Omit<LiveSchema, 'name' | 'tables' | 'others' | 'dependents'>

async function readSchema(target: Session, schema: string, { writer, reader }: LiveRoles): Promise<SchemaFacts> {
  const [facts] = await target.query<SchemaFacts>(
    `select n.oid is not null as "exists", o.rolname as owner,
            coalesce(pg_has_role(w.oid, n.nspowner, 'usage'), false) as owned,
            w.oid is not null as "writerExists",
            coalesce(has_database_privilege(w.oid, current_database(), 'create'), false) as "writerMayCreate",
            r.oid is not null as "readerExists",
            coalesce(has_schema_privilege(r.oid, n.oid, 'usage'), false) as "readerMayEnter"
     from (select $1::text as name, coalesce($2::text, current_user) as writer, $3::text as reader) as asked
     left join pg_catalog.pg_namespace n on n.nspname = asked.name
     left join pg_catalog.pg_roles o on o.oid = n.nspowner
     left join pg_catalog.pg_roles w on w.rolname = asked.writer
     left join pg_catalog.pg_roles r on r.rolname = asked.reader`,
    [schema, writer ?? null, reader ?? null],
  )
  return facts as SchemaFacts // sound because the query always gives one row.
}

interface TableRow {
  readonly name: string
  readonly comment: string | null
  readonly owner: string
  readonly owned: boolean
  readonly isEmpty: boolean
  readonly readable: boolean
}

async function readTables(target: Session, schema: string, { writer, reader }: LiveRoles): Promise<LiveTable[]> {
  const tables = await target.query<TableRow>(
    `select c.relname as name, obj_description(c.oid, 'pg_class') as comment, o.rolname as owner,
            coalesce(pg_has_role(w.oid, c.relowner, 'usage'), false) as owned,
            pg_relation_size(c.oid) = 0 as "isEmpty",
            coalesce(has_table_privilege(r.oid, c.oid, 'select'), false) as readable
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     left join pg_catalog.pg_roles w on w.rolname = coalesce($2::text, current_user)
     left join pg_catalog.pg_roles r on r.rolname = $3::text
     where n.nspname = $1 and c.relkind = 'r'
     order by c.relname`,
    [schema, writer ?? null, reader ?? null],
  )
  const columns = groupByTable(await readColumns(target, schema))
  const constraints = groupByTable(await readConstraints(target, schema))
  const indexes = groupByTable(await readIndexes(target, schema))
  return tables.map(({ name, comment, ...facts }) => {
    const own = columns.get(name) ?? []
    const rules = constraints.get(name) ?? []
    const found = indexes.get(name) ?? []
    return {
      ...facts,
      shape: {
        name,
        comment,
        columns: own.map(columnShape),
        constraints: rules.flatMap(constraintShape),
        indexes: found.flatMap(({ name: index, columns: on, isPlain }): IndexShape[] =>
          isPlain ? [{ name: index, columns: on }] : [],
        ),
      },
      identityColumns: own.filter(({ isIdentity }) => isIdentity).map((column) => column.name),
      generatedColumns: own.filter(({ isGenerated }) => isGenerated).map((column) => column.name),
      extras: [...found.filter(({ isPlain }) => !isPlain), ...rules.filter(({ kind }) => kind === 'x')].map(
        (extra) => extra.name,
      ),
    }
  })
}

function groupByTable<Row extends { readonly table: string }>(rows: readonly Row[]): ReadonlyMap<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.table)
    if (group === undefined) groups.set(row.table, [row])
    else group.push(row)
  }
  return groups
}

interface ColumnRow extends ColumnShape {
  readonly table: string
  readonly isIdentity: boolean
  readonly isGenerated: boolean
}

const columnShape = ({ name, type, nullable, comment }: ColumnRow): ColumnShape => ({ name, type, nullable, comment })

const readColumns = (target: Session, schema: string): Promise<ColumnRow[]> =>
  target.query<ColumnRow>(
    `select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            not a.attnotnull as nullable, col_description(c.oid, a.attnum) as comment,
            a.attidentity <> '' as "isIdentity", a.attgenerated <> '' as "isGenerated"
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`,
    [schema],
  )

interface ConstraintRow {
  readonly table: string
  readonly name: string
  readonly kind: string
  readonly definition: string
  readonly columns: readonly string[]
  readonly references: string | null
}

/** NOT NULL constraints, which PostgreSQL 18 lists here too, are the columns' nullability. */
const readConstraints = (target: Session, schema: string): Promise<ConstraintRow[]> =>
  target.query<ConstraintRow>(
    `select c.relname as "table", k.conname as name, k.contype as kind, pg_get_constraintdef(k.oid) as definition,
            array(
              select a.attname::text
              from unnest(k.conkey) with ordinality as key (number, place)
              join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.number
              order by key.place
            ) as columns,
            case when f.relnamespace = c.relnamespace then f.relname::text else f.oid::regclass::text end as "references"
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class c on c.oid = k.conrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     left join pg_catalog.pg_class f on f.oid = k.confrelid
     where n.nspname = $1 and c.relkind = 'r' and k.contype in ('p', 'u', 'c', 'f', 'x')
     order by c.relname, k.conname`,
    [schema],
  )

const CONSTRAINT_KINDS: Readonly<Record<string, ConstraintKind>> = {
  p: 'primary key',
  u: 'unique',
  c: 'check',
  f: 'foreign key',
}

function constraintShape({ name, kind, definition, columns, references }: ConstraintRow): ConstraintShape[] {
  const known = CONSTRAINT_KINDS[kind]
  if (known === undefined) return []
  const text = known === 'check' ? plainMinimum(definition) : definition
  return [{ name, kind: known, definition: text, columns, references }]
}

const NUMBER_CASTS = /::(?:smallint|integer|bigint|numeric|real|double precision)/g
const MINIMUM = /^CHECK (?<column>[a-z_][a-z0-9_]*|"(?:[^"()]|"")+") >= (?<number>-?\d[\d.]*(?:e[+-]?\d+)?)$/

/**
 * A smallest allowed number as the definition writes it, `CHECK ((c >= -5))`. PostgreSQL prints it with casts that depend
 * on the type of the column and on the number: `(c >= '-5'::integer)`, `(c >= (0)::numeric)`, `((c)::numeric >= 0.5)`.
 */
export function plainMinimum(definition: string): string {
  const bare = definition
    .replace(NUMBER_CASTS, '')
    .replace(/'(-?[\d.]+)'/g, '$1')
    .replace(/[()]/g, '')
  const found = MINIMUM.exec(bare)?.groups
  return found === undefined ? definition : `CHECK ((${found['column']} >= ${Number(found['number'])}))`
}

interface IndexRow extends IndexShape {
  readonly table: string
  /** An ascending b-tree on columns alone, with the usual order of their types, neither unique nor partial. */
  readonly isPlain: boolean
}

const readIndexes = (target: Session, schema: string): Promise<IndexRow[]> =>
  target.query<IndexRow>(
    `select c.relname as "table", i.relname as name,
            array(
              select a.attname::text
              from unnest(x.indkey::smallint[]) with ordinality as key (number, place)
              join pg_catalog.pg_attribute a on a.attrelid = x.indrelid and a.attnum = key.number
              order by key.place
            ) as columns,
            m.amname = 'btree' and not x.indisunique and x.indpred is null and x.indexprs is null and x.indisvalid
              and x.indnatts = x.indnkeyatts and 0 = all (x.indoption::smallint[])
              and not exists (
                select from pg_catalog.pg_opclass p where p.oid = any (x.indclass::oid[]) and not p.opcdefault
              ) as "isPlain"
     from pg_catalog.pg_index x
     join pg_catalog.pg_class i on i.oid = x.indexrelid
     join pg_catalog.pg_am m on m.oid = i.relam
     join pg_catalog.pg_class c on c.oid = x.indrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = 'r'
       and not exists (
         select from pg_catalog.pg_constraint k
         where k.conrelid = x.indrelid and k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
       )
     order by c.relname, i.relname`,
    [schema],
  )
