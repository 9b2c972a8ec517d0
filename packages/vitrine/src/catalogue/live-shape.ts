/**
 * The published schema as it stands in a database, as the same comparable data that `publication/shape.ts` makes of a
 * definition, with its owners, rights and other objects. Only the catalogue is read. Read by `migration/`, drop and adoption.
 */
import type { Session } from '../postgres/connect.ts'
import type { ColumnShape, ConstraintKind, ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import type { Target } from './target.ts'

export interface LiveTable {
  readonly oid: string
  readonly shape: TableShape
  readonly owner: string
  /** The writer owns the table, or belongs to the role that does: it may move and drop it. */
  readonly owned: boolean
  /** Indexes and exclusion constraints of a kind that no published table has: unique, partial, on expressions … */
  readonly extras: readonly string[]
}

export interface LiveSchema {
  readonly exists: boolean
  readonly owner: string | null
  /** The writer owns the schema, or belongs to the role that does: it may rename it. */
  readonly owned: boolean
  readonly writerExists: boolean
  /** The writer may create schemas in this database. */
  readonly writerMayCreate: boolean
  readonly readerExists: boolean
}

/** Facts of the published schema; all false when it does not exist. */
export async function readSchema({ session, publication }: Target): Promise<LiveSchema> {
  const { schema, writer, reader } = publication
  const [facts] = await session.query<LiveSchema>(
    `select n.oid is not null as "exists", o.rolname as owner,
            coalesce(pg_has_role(w.oid, n.nspowner, 'usage'), false) as owned,
            w.oid is not null as "writerExists",
            coalesce(has_database_privilege(w.oid, current_database(), 'create'), false) as "writerMayCreate",
            exists (select from pg_catalog.pg_roles where rolname = $3) as "readerExists"
     from (select $1::text as name, $2::text as writer) as asked
     left join pg_catalog.pg_namespace n on n.nspname = asked.name
     left join pg_catalog.pg_roles o on o.oid = n.nspowner
     left join pg_catalog.pg_roles w on w.rolname = asked.writer`,
    [schema, writer, reader],
  )
  return facts as LiveSchema // sound because the query always returns one row.
}

interface TableRow {
  readonly oid: string
  readonly name: string
  readonly comment: string | null
  readonly owner: string
  readonly owned: boolean
}

/** The ordinary tables of a schema. Needs an empty search path, so that texts name every schema. */
export async function readTables(session: Session, schema: string, writer: string): Promise<readonly LiveTable[]> {
  const tables = await session.query<TableRow>(
    `select c.oid::text, c.relname as name, obj_description(c.oid, 'pg_class') as comment, o.rolname as owner,
            coalesce(pg_has_role(w.oid, c.relowner, 'usage'), false) as owned
     from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     left join pg_catalog.pg_roles w on w.rolname = $2
     where n.nspname = $1 and c.relkind = 'r'
     order by c.relname`,
    [schema, writer],
  )
  const columns = groupByTable(await readColumns(session, schema))
  const constraints = groupByTable(await readConstraints(session, schema))
  const indexes = groupByTable(await readIndexes(session, schema))
  return tables.map(({ oid, name, comment, owner, owned }) => {
    const rules = constraints.get(name) ?? []
    const found = indexes.get(name) ?? []
    const plain = found
      .filter(({ isPlain }) => isPlain)
      .map(({ name: index, columns: on }) => ({ name: index, columns: on }))
    const exclusions = rules.filter(({ kind }) => kind === 'x')
    return {
      oid,
      owner,
      owned,
      shape: {
        name,
        comment,
        columns: (columns.get(name) ?? []).map(columnShape),
        constraints: rules.flatMap(constraintShape),
        indexes: plain,
        history: null,
      },
      extras: [...found.filter(({ isPlain }) => !isPlain), ...exclusions].map((extra) => extra.name),
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
}

const columnShape = ({ name, type, nullable, comment }: ColumnRow): ColumnShape => ({ name, type, nullable, comment })

const readColumns = (session: Session, schema: string): Promise<ColumnRow[]> =>
  session.query<ColumnRow>(
    `select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
            not a.attnotnull as nullable, col_description(c.oid, a.attnum) as comment
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

/** PostgreSQL 18 also lists NOT NULL constraints: they are left out, because columns have `nullable`. */
const readConstraints = (session: Session, schema: string): Promise<ConstraintRow[]> =>
  session.query<ConstraintRow>(
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
 * A minimum, written as in the definition: `CHECK ((c >= -5))`. PostgreSQL prints it with casts that depend
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

const readIndexes = (session: Session, schema: string): Promise<IndexRow[]> =>
  session.query<IndexRow>(
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
