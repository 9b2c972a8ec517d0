/** Commands that end in the middle: all or nothing, no lock stays behind, and the same command does it the next time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../../test/database.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import * as language from '../../src/index.ts'
import { olderLayout } from '../migration/older-layout.ts'
import { KEY } from '../publication/shop.ts'
import { buildGate, closeGate, openGate, somebodyWaits } from '../run/gate.ts'
import { Installation } from '../run/installation.ts'
import { plainShop } from '../run/plain-shop.mjs'
import { run } from './captured-io.ts'

describe.sequential.each(NEWEST)('PostgreSQL %i', (version) => {
  let shop: Installation
  let admin: pg.Client
  let children: ChildProcess[] = []

  beforeAll(async () => {
    shop = await Installation.create(version, 30, (roles) => plainShop(language, roles))
    await shop.run()
    const owner = await shop.source.connect({ role: shop.app })
    await buildGate(owner)
    await shop.source.close(owner)
    await shop.provisionSource()
    admin = await shop.target.connect()
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    children = []
  })
  afterAll(async () => {
    await shop.target.close(admin)
    await shop.drop()
  })

  const environment = () => ({
    DATABASE_URL: shop.source.url(shop.reading),
    METABASE_DATABASE_URL: shop.target.url(shop.writer),
    VITRINE_PSEUDONYM_KEY: KEY,
  })
  const command = (line: string) =>
    run({ ...vitrine, publication: shop.publication }, line, { environment: environment() })

  function start(line: string) {
    const roles = { writer: shop.writer.user, reader: shop.reader.user }
    const { PATH = '', HOME = '' } = process.env
    const script = join(import.meta.dirname, 'child-command.mjs')
    const child = spawn(process.execPath, [script, JSON.stringify({ roles, line })], {
      env: { PATH, HOME, ...environment() },
    })
    children.push(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = new Promise<{ status: number | null; said: string }>((resolve) =>
      child.once('close', (status) => resolve({ status, said })),
    )
    return { child, ended }
  }

  /** Of every migration after this one, the statement that makes the table stops and waits for the lock of `admin`. */
  const holdMigrations = () =>
    admin.query(`
      select pg_advisory_lock(41);
      create function hold() returns event_trigger language plpgsql as $$ begin
        while not pg_try_advisory_xact_lock(41) loop perform pg_sleep(0.02); end loop; end $$;
      create event trigger hold on ddl_command_end when tag in ('CREATE TABLE') execute function hold()`)
  const letMigrationsGo = () =>
    admin.query('drop event trigger if exists hold; drop function if exists hold; select pg_advisory_unlock_all()')
  const heldBackend = async () => {
    const look = `select pid from pg_stat_activity where application_name = 'vitrine shop migrate' and wait_event = 'PgSleep'
                  and datname = current_database()`
    await expect.poll(async () => (await admin.query(look)).rows.length).toBe(1)
    return (await admin.query<{ pid: number }>(look)).rows[0]?.pid
  }
  const picture = () =>
    shop.look(`select n.nspname, c.relname, c.relkind, c.relacl::text, obj_description(c.oid) as comment,
        (select string_agg(attname || ' ' || atttypid::regtype, ', ' order by attnum) from pg_attribute where attrelid = c.oid and attnum > 0)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('vitrine', 'shop') order by 1, 2`)
  const layouts = () => shop.look('select version from vitrine.layout order by 1')

  test.each(['killed', 'cut off'])(
    'a migration %s half-way is as if it never began, and the next one succeeds',
    async (how) => {
      // Before an upgrade, with a table still to be made: bookkeeping, schema and record change together.
      await shop.look(`${olderLayout(1)}; drop table shop.shop_purchase`)
      const before = [await picture(), await layouts()]
      await holdMigrations()
      const { child, ended } = start('migrate')
      const pid = await heldBackend()
      if (how === 'killed') child.kill('SIGKILL')
      else await admin.query('select pg_terminate_backend($1)', [pid])
      const { status, said } = await ended
      if (how === 'cut off') expect([status, said]).toEqual([4, expect.stringContaining('error CONNECTION_LOST')])
      await letMigrationsGo()
      await expect
        .poll(async () => (await admin.query('select from pg_stat_activity where pid = $1', [pid])).rowCount)
        .toBe(0)
      expect([await picture(), await layouts()]).toEqual(before)
      expect(await command('migrate')).toMatchObject({ status: 0 })
      expect(await command('plan --check')).toMatchObject({ status: 0 })
      expect(await command('sync --allow-shrink')).toMatchObject({ status: 0 })
    },
  )

  test('a run whose process was killed leaves no lock: the next command does its work', async () => {
    const keeper = await shop.source.connect()
    await closeGate(keeper)
    const { child, ended } = start('sync')
    await somebodyWaits(keeper)
    const busy = await command('sync')
    expect([busy.status, busy.stderr]).toEqual([8, expect.stringContaining('vitrine shop lead')])
    child.kill('SIGKILL')
    await ended
    await openGate(keeper)
    await shop.source.close(keeper)
    await expect.poll(async () => (await command('sync')).status).toBe(0)
    const { runs } = JSON.parse((await command('runs --last 2 --json')).stdout)
    expect(runs).toMatchObject([{ state: 'succeeded' }, { state: 'failed', errorCode: 'INTERRUPTED' }])
    expect(await shop.leftovers()).toEqual([])
  })
})
