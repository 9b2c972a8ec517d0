/**
 * What becomes of the servers between two nights: restarts, crashes, files of an older state under the same address, a replica
 * that takes over, transactions prepared in two phases, transaction numbers that begin again. Each costs full nights at most.
 */

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { OwnedServers } from '../run/faults/owned-servers.ts'
import type { Side } from '../run/faults/world.ts'
import { clientOf, type Replication, startReplication } from '../run/standby.ts'
import { Nights, reasonsOf, waysOf } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

const source = thingSource(['thing'])
const SETTING = { source, tables: [publishThing(source, 'thing')] }
const SQL = [CREATE, fillSql(50)].map((sql) => sql.replaceAll('$t', 'thing'))

/** A night after a change, judged; what it took and why. */
async function night(
  nights: Nights,
  change: string,
): Promise<readonly [way: string | undefined, reason: string | undefined]> {
  await nights.change(change)
  const report = await nights.night()
  await nights.judge()
  await nights.judgeCounts(report)
  return [waysOf(report)['shop_thing'], reasonsOf(report)['shop_thing']]
}
const label = (text: string, id = 5) => `update thing set label = '${text}' where id in (${id}, ${id + 3})`

/** Until nothing forces a full night any more. */
async function untilDelta(nights: Nights): Promise<void> {
  for (let nth = 0; nth < 3; nth++) if ((await night(nights, label(`settled ${nth}`)))[0] === 'delta') return
  expect((await night(nights, label('settled')))[0]).toBe('delta')
}

/** Sessions of the test end with their server; those of the tool are opened anew for each night. */
const newSessions = (nights: Nights) => nights.forget()

describe('servers that stop', () => {
  let servers: OwnedServers
  let nights: Nights
  beforeAll(async () => {
    servers = await OwnedServers.start(18, { max_prepared_transactions: '5' })
    nights = await Nights.create(servers.source, SETTING, SQL, { target: servers.target })
    await nights.begin()
    await untilDelta(nights)
  })
  afterAll(async () => {
    await nights.drop()
    await servers.remove()
  })
  const again = async (side: Side, way: 'down' | 'crash', between: () => void = () => undefined) => {
    await newSessions(nights)
    await servers[way](side)
    between()
    await servers.up(side)
  }
  /** Copies of a server's files, of when it stood still. */
  const copy = (side: Side, to: string) =>
    cpSync(servers[side].dataDirectory, to, { recursive: true, preserveTimestamps: true })
  const own = (side: Side, path: string) => {
    const { uid, gid } = statSync(servers[side].dataDirectory)
    execFileSync('chown', ['-R', `${uid}:${gid}`, path])
  }

  test('a transaction that is prepared before the snapshot and committed after it, or rolled back', async () => {
    await nights.change(
      "begin; update thing set label = 'prepared' where id = 11; delete from thing where id = 12; prepare transaction 'one'",
    )
    await nights.change("begin; update thing set label = 'undone' where id = 15; prepare transaction 'two'")
    await night(nights, label('beside'))
    await night(nights, label('beside too'))
    await nights.change("commit prepared 'one'", "rollback prepared 'two'")
    expect((await night(nights, label('after')))[0]).toBe('delta')
    expect((await night(nights, label('long after')))[0]).toBe('delta')
  })

  test.each(EVERYTHING ? (['down', 'crash'] as const) : (['crash'] as const))(
    'the source that was %s and up again: full, with its reason',
    async (way) => {
      await nights.change(label('before'))
      await again('source', way)
      const [found, reason] = await night(nights, label('after'))
      expect([found, reason]).toEqual(['full', expect.stringMatching(/restarted/)])
      await untilDelta(nights)
    },
  )

  test.each(EVERYTHING ? (['down', 'crash'] as const) : (['crash'] as const))(
    'the target that was %s and up again',
    async (way) => {
      await night(nights, label('before'))
      await again('target', way)
      await night(nights, label('after'))
      await untilDelta(nights)
    },
  )

  test('a backend of the source that dies takes all with it, and numbers of transactions may be given again', async () => {
    await nights.change(label('before it'))
    await newSessions(nights)
    const victim = await nights.shop.source.connect()
    const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
    await victim.query('select 1').catch(() => undefined)
    await nights.shop.source.close(victim).catch(() => undefined)
    await expect
      .poll(() =>
        nights.change(label('again')).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    expect((await night(nights, label('after it')))[0]).toBe('full')
    await untilDelta(nights)
  })

  test('the files of the source are those of an older state, under the same address', async () => {
    await newSessions(nights)
    await servers.down('source')
    const older = `${servers.source.dataDirectory}-older`
    copy('source', older)
    own('source', older)
    await servers.up('source')
    await untilDelta(nights)
    await night(nights, `delete from thing where id in (21, 22); ${label('that gets lost', 25)}`)
    await night(nights, label('that gets lost too', 26))
    await again('source', 'down', () => {
      rmSync(servers.source.dataDirectory, { recursive: true })
      renameSync(older, servers.source.dataDirectory)
    })
    // As many transactions as before, with other rows.
    const [found] = await night(nights, label('of another life', 30))
    expect(found).toBe('full')
    await untilDelta(nights)
  })

  test.runIf(EVERYTHING)('the files of the target are those of an older state, under the same address', async () => {
    await untilDelta(nights)
    await newSessions(nights)
    await servers.down('target')
    const older = `${servers.target.dataDirectory}-older`
    copy('target', older)
    own('target', older)
    await servers.up('target')
    await night(nights, `delete from thing where id in (31, 32); ${label('one', 33)}`)
    await night(nights, label('two', 34))
    await night(nights, label('three', 35))
    await again('target', 'down', () => {
      rmSync(servers.target.dataDirectory, { recursive: true })
      renameSync(older, servers.target.dataDirectory)
    })
    await night(nights, label('four', 36))
    await night(nights, label('five', 37))
    await untilDelta(nights)
  })
})

describe('a replica', () => {
  let replication: Replication
  const opened: Nights[] = []
  beforeAll(async () => {
    replication = await startReplication(mkdtempSync(join(tmpdir(), 'vitrine-delta-')), 18)
  })
  afterAll(async () => {
    for (const nights of opened) await nights.drop().catch(() => undefined)
    await replication.stop()
  })

  test('that follows the target makes every night full, and shows what is published', async () => {
    const nights = await Nights.create(18, SETTING, SQL, { target: replication.primary })
    opened.push(nights)
    for (let nth = 0; nth < 4; nth++) {
      expect(await night(nights, label(`night ${nth}`))).toEqual(['full', expect.anything()])
      await replication.caughtUp()
      const standby = await clientOf(replication.standby, nights.shop.target.name)
      const { rows } = await standby.query<{ label: string }>('select name as label from shop.shop_thing where id = 8')
      expect(rows).toHaveLength(1)
      await standby.end()
    }
  })

  test('is a source like any other, and stays one when it takes over', async () => {
    const nights = await Nights.create(replication.primary, SETTING, SQL, { target: 18 })
    opened.push(nights)
    await replication.caughtUp()
    const { port } = replication.standby
    const onStandby = { source: { ...nights.shop.source.address(nights.shop.reading), port } }
    const nightThere = async (text: string) => {
      await nights.change(label(text))
      await replication.caughtUp()
      const report = await nights.night(onStandby)
      await nights.judge()
      return waysOf(report)['shop_thing']
    }
    for (const text of ['one', 'two', 'three']) await nightThere(text)
    // In flight while a snapshot of the replica is taken.
    const late: pg.Client = await nights.shop.source.connect({ role: nights.shop.app })
    await late.query("begin; update thing set label = 'late' where id = 40")
    await nightThere('five')
    await nightThere('six')
    await late.query('commit')
    await nights.shop.source.close(late)
    await nightThere('seven')
    await nightThere('eight')

    // A night from the primary is of another server.
    await night(nights, label('primary'))
    await night(nights, label('primary again'))
    await nightThere('nine')

    // The primary is given up, some transactions that the replica never got included.
    const standby = await clientOf(replication.standby, nights.shop.source.name)
    await standby.query('select pg_wal_replay_pause()')
    await nights.change(label('never arrives', 44))
    await nights.night()
    await standby.query('select pg_wal_replay_resume(), pg_promote()')
    await expect
      .poll(async () => (await standby.query('select pg_is_in_recovery() as still')).rows)
      .toEqual([{ still: false }])
    for (const text of ['promoted', 'promoted again', 'promoted thrice']) {
      await standby.query(label(text))
      const report = await nights.night(onStandby)
      if (text === 'promoted') expect(waysOf(report)['shop_thing']).toBe('full')
      const client = await nights.shop.asReader()
      const published = await client.query('select id::integer, name from shop.shop_thing order by id')
      const asked = await standby.query(
        "select id::integer, case when sole is false then label else 'Not published' end as name from thing where not hidden order by id",
      )
      expect(published.rows).toEqual(asked.rows)
      await nights.shop.target.close(client)
    }
    await standby.end()
  })
})

const RESETWAL = '/usr/lib/postgresql/15/bin/pg_resetwal'

describe.skipIf(!existsSync(RESETWAL))('transaction numbers that begin again (pg_resetwal of PostgreSQL 15)', () => {
  let servers: OwnedServers
  let nights: Nights
  beforeAll(async () => {
    servers = await OwnedServers.start(15)
    nights = await Nights.create(servers.source, SETTING, SQL, { target: servers.target })
    await nights.begin()
    await untilDelta(nights)
  })
  afterAll(async () => {
    await nights.drop()
    await servers.remove()
  })

  /** As if that many transactions had been: the files that tell how they ended must be there. */
  async function jump(side: Side, xid: number): Promise<void> {
    await freeze(side)
    await servers.down(side)
    const { dataDirectory } = servers[side]
    const { uid, gid } = statSync(dataDirectory)
    execFileSync(RESETWAL, ['-x', String(xid), dataDirectory], { uid, gid, stdio: 'ignore' })
    for (const segment of new Set([xid >>> 20, ((xid >>> 20) + 1) % 4096, 0])) {
      const path = join(dataDirectory, 'pg_xact', segment.toString(16).toUpperCase().padStart(4, '0'))
      if (!existsSync(path)) writeFileSync(path, Buffer.alloc(32 * 8192), { mode: 0o600 })
      execFileSync('chown', [`${uid}:${gid}`, path])
    }
    await servers.up(side)
  }
  async function freeze(side: Side): Promise<void> {
    const admin = await nights.shop[side].connect({ database: 'postgres' })
    await admin.query('update pg_database set datallowconn = true')
    const { rows } = await admin.query<{ name: string }>('select datname as name from pg_database')
    await nights.shop[side].close(admin)
    for (const { name } of rows) {
      const client = await nights.shop[side].connect({ database: name })
      await client.query('vacuum freeze')
      await nights.shop[side].close(client)
    }
  }
  /** Uses up numbers, on both sides. */
  const burn = async (count: number) => {
    const create = 'create table if not exists public.burnt (n integer)'
    const loop = `do $$ begin for n in 1..${count} loop begin insert into public.burnt values (n); exception when others then null; end; end loop; delete from public.burnt; end $$`
    await nights.change(create, loop)
    for (const sql of [create, loop]) await nights.shop.look(sql)
  }

  /** Half of the way at a time, because a database must not be older than that. */
  const ROUNDS: readonly (readonly [what: string, jumps: readonly number[]])[] = [
    ['half of all numbers', [2 ** 30, 2 ** 31 - 700]],
    ['all numbers', [2 ** 31 + 2 ** 30, 2 ** 32 - 700]],
  ]
  test.each(ROUNDS)('when %s are used up, on the source and on the target', async (_what, jumps) => {
    await newSessions(nights)
    for (const xid of jumps) await Promise.all([jump('source', xid), jump('target', xid)])
    expect((await night(nights, label('after the jump')))[0]).toBe('full')
    await night(nights, label('one more'))
    const ways: (string | undefined)[] = []
    for (let nth = 0; nth < 8; nth++) {
      await burn(150)
      const row = `${500 + nth}, 'n${jumps[0]}'::varchar(12) || ${nth}, 'new', 'new', 1, now(), false, false, 'new'`
      const [way] = await night(
        nights,
        `${label(`night ${nth}`, 4 + nth)}; delete from thing where id = ${30 + nth}; delete from thing where id = ${500 + nth}; insert into thing select ${row}`,
      )
      ways.push(way)
      if (nth === 3) await nights.change('vacuum freeze thing')
    }
    expect(ways.filter((way) => way === 'delta').length).toBeGreaterThanOrEqual(6)
    await nights.rollBack()
    await night(nights, label('after a rollback'))
  })
})
