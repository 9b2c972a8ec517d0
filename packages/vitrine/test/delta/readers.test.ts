/**
 * Readers of every kind around delta nights: none ever sees an older version than the one that was published when it began, nor
 * rows of two. Each version has a number that every row of it shows, and each table the same.
 */

import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { bigint, from, open, register, text } from '../../src/index.ts'
import { PHASES, type Phase } from '../../src/record/runs.ts'
import type { RunObserver } from '../../src/run/observer.ts'
import { RETIRED } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { Nights, reasonsOf, waysOf } from './nights.ts'

const COLUMNS = { id: open.bigint, version: open.bigint, other: open.text }
const source = register('public', { thing: COLUMNS, part: COLUMNS })
const thing = from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
  id: bigint(ref('t.id'), 'Key').primaryKey(),
  version: bigint(ref('t.version'), 'Version'),
  other: text(ref('t.other'), 'Other'),
}))
const part = from(source.selectFrom('part as t')).publish('part', 'A part.', ({ ref }) => ({
  id: bigint(ref('t.id'), 'Key')
    .primaryKey()
    .references(() => thing),
  version: bigint(ref('t.version'), 'Version'),
}))
const SQL = ['thing', 'part'].map(
  (name) =>
    `create table ${name} (id bigint primary key, version bigint not null, other text not null); insert into ${name} select n, 0, 'x' from generate_series(1, 300) n`,
)

/** Rows 1 to 10 show the version, and as many come and go with it: a table has 300 rows always. */
const LOOK = `select min(t.version) filter (where t.id <= 10)::integer as low, max(t.version) filter (where t.id <= 10)::integer as high, count(*)::integer as things,
    (select max(version)::integer from shop.part where id <= 10) as part, (select count(*)::integer from shop.part) as parts from shop.thing t`

describe('readers', () => {
  let nights: Nights
  let version = 0
  beforeAll(async () => {
    nights = await Nights.create(
      18,
      { source, tables: [thing, part], limits: { deltaWaitMs: 6_000, switchTries: 30 } },
      SQL,
    )
    for (let night = 0; night < 3; night++) await next()
  })
  afterAll(() => nights.drop())

  const change = async () => {
    version += 1
    const both = ['thing', 'part'].map(
      (name) =>
        `update ${name} set version = ${version} where id <= 10; delete from ${name} where id = ${10_000 + version - 1}; insert into ${name} values (${10_000 + version}, ${version}, 'x')`,
    )
    await nights.change(
      `begin; delete from part where id > 10000; delete from thing where id > 10000; ${both.join('; ')}; delete from part where id = 300; delete from thing where id = 300; commit`,
    )
  }
  const next = async () => {
    await change()
    return nights.night()
  }
  /** What one look finds: the version, where it is whole. */
  const look = async (client: pg.Client): Promise<number> => {
    const { rows } = await client.query<Record<string, number>>(LOOK)
    const { low, high, things, part: parts, parts: count } = rows[0] ?? {}
    expect([high, parts, things, count]).toEqual([low, low, 300, 300])
    return low ?? -1
  }

  test('whoever looks all the time sees one version after the other, each whole', async () => {
    const seen: number[] = []
    let watching = true
    const client = await nights.shop.asReader()
    const watch = (async () => {
      while (watching) seen.push(await look(client))
    })()
    const ways = []
    for (let night = 0; night < 5; night++) ways.push(waysOf(await next()))
    watching = false
    await watch
    await nights.shop.target.close(client)
    expect(ways.filter(({ thing: way }) => way === 'delta').length).toBeGreaterThanOrEqual(3)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(new Set(seen).size).toBeGreaterThanOrEqual(4)
  })

  test('a transaction that stays open makes the night full, and reads on', async () => {
    const client = await nights.shop.asReader()
    await client.query('begin isolation level repeatable read; select 1')
    const before = version
    const report = await next()
    expect(waysOf(report)).toEqual({ thing: 'full', part: 'full' })
    expect(reasonsOf(report)['thing']).toMatch(/transaction/)
    expect(await look(client)).toBeGreaterThanOrEqual(before)
    await client.query('commit')
    await nights.shop.target.close(client)
    await next()
    expect(waysOf(await next())).toEqual({ thing: 'delta', part: 'delta' })
  })

  /** A night, as how the first table came or why not; and what is done when it enters the phase. */
  const inPhase = (phase: Phase, act: () => Promise<unknown>) => {
    let observer: RunObserver = () => undefined
    const done = new Promise((resolve) => {
      observer = Installation.onPhase(phase, () => resolve(act()))
    })
    const night = nights.night({ observer }).then(
      (report) => waysOf(report)['thing'] ?? '',
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    return { night, come: Promise.race([night, done]) }
  }

  /** Begins in the phase, reads when the night waits or is over, and ends. */
  const during = async (phase: Phase, begin: string, goesOn: boolean): Promise<string> => {
    const before = version
    await change()
    const client = await nights.shop.asReader()
    const { night, come } = inPhase(phase, () => client.query(begin))
    await come
    await Promise.race([night, pause(700)])
    expect(await look(client)).toBeGreaterThanOrEqual(before)
    if (goesOn) {
      await night
      expect(await look(client)).toBeGreaterThanOrEqual(before)
    }
    await client.query('commit')
    const outcome = await night
    expect(await look(client)).toBe(outcome === 'delta' || outcome === 'full' ? version : before)
    await nights.shop.target.close(client)
    return outcome
  }

  test.each(EVERYTHING ? PHASES : (['stage', 'publish'] as const))(
    'a REPEATABLE READ transaction that begins in %s, and ends: the night waits for it',
    async (phase) => {
      const outcome = await during(phase, 'begin isolation level repeatable read; select 1', false)
      expect(['delta', 'full']).toContain(outcome)
      await next()
      await nights.judge()
    },
  )

  test.each(EVERYTHING ? (['stage', 'verify', 'publish'] as const) : (['verify'] as const))(
    'one that begins in %s, and stays: the night is given up or the reader is none of its business',
    async (phase) => {
      const outcome = await during(phase, 'begin isolation level repeatable read; select 1', true)
      expect(['delta', 'full', 'SWITCH_BLOCKED']).toContain(outcome)
      // The next one needs no help.
      await next()
      await nights.judge()
      await next()
      expect(waysOf(await next())).toEqual({ thing: 'delta', part: 'delta' })
    },
  )

  test('an idle READ COMMITTED transaction sees the newest version at each look', async () => {
    const outcome = await during('stage', 'begin; select 1', true)
    expect(['delta', 'full']).toContain(outcome)
  })

  test('a snapshot that was handed on to another session is waited for as well', async () => {
    const before = version
    await change()
    const [first, second] = [await nights.shop.asReader(), await nights.shop.asReader()]
    const { night, come } = inPhase('stage', async () => {
      await first.query('begin isolation level repeatable read')
      const { rows } = await first.query<{ id: string }>('select pg_export_snapshot() as id')
      await pause(500)
      await second.query(`begin isolation level repeatable read; set transaction snapshot '${rows[0]?.id}'; select 1`)
      await first.query('commit')
    })
    await come
    await pause(500)
    expect(await look(second)).toBeGreaterThanOrEqual(before)
    await second.query('commit')
    expect(['full', 'delta', 'SWITCH_BLOCKED']).toContain(await night)
    for (const client of [first, second]) await nights.shop.target.close(client)
    await next()
    await nights.judge()
  })

  test('a dump that began before the night has the rows of one version, and the night does not wait for ever', async () => {
    const before = version
    await next()
    await change()
    const dump = await nights.shop.target.connect()
    await dump.query("set application_name = 'pg_dump'; begin isolation level repeatable read, read only")
    await dump.query(`lock table shop.thing, shop.part, ${RETIRED}.thing, ${RETIRED}.part in access share mode`)
    const outcome = await nights.night().then(
      (report) => waysOf(report)['thing'],
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    expect(['full', 'delta', 'SWITCH_BLOCKED']).toContain(outcome)
    expect(await look(dump)).toBeGreaterThanOrEqual(before + 1)
    await dump.query('commit')
    await nights.shop.target.close(dump)
    await next()
    await nights.judge()
  })

  test.each(
    [
      ['reads the kept version', `select * from ${RETIRED}.thing limit 1`],
      ['locks rows of the kept version', `select * from ${RETIRED}.thing for update`],
      ['locks the kept version', `lock table ${RETIRED}.part in exclusive mode`],
    ].slice(EVERYTHING ? 0 : 2),
  )('an administrator who %s holds up nobody for long', async (_what, statement) => {
    await next()
    await change()
    const admin = await nights.shop.target.connect()
    const { night, come } = inPhase('snapshot', () => admin.query(`begin; ${statement}`))
    await come
    expect(['full', 'delta', 'SWITCH_BLOCKED', 'LOCK_TIMEOUT']).toContain(await night)
    await admin.query('rollback')
    await nights.shop.target.close(admin)
    await next()
    await nights.judge()
    await next()
    await next()
  })
})
