/**
 * Reads tables cell by cell as text, for a search in which the server must not learn the value. Statistics of
 * tables are read as well, because PostgreSQL keeps sample values in them.
 */
import type { Session } from '../postgres/connect.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

export interface StoredColumn {
  readonly name: string
  /** It may hold texts; numbers, dates and booleans do not. */
  readonly isTextual: boolean
}

export interface StoredTable {
  readonly schema: string
  readonly name: string
  /** False when the session's role may not read every row of it. */
  readonly readable: boolean
  readonly columns: readonly StoredColumn[]
}

/** All relations with stored rows in the schemas, whoever made them. */
export const storedIn = (session: Session, schemas: readonly string[]): Promise<StoredTable[]> =>
  session.query<StoredTable>(
    `select n.nspname as schema, c.relname as name,
            has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') and not row_security_active(c.oid) as readable,
            (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'isTextual', t.typcategory not in ('N', 'B', 'D', 'T')) order by a.attnum), '[]')
             from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ($1) and c.relkind in ('r', 'm') order by 1, 2`,
    [[...schemas]],
  )

/** Rows read at once. */
const PAGE = 2_000

/** The rows of a SELECT, a part at a time. */
export async function* rowsOf<Row extends object>(session: Session, select: string): AsyncGenerator<readonly Row[]> {
  await session.begin('begin', `declare cells no scroll cursor for ${select}`)
  try {
    for (let page: readonly Row[] | null = null; page === null || page.length === PAGE; ) {
      page = await session.query<Row>(`fetch ${PAGE} from cells`)
      yield page
    }
  } finally {
    await session.execute('rollback').catch(() => undefined)
  }
}

/** A row of `cellsSelect`: `c0`, `c1` … in the order of the columns. */
export type Cells = Readonly<Record<string, string | null>>

/** The columns of a table as texts, named by their order. */
export const cellsSelect = ({ schema, name, columns }: StoredTable): string =>
  `select ${columns.map((column, at) => `${identifier(column.name)}::text as c${at}`).join(', ') || 'null'} from only ${qualified(schema, name)}`

/** For extended statistics, `column` is their name. */
export interface Quoted {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly value: string | null
}

/** The values in the statistics of the schemas, as `Quoted`. */
export function statisticsSelect(schemas: readonly string[]): string {
  const here = (column: string) => `${column} in (${schemas.map(literal).join(', ')})`
  return `select s.schemaname::text as schema, s.tablename::text as "table", s.attname::text as "column", v.value
    from pg_catalog.pg_stats s cross join lateral (
      select unnest(s.most_common_vals::text::text[]) union all select unnest(s.histogram_bounds::text::text[])
      union all select unnest(s.most_common_elems::text::text[])) as v (value) where ${here('s.schemaname')}
    union all
    select e.schemaname::text, e.tablename::text, e.statistics_name::text, v.value
    from pg_catalog.pg_stats_ext e cross join lateral unnest(e.most_common_vals) as v (value) where ${here('e.schemaname')}
    union all
    select x.schemaname::text, x.tablename::text, x.statistics_name::text, v.value
    from pg_catalog.pg_stats_ext_exprs x cross join lateral (
      select unnest(x.most_common_vals::text::text[]) union all select unnest(x.histogram_bounds::text::text[])) as v (value)
    where ${here('x.schemaname')}`
}
