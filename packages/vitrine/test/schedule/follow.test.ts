/** Between due times what changed is published again and again; a night goes first, and no large table is read whole. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { compute, count, date, history, integer, rows } from '../../src/index.ts'
import type { SyncReport } from '../../src/run/observer.ts'
import { type FollowEvent, type FollowPorts, keepFollowing } from '../../src/schedule/follow.ts'
import { run } from '../cli/captured-io.ts'
import { Nights } from '../delta/nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from '../delta/things.ts'
import { KEY } from '../publication/shop.ts'
import { round as followRound } from './round.ts'
import { REPORT } from './simulation.ts'

describe('rounds on servers', () => {
  const source = thingSource(['thing', 'kept'])
  const days = history('days', 'A day.', ({ selectFrom }, { day }) => ({
    day: date(day, 'Day').primaryKey(),
    n: integer(selectFrom('shop_thing').select(count().as('n')).$asScalar().$notNull(), 'Things'),
  }))
  const kept = publishThing(source, 'kept')
  // It can never be told by what changed.
  const whole = { ...kept, keep: rows({ keep: compute({}, () => true) }, {}).rules.keep ?? null }
  const setting = {
    ...{ source, tables: [publishThing(source, 'thing'), whole], histories: [days] },
    // Due once a year, so that no night falls due meanwhile.
    schedule: '0 0 1 1 *',
  }

  let nights: Nights
  beforeAll(async () => {
    const fill = (name: string, n: number) => [CREATE, fillSql(n)].map((sql) => sql.replaceAll('$t', name))
    nights = await Nights.create(18, setting, [...fill('thing', 70), ...fill('kept', 7)])
    await nights.begin({ trigger: 'schedule' })
  })
  afterAll(() => nights.drop())

  const environment = () => ({
    DATABASE_URL: nights.shop.source.url(nights.shop.reading),
    METABASE_DATABASE_URL: nights.shop.target.url(nights.shop.writer),
    VITRINE_PSEUDONYM_KEY: KEY,
  })
  const round = async (limits = {}) => {
    const publication = { ...nights.publication, limits: { ...nights.publication.limits, ...limits } }
    return (await followRound(publication, environment())).outcome
  }
  const look = async <Row extends object>(sql: string): Promise<Row[]> =>
    nights.shop.look<Row & Record<string, unknown>>(sql)
  const counted = async () =>
    look<{ trigger: string; state: string; runs: number }>(
      'select trigger, state, count(*)::integer as runs from vitrine.run group by 1, 2 order by 1, 2',
    )

  test('what changed is minutes old; the figures of the day, the due time and the proof are the night’s', async () => {
    const day = await look('select day, n from shop.days')
    await nights.change(
      "insert into thing select 500 + id, 'x' || id, label, other, amount, seen, sole, hidden, email from thing where id < 5",
    )
    let interrupt = () => undefined as unknown
    const ended = run({ ...vitrine, publication: nights.publication }, 'follow --every 1h', {
      environment: environment(),
      interrupt: (now) => {
        interrupt = now
      },
    })
    await expect.poll(counted).toContainEqual({ trigger: 'follow', state: 'succeeded', runs: 1 })
    interrupt()
    const { status, stdout, stderr } = await ended
    expect([status, stdout]).toEqual([0, expect.stringContaining('Published 2 tables')])
    expect(stderr).toContain('It follows no more.\n')
    await nights.judge()
    expect(await look('select day, n from shop.days')).toEqual(day)
    const [origin] = await look<{ nights: number; deltas: number }>(
      `select (origin->'tables'->'shop_thing'->>'nights')::integer as nights, (origin->'tables'->'shop_thing'->>'deltas')::integer as deltas
       from vitrine.version where not kept`,
    )
    expect(origin).toEqual({ nights: 0, deltas: 0 })
    const [fresh] = await look<{ newer: boolean; same: boolean }>(
      `select (select data_of from vitrine.freshness where table_name = 'shop_thing') > (select data_of from vitrine.freshness where table_name = 'days') as newer,
              (select max(started_at) from vitrine.run where trigger = 'schedule') < (select max(started_at) from vitrine.run) as same`,
    )
    expect(fresh).toEqual({ newer: true, same: true })
  })

  test('a large table that would be read whole makes it wait, before anything is recorded or after the look at it', async () => {
    const before = await counted()
    const published = await nights.published()
    expect(await round({ followRows: 3 })).toBe('FOLLOW_WAITS')
    expect(await counted()).toEqual(before)
    await nights.change("update thing set label = 'all' where id < 500")
    expect(await round({ followRows: 20, deltaShare: 0.01 })).toBe('FOLLOW_WAITS')
    expect(await counted()).toEqual([{ trigger: 'follow', state: 'failed', runs: 1 }, ...before])
    expect(await nights.published()).toEqual(published)
    expect(await round()).toEqual({ shop_thing: 'delta', shop_kept: 'full', days: 'carried' })
    await nights.judge()
  })

  test('a time that is none, too short or too long is refused', async () => {
    for (const every of ['10s', '5', '1d', '25h', 'm']) {
      const { status, stderr } = await run({ ...vitrine, publication: nights.publication }, `follow --every ${every}`)
      expect([every, status, stderr]).toEqual([every, 2, expect.stringContaining('--every')])
    }
  })

  test('its runs are a tenth of the record, and a night that is due goes first', async () => {
    await round({ runsKept: 20 })
    await round({ runsKept: 20 })
    const [kept] = await look<{ follow: number; schedule: number }>(
      `select count(*) filter (where trigger = 'follow')::integer as follow,
              count(*) filter (where trigger = 'schedule')::integer as schedule from vitrine.run`,
    )
    expect(kept).toEqual({ follow: 2, schedule: 2 })
    await look("update vitrine.run set started_at = started_at - interval '2 years'")
    expect(await round()).toBeNull()
    // It would be the run of no due time.
    expect(await round()).toBeNull()
  })
})

describe('the loop', () => {
  /** Each step is a round: what it takes, and how it ends. Gives what was told, and the pauses. */
  async function followed(steps: readonly (readonly [tookMs: number, end: SyncReport | VitrineError | null])[]) {
    const stop = new AbortController()
    const [told, pauses, left]: [FollowEvent[], number[], (readonly [number, unknown])[]] = [[], [], [...steps]]
    let now = 0
    const ports: FollowPorts = {
      ...{ everyMs: 300_000, limits: DEFAULT_LIMITS, chance: () => 1, monotonicMs: () => now },
      pause: async (milliseconds) => {
        pauses.push(milliseconds)
        if (left.length === 0) stop.abort()
      },
      round: async () => {
        const [took, end] = left.shift() ?? [0, null]
        now += took
        if (end instanceof Error) throw end
        return end as SyncReport | null // sound because of the type of the steps.
      },
      tell: async (event) => void told.push(event),
    }
    await keepFollowing(ports, stop.signal)
    return { told: told.map((event) => ('lasts' in event && event.lasts ? 'failed, lasts' : event.kind)), pauses }
  }
  const failure = new VitrineError('CONNECTION_FAILED')
  const waits = (place: string) => new VitrineError('FOLLOW_WAITS', { place })
  const busy = new VitrineError('RUN_IN_PROGRESS')

  test('rests until the next round, and at least as long as the last one took', async () => {
    expect(
      await followed([
        [10_000, REPORT],
        [200_000, REPORT],
        [900_000, REPORT],
      ]),
    ).toEqual({
      told: ['published', 'published', 'published'],
      pauses: [290_000, 200_000, 900_000],
    })
  })

  test('says once why it waits', async () => {
    const rounds = [null, null, REPORT, null, busy, busy, waits('a'), waits('a'), waits('b'), REPORT, waits('b')]
    const { told } = await followed(rounds.map((end) => [0, end] as const))
    expect(told).toEqual([
      ...['waiting', 'published', 'waiting', 'waiting', 'waiting', 'waiting', 'published', 'waiting'],
    ])
  })

  test('backs off while it fails, is heard of once when that lasts, and once when it is over', async () => {
    const rounds = [failure, failure, REPORT, ...Array.from({ length: 8 }, () => failure), REPORT, REPORT]
    const { told, pauses } = await followed(rounds.map((end) => [0, end] as const))
    expect(told).toEqual([
      ...['failed', 'failed', 'published', 'failed', 'failed', 'failed, lasts'],
      ...['failed', 'failed', 'failed', 'failed', 'failed', 'recovered', 'published', 'published'],
    ])
    expect(pauses.slice(3, 12)).toEqual([
      ...[300_000, 300_000, 300_000, 300_000, 480_000, 960_000, 1_800_000, 1_800_000, 300_000],
    ])
  })
})
