/** What else may happen between two nights on the target: rollbacks, parts, rehearsals, erasures, failures, drops, other limits. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { count, date, history, integer } from '../../src/index.ts'
import { PHASES } from '../../src/record/runs.ts'
import { run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { Nights, reasonsOf, SERVERS, type Setting, waysOf } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

const NAMES = ['thing', 'other'] as const
const source = thingSource(NAMES)
const days = history('days', 'A day.', ({ selectFrom }, { day }) => ({
  day: date(day, 'Day').primaryKey(),
  n: integer(selectFrom('shop_thing').select(count().as('n')).$asScalar().$notNull(), 'Things'),
}))
const SETTING: Setting = { source, tables: NAMES.map((name) => publishThing(source, name)), histories: [days] }
const SQL = NAMES.flatMap((name) => [CREATE, fillSql(50)].map((sql) => sql.replaceAll('$t', name)))
const DELTA = { shop_thing: 'delta', shop_other: 'delta' }
const FULL = { shop_thing: 'full', shop_other: 'full' }

describe.each(SERVERS)('PostgreSQL %i', (version) => {
  let nights: Nights
  let structure: readonly unknown[]
  let turns = 0
  beforeAll(async () => {
    nights = await Nights.create(version, SETTING, SQL)
    await nights.begin()
    structure = await nights.structure()
  })
  afterAll(() => nights.drop())

  /** Other rows each time: some changed, one gone, one come, two that exchange their codes. */
  const change = async () => {
    turns += 1
    const id = 1 + (turns % 40)
    await nights.change(
      `update thing set label = 'turn ${turns}' where id in (${id}, ${id + 5}); delete from thing where id = ${id + 2}`,
      `insert into thing select ${100 + turns}, 'n${turns}', 'new', 'new', 1, now(), false, false, 'new' where not exists (select from thing where id = ${100 + turns})`,
      `update other set label = 'turn ${turns}' where id = ${id}`,
    )
  }
  const back = async () => {
    const report = await nights.rollBack()
    await nights.judgeCounts(report)
    return nights.published()
  }
  const changed = async () => {
    await change()
    return nights.judged()
  }
  /** The published rows and the structure are those of a full night. */
  const whole = async () => {
    await nights.judge()
    expect(await nights.structure()).toEqual(structure)
    expect(await nights.shop.leftovers()).toEqual([])
  }

  test('nights that follow each other: each is a delta, and its kept version the one before', async () => {
    for (let night = 0; night < 3; night++) {
      const before = await nights.published()
      expect(await changed()).toMatchObject(DELTA)
      await whole()
      const now = await nights.published()
      expect(await back()).toEqual(before)
      expect(await nights.structure()).toEqual(structure)
      expect(await back()).toEqual(now)
    }
    // Nothing changed at all.
    await nights.judged()
    expect(await nights.judged()).toMatchObject(DELTA)
  })

  test('after a rollback the versions have changed places: rows and counts are those of a comparison', async () => {
    await changed()
    await changed()
    await back()
    await changed()
    await whole()
    await changed()
    await whole()
    await back()
    await nights.judged()
    await back()
    await back()
    await back()
    await changed()
    await whole()
    expect(await changed()).toMatchObject(DELTA)
  })

  test('a rehearsal changes nothing, and a rollback still finds the version before', async () => {
    await changed()
    const before = await nights.published()
    await change()
    await nights.night({ dryRun: true })
    expect(await nights.published()).toEqual(before)
    const earlier = await back()
    expect(await back()).toEqual(before)
    expect(earlier).not.toEqual(before)
    expect(await changed()).toMatchObject(DELTA)
    await whole()
  })

  test('a part, and then the night: nothing older than what was published, and nothing lost', async () => {
    await change()
    await nights.night({ only: ['shop_thing'] })
    const { shop_thing } = await nights.expected()
    expect((await nights.published())['shop_thing']).toBe(shop_thing)
    await changed()
    await whole()
    await change()
    await nights.night({ only: ['shop_other'] })
    await nights.night({ only: ['shop_other'] })
    await changed()
    await whole()
    await changed()
    expect(await changed()).toMatchObject(DELTA)
    await whole()
  })

  test('a part between that is rolled back', async () => {
    await change()
    await nights.night({ only: ['shop_other'] })
    await back()
    await changed()
    await whole()
    await nights.night({ only: ['shop_thing'] })
    await changed()
    await back()
    await changed()
    await whole()
  })

  test('a full one where it is asked for, proved', async () => {
    await change()
    const report = await nights.night({ full: true })
    expect(waysOf(report)).toMatchObject(FULL)
    expect(Object.values(reasonsOf(report)).length).toBe(NAMES.length + 1)
    await whole()
    await nights.judgeCounts(report)
    expect(await changed()).toMatchObject(DELTA)
    await whole()
  })

  test('a night that fails in any phase leaves the version before published, and needs no help afterwards', async () => {
    for (const phase of EVERYTHING ? PHASES : (['stage', 'verify', 'publish'] as const)) {
      await change()
      const before = await nights.published()
      const stop = new AbortController()
      const error = await nights
        .night({ signal: stop.signal, observer: Installation.onPhase(phase, () => stop.abort()) })
        .then(
          () => null,
          (thrown: unknown) => asVitrineError(thrown).code,
        )
      if (error === null) await nights.judge()
      else expect([error, await nights.published()]).toEqual(['INTERRUPTED', before])
      // What was prepared is gone on from, or given up.
      if (phase === 'publish' || phase === 'verify') await change()
      await nights.judged()
      await whole()
    }
    expect(await changed()).toMatchObject(DELTA)
  })

  test('two at once: one publishes, the other is refused', async () => {
    await change()
    const [first, second] = await Promise.allSettled([nights.night(), nights.night()])
    expect([first.status, second.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    await whole()
  })

  test('the history has one row a day, whatever way the tables took', async () => {
    for (const at of ['2026-05-01T10:00:00Z', '2026-05-02T10:00:00Z', '2026-05-02T12:00:00Z', '2026-05-03T10:00:00Z']) {
      await change()
      await nights.judged({ at: new Date(at) })
    }
    const rows = (from: string) =>
      nights.shop.look(`select day::text, n from ${from} where day between '2026-05-01' and '2026-05-03' order by day`)
    const published = await rows('shop.days')
    expect(published).toHaveLength(3)
    const [now] = await nights.shop.look('select count(*)::integer as n from shop.shop_thing')
    expect(published.at(-1)).toMatchObject({ day: '2026-05-03', ...now })
    await back()
    expect(await rows('shop.days')).toEqual(published)
    await changed()
    await whole()
  })
})

test('where the versions are switched by moving tables, every night is full', async () => {
  const nights = await Nights.create(15, SETTING, SQL, { way: 'move' })
  for (let night = 0; night < 4; night++) {
    await nights.change(`update thing set label = 'moved ${night}' where id < 4`)
    const report = await nights.night()
    await nights.judge()
    expect(waysOf(report)).toMatchObject(FULL)
    expect(reasonsOf(report)['shop_thing']).toBeTruthy()
  }
  await nights.drop()
})

describe('limits and commands', () => {
  let nights: Nights
  let turns = 0
  beforeAll(async () => {
    nights = await Nights.create(18, SETTING, SQL)
    await nights.begin()
  })
  afterAll(() => nights.drop())
  const changed = async (rows = 2) => {
    turns += 1
    await nights.change(`update thing set label = 'turn ${turns}' where id <= ${rows}`)
    return nights.judged()
  }
  const command = async (line: string, input = '') => {
    const environment = {
      DATABASE_URL: nights.shop.source.url(nights.shop.reading),
      METABASE_DATABASE_URL: nights.shop.target.url(nights.shop.writer),
      VITRINE_PSEUDONYM_KEY: KEY,
    }
    return run({ ...vitrine, publication: nights.publication }, line, { environment, input })
  }

  test('a small table is full, and so is one of which much changed', async () => {
    await nights.define({ ...SETTING, limits: { deltaFloorRows: 1_000 } })
    expect(await changed()).toMatchObject(FULL)
    await nights.define({ ...SETTING, limits: { deltaShare: 0.5 } })
    await changed()
    await changed()
    expect(await changed(5)).toMatchObject(DELTA)
    expect(await changed(45)).toMatchObject({ shop_thing: 'full', shop_other: 'delta' })
    await nights.define(SETTING)
    expect(await changed()).toBeDefined()
  })

  test('every so many nights all is full, and proved', async () => {
    await nights.define({ ...SETTING, limits: { deltaProofNights: 3 } })
    const seen: (string | undefined)[] = []
    for (let night = 0; night < 8; night++) seen.push((await changed())['shop_thing'])
    expect(seen.filter((found) => found === 'full').length).toBeGreaterThanOrEqual(2)
    expect(seen.filter((found) => found === 'delta').length).toBeGreaterThanOrEqual(4)
    for (let night = 0; night < 6; night++) expect(seen.slice(night, night + 3)).toContain('full')
    // Nights go on from the version before the last one: both chains of versions are proved.
    await nights.define({ ...SETTING, limits: { deltaProofNights: 4 } })
    const full = new Set<number>()
    for (let night = 0; EVERYTHING && night < 14; night++)
      if ((await changed())['shop_thing'] === 'full' && night > 3) full.add(night % 2)
    expect(full.size).toBe(EVERYTHING ? 2 : 0)
    await nights.define({ ...SETTING, limits: { deltaProofNights: 1 } })
    for (let night = 0; night < 3; night++) expect(await changed()).toMatchObject(FULL)
    await nights.define(SETTING)
    await changed()
    expect(await changed()).toMatchObject(DELTA)
  })

  test('a source whose role may not see the transactions of rows, and one that hides rows', async () => {
    const { user } = nights.shop.reading
    await changed()
    await nights.change(`revoke select (xmin) on thing from "${user}"`)
    for (let night = 0; night < 2; night++) {
      await nights.change(`update thing set label = 'unseen ${night}' where id = 9`)
      const report = await nights.night()
      await nights.judge()
      expect(waysOf(report)).toMatchObject({ shop_thing: 'full', shop_other: 'delta' })
      expect(reasonsOf(report)['shop_thing']).toMatch(/xmin/)
    }
    await nights.change(`grant select (xmin) on thing to "${user}"`)
    await changed()
    await changed()
    expect(await changed()).toMatchObject(DELTA)

    const before = await nights.published()
    await nights.change('create policy odd on thing using (id % 2 = 1)', 'alter table thing enable row level security')
    const error = await nights.night().then(
      () => null,
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    expect(error).not.toBe(null)
    expect(await nights.published()).toEqual(before)
    await nights.change(
      'alter table thing disable row level security',
      "update thing set label = 'shown' where id in (1, 2)",
    )
    await changed()
    await changed()
    expect(await changed()).toMatchObject(DELTA)
  })

  test('where no version is kept there is nothing to go on from', async () => {
    await nights.define({ ...SETTING, limits: { versionsKept: 0 } })
    for (let night = 0; night < 3; night++) expect(await changed()).toMatchObject(FULL)
    await nights.define(SETTING)
    await changed()
    await changed()
    expect(await changed()).toMatchObject(DELTA)
  })

  test('somebody who was erased is in no version, and does not come back', async () => {
    await nights.change("update thing set other = 'Gwendoline O’Nil' where id = 9")
    await nights.judged()
    await nights.judged()
    await nights.change('update thing set other = null where id = 9')
    await nights.judged()
    const erased = await command('erase shop_thing other', 'Gwendoline O’Nil')
    expect([erased.status, erased.stderr]).toMatchObject([0, expect.anything()])
    for (let night = 0; night < 4; night++) {
      const ways = await changed()
      if (night === 0) expect(ways).toMatchObject(FULL)
      const held = await nights.shop.look(
        "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'shop_thing' and c.relkind = 'r' order by 1",
      )
      for (const { nspname } of held as { nspname: string }[])
        expect(await nights.shop.look(`select from ${nspname}.shop_thing where other like 'Gwen%'`)).toEqual([])
    }
    expect(await changed()).toMatchObject(DELTA)
  })

  test('after a drop and a rebuild the first night is full', async () => {
    const dropped = await command('drop --yes')
    expect([dropped.status, dropped.stderr]).toMatchObject([0, expect.anything()])
    await nights.shop.migrate(nights.publication)
    expect(await changed()).toMatchObject(FULL)
    expect(await changed()).toMatchObject(FULL)
    expect(await changed()).toMatchObject(DELTA)
  })

  test('a key of the pseudonyms that is another one makes them anew, and each version keeps its own', async () => {
    const [one, two] = [new Secret(KEY), new Secret(`${KEY.slice(1)}a`)]
    await changed()
    for (const pseudonymKey of [two, one, one, two, two, one, one]) {
      await nights.change(`update thing set email = 'other${turns}' where id = 3`)
      const report = await nights.night({ pseudonymKey, rotateKey: true })
      expect(await nights.published()).toEqual(await nights.expected(undefined, nights.publication, pseudonymKey))
      await nights.judgeCounts(report)
    }
    await changed()
    await changed()
    expect(await changed()).toMatchObject(DELTA)
  })
})
