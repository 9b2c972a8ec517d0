/** Plants a canary in every column of every table of a source, whatever its schema: keys and what refers to them agree. */
import type { Client } from 'pg'
import type { ScalarKind } from '../../packages/vitrine/src/sql/sql-type.ts'
import type { Canaries, Canary } from './canaries.ts'

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly length: number | null
  readonly array: boolean
  /** The key that it refers to. */
  readonly parent: string | null
}

const COLUMNS = `select c.relname as "table", a.attname as "column", a.attndims > 0 as "array",
    case when a.attndims > 0 then format_type(e.oid, null) else format_type(t.oid, null) end as type,
    case when t.typname = 'varchar' and a.atttypmod > 4 then a.atttypmod - 4 end as length,
    (select f.confrelid::regclass || '.' || p.attname from pg_constraint f join pg_attribute p on p.attrelid = f.confrelid and p.attnum = f.confkey[1]
     where f.conrelid = c.oid and f.contype = 'f' and f.conkey = array[a.attnum] limit 1) as parent
  from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by c.relname, a.attnum`

const ORDINARY: Readonly<Record<string, string>> = { boolean: 'true', smallint: '7', real: '1.5' }

/** What a row is told apart by. */
export interface Row {
  /** SQL instead of a canary, by `table.column` or by column. */
  readonly given: Readonly<Record<string, string>>
  /** Columns of masks that hide in it. */
  readonly hides: (column: string) => boolean
}

/** One row a table; of a superuser, because rows of any order refer to each other. Returns how many columns got a canary. */
export async function plantRow(client: Client, canaries: Canaries, { given, hides }: Row): Promise<number> {
  const { rows: columns } = await client.query<Column>(COLUMNS)
  const planted = new Map<string, readonly [literal: string, canary: Canary]>()
  const keys = columns.toSorted((a, b) => Number(a.parent !== null) - Number(b.parent !== null))
  const literals = new Map<string, string>()
  let pending: readonly Column[] = keys
  for (let left = -1; pending.length > 0 && pending.length !== left; ) {
    left = pending.length
    pending = pending.filter(({ table, column, type, length, array, parent }) => {
      const name = `${table}.${column}`
      const fixed = given[name] ?? given[column]
      const self = parent === null || fixed !== undefined ? null : planted.get(parent)
      if (fixed === undefined && self === undefined && parent !== name) return true
      const made = fixed !== undefined ? null : (self ?? canaries.plant(name, scalar(type), array, length, hides(name)))
      made?.[1].columns.add(name)
      if (made !== null) planted.set(name, made)
      literals.set(name, made?.[0] ?? fixed ?? ordinary(type, array, length))
      return false
    })
  }
  const tables = [...new Set(columns.map(({ table }) => table))]
  const inserts = tables.map((table) => {
    const own = columns.filter((column) => column.table === table && literals.has(`${table}.${column.column}`))
    const names = own.map(({ column }) => `"${column}"`).join(', ')
    return `insert into "${table}" (${names}) overriding system value values (${own.map(({ column }) => literals.get(`${table}.${column}`)).join(', ')});`
  })
  await client.query(`begin; set local session_replication_role = replica; ${inserts.join('\n')} commit;`)
  return planted.size
}

const KINDS: Readonly<Record<string, ScalarKind>> = {
  'character varying': 'varchar',
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
  'time without time zone': 'time',
}
// sound because a type that has no kind carries no canary.
const scalar = (type: string): ScalarKind => KINDS[type] ?? (type as ScalarKind)

function ordinary(type: string, array: boolean, length: number | null): string {
  const text = length === null ? ORDINARY[type] : `'${'x'.repeat(Math.min(length, 3))}'`
  return array ? `array[${text ?? 'null'}]::${type}[]` : (text ?? 'null')
}
