/**
 * Asks the source whether its transaction ids are still comparable with the recorded ones, and for a fingerprint of everything
 * except rows that a query's result depends on (types, collations, extensions). Asked before the snapshot and again after reading:
 * only when both answers are equal do they hold for the snapshot.
 */
import { createHash } from 'node:crypto'
import type { RowByRow } from '../lineage/row-by-row.ts'
import type { Session } from '../postgres/connect.ts'
import { identityOf } from '../postgres/identity.ts'
import { placeOf, type Source } from '../publication/register.ts'
import type { SourceEra } from '../record/version-origin.ts'

export interface RelationFacts {
  readonly print: string
  /** In words, why changed rows cannot be detected; null when they can. */
  readonly reason: string | null
}

export interface SourceFacts {
  readonly era: SourceEra
  /** By published table. */
  readonly relations: ReadonlyMap<string, RelationFacts>
}

/** After a crash the server may use transaction ids again that were not yet on disk. It also resets its statistics, which shows the crash. */
async function eraOf(source: Session): Promise<SourceEra> {
  const { system, oid: database } = await identityOf(source)
  const [row] = await source.query<Pick<SourceEra, 'started' | 'recovered' | 'standby'>>(
    `select extract(epoch from pg_catalog.pg_postmaster_start_time())::text as started,
            coalesce((select extract(epoch from stats_reset)::text from pg_catalog.pg_stat_bgwriter), '') as recovered,
            pg_catalog.pg_is_in_recovery() as standby`,
  )
  // sound because the query always returns one row.
  return { system, database, ...(row as Pick<SourceEra, 'started' | 'recovered' | 'standby'>) }
}

interface RelationRow {
  /** The index of the question. */
  readonly name: string
  readonly facts: string
  readonly plain: boolean
  readonly single: boolean
  readonly secured: boolean
  readonly readable: boolean
  readonly strange: string | null
  readonly casts: boolean
  readonly fuzzy: boolean
  /** The columns of each unique key, whose values are never NULL. */
  readonly keys: readonly (readonly string[])[]
}

/**
 * Facts of each relation. `strange`: a type whose output may change without the row, such as `regclass` or a type of an
 * extension. Enumerations are allowed, and their labels are part of `facts`.
 */
const RELATIONS = `
  select w.name, c.relkind = 'r' and not c.relispartition as plain, secured.active as secured,
    not exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid or i.inhrelid = c.oid) as single,
    coalesce(has_column_privilege(c.oid, (-2)::smallint, 'select'), false) as readable,
    exists (select from pg_catalog.pg_cast k where k.castfunc >= 16384 and not exists (select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_cast'::regclass and d.objid = k.oid and d.deptype = 'e')) as casts,
    (select min(t.typname::text) from unnest(w.columns) n (name)
     left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = n.name
     left join pg_catalog.pg_type d on d.oid = a.atttypid
     left join pg_catalog.pg_type t on t.oid = case when d.typcategory = 'A' and d.typelem <> 0 then d.typelem else d.oid end
     where a.attnum is null or a.attgenerated = 'v' or not (t.typtype = 'e' or t.typtype in ('b', 'r', 'm') and t.oid < 16384 and t.typname !~ '^reg')) as strange,
    exists (select from pg_catalog.pg_attribute a join pg_catalog.pg_collation l on l.oid = a.attcollation
            where a.attrelid = c.oid and a.attname = any (w.columns) and not l.collisdeterministic) as fuzzy,
    (select coalesce(jsonb_agg(k.columns order by k.columns), '[]') from
      (select (select jsonb_agg(a.attname order by a.attname) from pg_catalog.pg_attribute a
               where a.attrelid = c.oid and a.attnotnull and a.attnum = any (i.indkey[0:i.indnkeyatts - 1])) as columns, i.indnkeyatts
       from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null) k
     where jsonb_array_length(k.columns) = k.indnkeyatts) as keys,
    concat_ws(' ', c.oid, secured.active,
      (select string_agg(concat_ws(',', a.attname, a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.atthasmissing, a.attgenerated,
         md5(a.attmissingval::text), (select l.collversion from pg_catalog.pg_collation l where l.oid = a.attcollation),
         (select string_agg(e.enumlabel, '/' order by e.enumsortorder) from pg_catalog.pg_enum e
          where e.enumtypid = case when d.typelem <> 0 then d.typelem else d.oid end)), ';' order by a.attnum)
       from pg_catalog.pg_attribute a join pg_catalog.pg_type d on d.oid = a.atttypid where a.attrelid = c.oid and a.attname = any (w.columns)),
      (select string_agg(concat_ws(',', x.extname, x.extversion), ';' order by x.extname) from pg_catalog.pg_extension x)) as facts
  from (select key as name, value ->> 'schema' as schema, value ->> 'relation' as relation,
               array(select jsonb_array_elements_text(value -> 'columns')) as columns from jsonb_each($1)) w
  join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.relation
  cross join lateral (select row_security_active(c.oid)) secured (active)`

function reasonOf(row: RelationRow, { alias, unique }: RowByRow, table: string): string | null {
  if (!row.plain) return 'what it reads is no plain table'
  if (!row.single) return 'its table has children, or is one'
  if (row.secured) return 'row security decides which rows are read'
  if (row.casts) return 'the source has casts of its own'
  if (row.strange !== null) return `it reads a column of the type ${row.strange}`
  if (row.fuzzy && alias === null) return 'it compares texts in a collation that takes some for the same'
  const guess = unique.find(
    (need) => need.table === table && !row.keys.some((key) => key.every((name) => need.columns.includes(name))),
  )
  if (guess !== undefined) return `it orders rows of ${table} by nothing that tells them all apart`
  return row.readable ? null : `the role of the source may not read xmin of ${alias === null ? table : 'its table'}`
}

/** `read`: what each published table reads. A published table with a missing relation is absent from the result. */
export async function factsOf(
  source: Session,
  register: Source,
  read: ReadonlyMap<string, RowByRow>,
): Promise<SourceFacts> {
  const asked = [...read].flatMap(([name, of]) => of.relations.map((relation) => ({ name, of, ...relation })))
  const questions = asked.map(({ table, columns }, index) => {
    const [schema, relation] = placeOf(register, table)
    return [index, { schema, relation, columns }] as const
  })
  const rows = await source.query<RelationRow>(RELATIONS, [JSON.stringify(Object.fromEntries(questions))])
  const answers = new Map(rows.map((row) => [Number(row.name), row]))
  const relations = new Map<string, RelationFacts>()
  const missing = new Set<string>()
  for (const [index, { name, of, table }] of asked.entries()) {
    const row = answers.get(index)
    if (row === undefined) missing.add(name)
    else {
      const { print = '', reason = null } = relations.get(name) ?? {}
      const facts = of.unique.some((need) => need.table === table)
        ? `${row.facts} ${JSON.stringify(row.keys)}`
        : row.facts
      const next = createHash('sha256').update(`${print}${facts}`).digest('hex')
      relations.set(name, { print: next, reason: reason ?? reasonOf(row, of, table) })
    }
  }
  for (const name of missing) relations.delete(name)
  return { era: await eraOf(source), relations }
}
