/**
 * The sync of the stand-in: reads the published database as its reader, as Metabase does, and keeps what people set. Tables and
 * columns keep their numbers when they vanish and come back; a changed type makes it forget; comments fill blanks only.
 */
import pg from 'pg'
import type { Entity } from './answers.ts'

export interface Details extends Entity {
  readonly host: string
  readonly port: number | string
  readonly dbname: string
  readonly user: string
  readonly password?: string
}

export const connected = async <T>(details: Details, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const { host, port, dbname: database, user, password } = details
  const client = new pg.Client({ host, port: Number(port), database, user, password, application_name: 'metabase' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

interface Seen {
  readonly schema: string
  readonly table: string
  readonly table_comment: string | null
  readonly column: string
  readonly type: string
  readonly comment: string | null
  readonly place: number
  readonly nullable: boolean
  /** Of a foreign key: `table.column`. */
  readonly target: string | null
}

const COLUMNS = `
  select n.nspname as schema, c.relname as "table", obj_description(c.oid, 'pg_class') as table_comment, a.attname as "column",
         t.typname as type, col_description(c.oid, a.attnum) as comment, a.attnum::integer as place, not a.attnotnull as nullable,
         (select f.relname || '.' || fa.attname from pg_constraint k
          join pg_class f on f.oid = k.confrelid join pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.confkey[1]
          where k.contype = 'f' and k.conrelid = c.oid and k.conkey = array[a.attnum]) as target
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  where c.relkind in ('r', 'p', 'v', 'f', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
    and has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select')
  order by 1, 2, a.attnum`

const BASE: Readonly<Record<string, string>> = {
  int2: 'type/Integer',
  int4: 'type/Integer',
  int8: 'type/BigInteger',
  bool: 'type/Boolean',
  uuid: 'type/UUID',
  timestamptz: 'type/DateTimeWithLocalTZ',
  date: 'type/Date',
  numeric: 'type/Decimal',
}
/** What it makes of a name, until somebody knows better. */
const GUESSES: Readonly<Record<string, string>> = {
  name: 'type/Name',
  created_at: 'type/CreationTimestamp',
  country: 'type/Country',
}

const humanized = (name: string): string =>
  name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')

const isFiltered = ({ 'schema-filters-type': type, 'schema-filters-patterns': patterns }: Details, schema: string) =>
  type === 'inclusion' && !String(patterns).split(',').includes(schema)

/** Changes the tables of a data source, `{…, fields: […]}` each; `next` numbers new ones. */
export async function sync(details: Details, databaseId: number, tables: Entity[], next: () => number): Promise<void> {
  const seen = (await connected(details, (client) => client.query<Seen>(COLUMNS))).rows
  const now = seen.filter(({ schema }) => !isFiltered(details, schema))
  const fieldsOf = (table: Entity) => table['fields'] as Entity[]
  for (const table of tables) {
    table['active'] = now.some((row) => row.schema === table['schema'] && row.table === table['name'])
    table['deactivated_at'] = table['active'] === true ? null : (table['deactivated_at'] ?? new Date().toISOString())
    for (const field of fieldsOf(table)) field['active'] = false
  }
  for (const row of now) {
    let table = tables.find(({ schema, name }) => schema === row.schema && name === row.table)
    if (table === undefined) {
      table = {
        id: next(),
        db_id: databaseId,
        schema: row.schema,
        name: row.table,
        display_name: humanized(row.table),
        description: null,
        active: true,
        deactivated_at: null,
        visibility_type: /_cache$|^config$|^sessions$|_revision$/.test(row.table) ? 'cruft' : null,
        field_order: 'database',
        initial_sync_status: 'complete',
        fields: [],
      }
      tables.push(table)
    }
    table['description'] ??= row.table_comment
    let field = fieldsOf(table).find(({ name }) => String(name).toLowerCase() === row.column.toLowerCase())
    const facts = {
      active: true,
      database_type: row.type,
      base_type: BASE[row.type] ?? 'type/Text',
      effective_type: BASE[row.type] ?? 'type/Text',
      database_position: row.place - 1,
      position: row.place - 1,
      database_is_nullable: row.nullable,
      // A role that may only read sees no primary key.
      database_is_pk: false,
    }
    if (field === undefined) {
      field = {
        id: next(),
        table_id: table['id'],
        name: row.column,
        display_name: humanized(row.column),
        description: null,
        semantic_type: GUESSES[row.column] ?? null,
        fk_target_field_id: null,
        visibility_type: 'normal',
        has_field_values: 'auto-list',
        settings: null,
        parent_id: null,
      }
      fieldsOf(table).push(field)
    } else if (field['database_type'] !== row.type) {
      Object.assign(field, { semantic_type: null, fk_target_field_id: null, settings: null, fingerprint: null })
    }
    Object.assign(field, facts)
    field['description'] ??= row.comment
  }
  const all = tables.flatMap((table) =>
    fieldsOf(table).map((field) => ({ key: `${table['name']}.${field['name']}`, field })),
  )
  for (const row of now.filter(({ target }) => target !== null)) {
    const field = all.find(({ key }) => key === `${row.table}.${row.column}`)?.field
    if (field === undefined || field['fk_target_field_id'] !== null) continue
    const target = all.find(({ key }) => key === row.target)?.field
    if (target !== undefined) Object.assign(field, { semantic_type: 'type/FK', fk_target_field_id: target['id'] })
  }
}
