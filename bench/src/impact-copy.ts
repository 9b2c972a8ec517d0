/**
 * The reference of Impact's bench: copies already computed tables from one database into a schema of another, with keys, indexes,
 * references, statistics and comments. Computes and checks nothing. The definitions of the tables are read from the target,
 * where they are published.
 */

import pg from 'pg'
import type { Publication } from 'vitrine'
import { rawPipe } from './raw-pipe.ts'

const COPIED = 'copied'

/** Runs `select` on the target, which returns statements that give the copied tables (or one) what the published ones have. */
async function statements(target: pg.Client, select: string, table: string | null, schema: string): Promise<string[]> {
  const { rows } = await target.query<{ text: string }>(select, [schema, table])
  return rows.map(({ text }) => text.replaceAll(`${schema}.`, `${COPIED}.`))
}

const KEYS = `
  select format('alter table %I.%I add constraint %I %s', $1::text, c.relname, k.conname, pg_get_constraintdef(k.oid)) as text
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where c.relnamespace = $1::regnamespace and c.relname = $2 and k.contype in ('p', 'u')`
const INDEXES = `
  select pg_get_indexdef(i.indexrelid) as text from pg_index i join pg_class c on c.oid = i.indrelid
  where c.relnamespace = $1::regnamespace and c.relname = $2
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))`
const REFERENCES = `
  select format('alter table %I.%I add constraint %I %s not valid', $1::text, c.relname, k.conname,
                pg_get_constraintdef(k.oid)) as text
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where c.relnamespace = $1::regnamespace and k.contype = 'f' and $2::text is null`
const VALIDATIONS = `
  select format('alter table %I.%I validate constraint %I', $1::text, c.relname, k.conname) as text
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  where c.relnamespace = $1::regnamespace and k.contype = 'f' and $2::text is null`

async function copyTable(source: pg.Client, target: pg.Client, schema: string, name: string): Promise<void> {
  await target.query(
    `begin; create table ${COPIED}.${name} (like ${schema}.${name} including comments including constraints)`,
  )
  await rawPipe(
    source,
    target,
    `copy (select * from ${schema}.${name}) to stdout (format binary)`,
    `copy ${COPIED}.${name} from stdin (format binary, freeze)`,
  )
  const after = [
    ...(await statements(target, KEYS, name, schema)),
    ...(await statements(target, INDEXES, name, schema)),
  ]
  for (const text of ['commit', ...after, `analyze ${COPIED}.${name}`]) await target.query(text)
}

/** Copies once. Returns milliseconds. */
export async function copyResults(
  { results, target }: { readonly results: string; readonly target: string },
  { schema, tables }: Publication,
): Promise<number> {
  const open = async (connectionString: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    return client
  }
  const started = performance.now()
  const lead = await open(target)
  const streams = await Promise.all([1, 2].map(async () => [await open(results), await open(target)] as const))
  await lead.query(`create schema ${COPIED}`)
  const queue = [...tables]
  await Promise.all(
    streams.map(async ([from, to]) => {
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        await copyTable(from, to, schema, table.name)
      }
    }),
  )
  for (const select of [REFERENCES, VALIDATIONS]) {
    for (const text of await statements(lead, select, null, schema)) await lead.query(text)
  }
  const milliseconds = performance.now() - started
  await lead.query(`drop schema ${COPIED} cascade`)
  await Promise.all([lead, ...streams.flat()].map((client) => client.end()))
  return milliseconds
}
