/** What delta nights take for granted of PostgreSQL, asked of the servers themselves. */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'

const databases = new Map<number, TestDatabase>()
const clients = new Map<number, pg.Client>()
beforeAll(async () => {
  for (const version of VERSIONS) {
    const database = await TestDatabase.create(version, 'facts')
    databases.set(version, database)
    clients.set(version, await database.connect())
  }
})
afterAll(async () => {
  for (const database of databases.values()) await database.drop()
})

const ask = async (version: number, sql: string): Promise<unknown> => {
  const client = clients.get(version)
  // Several statements have as many results, and none is asked for.
  const found = (await client?.query({ text: sql, rowMode: 'array' })) as
    | { readonly rows?: readonly unknown[] }
    | undefined
  return found?.rows?.length === 1 ? found.rows[0] : found?.rows
}

test('keys have the same hash on all versions', async () => {
  const sql = `select
    array(select hashint8extended(k, 7)::text from unnest('{0,1,-1,42,9223372036854775807,-9223372036854775808}'::bigint[]) k),
    array(select uuid_hash_extended(k, 7)::text from unnest('{00000000-0000-0000-0000-000000000000,0188a5cc-0f0f-7abc-8def-0123456789ab}'::uuid[]) k),
    array(select hashtextextended(k, 7)::text from unnest(array['', 'a', 'é', 'e' || chr(769), repeat('long', 4000), ' a ']) k),
    hashtextextended('a', hashint8extended(3, 0))::text`
  const [newest, oldest] = [await ask(18, sql), await ask(15, sql)]
  expect(newest).toEqual(oldest)
  expect(new Set((newest as string[][]).flat()).size).toBe(15)
})

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  const run = (sql: string) => ask(version, sql)

  test('the xmin of a row says when it was written, whatever is done to the row or to the table without writing it', async () => {
    await run(
      'create table kept (id integer primary key, v integer); insert into kept select n, 0 from generate_series(1, 9) n',
    )
    const xmins = () => run('select array(select xmin::text from kept order by id)')
    const before = await xmins()
    for (const sql of [
      'select from kept for update',
      'vacuum freeze kept',
      'cluster kept using kept_pkey',
      'vacuum full kept',
    ])
      await run(sql)
    expect(await xmins()).toEqual(before)
    await run('update kept set v = v where id = 1')
    expect(await xmins()).not.toEqual(before)
  })

  test('a subtransaction has an xid of its own, above that of its transaction and never below the snapshot of before', async () => {
    const client = clients.get(version)
    await client?.query('create table nested (id integer)')
    await client?.query('begin')
    const cut = await run('select pg_snapshot_xmin(pg_current_snapshot())::text')
    await client?.query(
      'insert into nested values (1); savepoint a; insert into nested values (2); savepoint b; insert into nested values (3)',
    )
    expect(
      await run(`select bool_and(age(xmin) <= age('${cut}'::xid)), count(distinct xmin::text)::integer from nested`),
    ).toEqual([true, 3])
    await client?.query('commit')
  })

  test('the oldest transaction in flight is the xmin of a snapshot, and what it commits later is not older', async () => {
    const other = await databases.get(version)?.connect()
    await run('create table late (id integer)')
    await other?.query('begin; insert into late values (1)')
    for (let n = 0; n < 5; n++) await run('insert into late values (2)')
    const cut = await run('select pg_snapshot_xmin(pg_current_snapshot())::text')
    await other?.query('commit')
    await run('insert into late values (3)')
    // Of the five that were there already nothing is lost: they count as changed.
    expect(
      await run(`select array_agg(distinct id order by id) from late where age(xmin) <= age('${cut}'::xid)`),
    ).toEqual([[1, 2, 3]])
  })

  test('a column added with a default changes no row, and says so in the catalogue until the table is rewritten', async () => {
    await run('create table grown (id integer); insert into grown values (1)')
    const [before] = (await run('select xmin::text from grown')) as string[]
    await run("alter table grown add v text default 'x'")
    const missing =
      "select atthasmissing, attmissingval::text from pg_attribute where attrelid = 'grown'::regclass and attname = 'v'"
    expect(await run('select xmin::text, v from grown')).toEqual([before, 'x'])
    expect(await run(missing)).toEqual([true, '{x}'])
    await run("alter table grown alter v set default 'y'")
    expect(await run(missing)).toEqual([true, '{x}'])
    await run('vacuum full grown')
    expect(await run('select xmin::text, v from grown')).toEqual([before, 'x'])
    expect(await run(missing)).toEqual([false, null])
  })

  test('a rewrite of a type writes every row anew, a change without one writes none', async () => {
    await run('create table typed (id integer, v varchar(10)); insert into typed values (1, $$1$$)')
    const [before] = (await run('select xmin::text from typed')) as string[]
    await run('alter table typed alter v type varchar(20)')
    expect(await run('select xmin::text from typed')).toEqual([before])
    await run('alter table typed alter v type integer using v::integer')
    expect(await run('select xmin::text from typed')).not.toEqual([before])
  })

  test('rights on a system column are asked and given like those on any other', async () => {
    const role = `facts_${databases.get(version)?.name.slice(-8)}`
    await run(`create table seen (id integer, v integer); create role "${role}"`)
    const may = () =>
      run(
        `select has_column_privilege('${role}', 'seen', 'id', 'select'), has_column_privilege('${role}', 'seen', 'xmin', 'select')`,
      )
    await run(`grant select (id) on seen to "${role}"`)
    expect(await may()).toEqual([true, false])
    await run(`grant select (xmin) on seen to "${role}"`)
    expect(await may()).toEqual([true, true])
    await run(`set role "${role}"; select id, xmin from seen; reset role`)
    await run(`drop owned by "${role}"; drop role "${role}"`)
  })

  test('a label of an enumeration that is renamed changes what rows say, and no row', async () => {
    await run("create type kind as enum ('one', 'two'); create table told (k kind); insert into told values ('one')")
    const [before] = (await run('select xmin::text from told')) as string[]
    await run("alter type kind rename value 'one' to 'uno'")
    expect(await run('select xmin::text, k::text from told')).toEqual([before, 'uno'])
  })

  test('the ages of all rows are asked in one process: a parallel one could count from another xid', async () => {
    expect(
      await run(
        "select proparallel::text, provolatile::text from pg_proc where proname = 'age' and proargtypes[0] = 'xid'::regtype",
      ),
    ).toEqual(['r', 's'])
  })
})
