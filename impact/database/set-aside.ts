/**
 * Removes foreign keys, unique constraints and secondary indexes of tables and restores the same ones, inside the
 * caller's transaction. During a large load they would cost several times the load itself (measured: keys 11 times,
 * indexes 2 times). Primary keys stay, because rows arrive in their order. Meanwhile required columns without default get one, so
 * that columns which only the application knows take a neutral value. Called by `sample`, on empty tables only.
 */
import type { ClientBase } from 'pg'

interface Definition {
  readonly remove: string
  readonly restore: string
}

/** PostgreSQL itself returns the definitions, so exactly the same ones are restored. */
const CONSTRAINTS = `
  select
    format('alter table %s drop constraint %I', conrelid::regclass, conname) as remove,
    format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as restore
  from pg_constraint
  where contype = any ($2)
    and (conrelid = any ($1::regclass[]) or contype = 'f' and confrelid = any ($1::regclass[]))
  order by conrelid::regclass::text, conname`

const INDEXES = `
  select
    format('drop index %s', i.indexrelid::regclass) as remove,
    pg_get_indexdef(i.indexrelid) as restore
  from pg_index i
  where i.indrelid = any ($1::regclass[])
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
  order by i.indexrelid::regclass::text`

const DEFAULTS = `
  select
    format('alter table %s alter column %I set default %s', attrelid::regclass, attname, neutral) as remove,
    format('alter table %s alter column %I drop default', attrelid::regclass, attname) as restore
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  cross join lateral (select case
    when t.typname in ('json', 'jsonb') then '''{}'''
    when t.typname = 'uuid' then 'gen_random_uuid()'
    when t.typcategory in ('S', 'T') then ''''''
    when t.typcategory = 'N' then '0'
    when t.typcategory = 'B' then 'false'
    when t.typcategory = 'D' then '''2000-01-01 00:00'''
    when t.typcategory = 'A' then '''{}'''
  end as neutral) as n
  where attrelid = any ($1::regclass[]) and attnum > 0 and not attisdropped and neutral is not null
    and attnotnull and not atthasdef and attidentity = ''
  order by attrelid::regclass::text, attnum`

/**
 * @param tables names that the search path finds.
 * @returns a function that restores everything, and so checks the rows.
 */
export async function setAside(client: ClientBase, tables: readonly string[]): Promise<() => Promise<void>> {
  const foreign = (await client.query<Definition>(CONSTRAINTS, [tables, ['f']])).rows
  const unique = (await client.query<Definition>(CONSTRAINTS, [tables, ['u']])).rows
  const indexes = (await client.query<Definition>(INDEXES, [tables])).rows
  const defaults = (await client.query<Definition>(DEFAULTS, [tables])).rows
  // Foreign keys are removed first and restored last, because they need the keys that they refer to.
  await run(client, [...foreign, ...unique, ...indexes, ...defaults], 'remove')
  return () => run(client, [...defaults, ...unique, ...indexes, ...foreign], 'restore')
}

async function run(client: ClientBase, definitions: readonly Definition[], way: keyof Definition): Promise<void> {
  if (definitions.length > 0) await client.query(definitions.map((definition) => definition[way]).join(';\n'))
}
