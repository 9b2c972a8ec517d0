/** Every instrument tells what a reader can read, whatever the bookkeeping says: each damage, seen by each of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type ErrorCode, EXIT } from '../../src/base/errors.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { type HealthAnswer, listen } from '../../src/schedule/listener.ts'
import { readMonitorFacts } from '../../src/schedule/monitor-facts.ts'
import { run } from '../cli/captured-io.ts'
import { KEY, RETIRED } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { type Receiver, receive } from './receiver.ts'
import { round } from './round.ts'

let shop: Installation
let webhook: Receiver
beforeAll(async () => {
  ;[shop, webhook] = await Promise.all([Installation.create(18, 20), receive()])
  for (let runs = 0; runs < 2; runs++) await shop.run()
})
afterAll(async () => {
  await shop.drop()
  await webhook.close()
})

const environment = () => ({
  DATABASE_URL: shop.source.url(shop.reading),
  METABASE_DATABASE_URL: shop.target.url(shop.writer),
  VITRINE_PSEUDONYM_KEY: KEY,
  VITRINE_ALARM_WEBHOOK: webhook.url,
})
const command = (line: string, interrupt?: (now: () => void) => void) =>
  run({ ...vitrine, publication: shop.publication }, line, {
    environment: environment(),
    ...(interrupt === undefined ? {} : { interrupt }),
  })

async function monitors() {
  const look = async () => {
    const session = await shop.session()
    return readMonitorFacts(session, shop.publication).finally(() => session.end())
  }
  const { url, close } = await listen({ host: '127.0.0.1', port: 0 }, { clock: systemClock, look })
  const health = await fetch(`${url}/health`)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  // sound because `/health` answers what `HealthAnswer` says.
  const answer = (await health.json()) as Extract<HealthAnswer, { readonly kept: unknown }>
  await close()
  const text = [...answer.missing.map(({ place, detail }) => `${place}: ${detail}`), JSON.stringify(answer)].join('\n')
  return { status: health.status, answer, text, metrics }
}

const kinds = () => webhook.received.map(({ body }) => JSON.parse(body).kind as string)

/** The first alarms of a schedule that starts. */
async function scheduled(count: number): Promise<readonly string[]> {
  webhook.received.length = 0
  let stop = () => undefined as unknown
  const ended = command('schedule', (now) => {
    stop = now
  })
  await expect.poll(() => webhook.received.length).toBeGreaterThanOrEqual(count)
  stop()
  await ended
  return kinds()
}

interface Damage {
  readonly sql: () => string
  /** Null when the next run repairs it. */
  readonly repair: (() => string) | null
  readonly state: 'missing' | 'stale' | 'fresh'
  readonly status: number
  readonly ifDue: number
  readonly alarm: 'missing' | 'failed' | null
  readonly words: RegExp
  /** What a round of `follow` does. */
  readonly follow: ErrorCode | 'published' | 'waits for the run that is due'
}

const reader = () => `"${shop.reader.user}"`
const lockedOut = (damage: () => string, repair: () => string, words: RegExp): Damage => ({
  sql: damage,
  repair,
  state: 'missing',
  status: EXIT.missing,
  ifDue: EXIT.missing,
  alarm: 'missing',
  words,
  follow: 'published',
})
/** What a run puts back is due at once. */
const mended = (sql: string, words: RegExp): Damage => ({
  ...lockedOut(
    () => sql,
    () => '',
    words,
  ),
  repair: null,
  ifDue: EXIT.ok,
  follow: 'waits for the run that is due',
})
const altered = (role: string, back: string, words: RegExp) =>
  lockedOut(
    () => `alter role ${reader()} ${role}`,
    () => `alter role ${back.replaceAll(/\breader\b/g, reader())}`,
    words,
  )

const DAMAGES: Readonly<Record<string, Damage>> = {
  'one table dropped': mended('drop table shop.shop_purchase', /shop_purchase: it does not exist/),
  'one column dropped': mended(
    'alter table shop.shop_customer drop column purchases',
    /shop_customer: it lacks purchases/,
  ),
  'a view of ours dropped': mended('drop view shop.vitrine_runs', /vitrine_runs: it does not exist/),
  'a table renamed by hand': {
    ...lockedOut(
      () => 'alter table shop.shop_purchase rename to shop_old',
      () => 'alter table shop.shop_old rename to shop_purchase',
      /shop_purchase: it does not exist/,
    ),
    // It refers to the version that would leave: the run names it, and changes nothing.
    ifDue: EXIT.drift,
    follow: 'waits for the run that is due',
  },
  'select revoked on a table': {
    ...mended('', /shop_purchase: the reader may not read it/),
    sql: () => `revoke select on shop.shop_purchase from ${reader()}`,
  },
  'select revoked on a column': lockedOut(
    () =>
      `revoke select on shop.shop_purchase from ${reader()}; grant select (id) on shop.shop_purchase to ${reader()}`,
    () =>
      `revoke select (id) on shop.shop_purchase from ${reader()}; grant select on shop.shop_purchase to ${reader()}`,
    /shop_purchase: the reader may not read .*customer_id/,
  ),
  'usage revoked': lockedOut(
    () => `revoke usage on schema shop from ${reader()}`,
    () => `grant usage on schema shop to ${reader()}`,
    /shop: the reader may not look into the schema/,
  ),
  'the schema gone': {
    ...lockedOut(
      () => 'alter schema shop rename to gone_shop',
      () => 'alter schema gone_shop rename to shop',
      /shop: the schema does not exist/,
    ),
    follow: 'VERSION_MISSING',
  },
  'row level security without a policy': {
    ...lockedOut(
      () => 'alter table shop.shop_customer enable row level security',
      () => 'alter table shop.shop_customer disable row level security',
      /shop_customer: row level security leaves no row/,
    ),
    follow: 'DEPENDENT_BLOCKS',
  },
  'a reader without login': altered('nologin', 'reader login', /the role may not log in/),
  'a reader without a connection': altered(
    'connection limit 0',
    'reader connection limit -1',
    /may open no connection/,
  ),
  'a password that has expired': altered("valid until '2020-01-01'", "reader valid until 'infinity'", /has expired/),
  'a reader that is gone': altered(
    'rename to gone_reader',
    'gone_reader rename to reader',
    /the role of the readers does not exist/,
  ),
  'a reader that may not connect': lockedOut(
    () =>
      `revoke connect on database "${shop.target.name}" from public, ${reader()}; grant connect on database "${shop.target.name}" to "${shop.writer.user}"`,
    () => `grant connect on database "${shop.target.name}" to public`,
    /may not connect to the database/,
  ),
  'the bookkeeping gone': {
    ...lockedOut(
      () => 'alter schema vitrine rename to gone_vitrine',
      () => 'alter schema gone_vitrine rename to vitrine',
      /its private schema was dropped|the private schema was dropped/,
    ),
    follow: 'waits for the run that is due',
    status: EXIT.drift,
    ifDue: EXIT.drift,
    alarm: 'failed',
  },
  'restored from an old dump': {
    ...mended(
      `update vitrine.run set started_at = started_at - interval '3 days';
       update vitrine.freshness set published_at = published_at - interval '3 days'`,
      /Nothing was published since|"state":"stale"/,
    ),
    state: 'stale',
    status: EXIT.stale,
    alarm: null,
  },
  'retired versions that could not be removed': {
    ...mended('', new RegExp(`2 retired versions could not be removed|"${RETIRED}_2"`)),
    sql: () =>
      [1, 2]
        .map((number) => `${RETIRED}_${number}`)
        .map(
          (name) =>
            `create schema ${name}; comment on schema ${name} is 'vitrine: retired area of shop'; create table ${name}.t ()`,
        )
        .join('; '),
    repair: () => `drop schema ${RETIRED}_1 cascade; drop schema ${RETIRED}_2 cascade`,
    follow: 'VERSIONS_LEFT',
    state: 'stale',
    status: EXIT.stale,
    alarm: null,
  },
  'the kept version gone': {
    ...mended(`drop schema ${RETIRED} cascade`, /The version that was kept is gone|"kept":"gone"/),
    follow: 'published',
    state: 'fresh',
    status: EXIT.ok,
    alarm: null,
  },
}

describe.sequential('what readers miss is told by each instrument', () => {
  test('with all well', async () => {
    expect(await command('status')).toMatchObject({ status: EXIT.ok, stderr: '' })
    expect(await monitors()).toMatchObject({ status: 200, metrics: expect.stringContaining('vitrine_missing 0\n') })
    expect((await command('sync --if-due')).stdout).toMatch(/^Not due/)
  })

  test.each(Object.entries(DAMAGES))('%s', async (_, damage) => {
    try {
      await seenByAll(damage)
      await seenByFollow(damage)
    } catch (error) {
      if (damage.repair === null) await shop.run()
      throw error
    } finally {
      if (damage.repair !== null) await shop.look(damage.repair())
    }
    expect(await command('status')).toMatchObject({ status: EXIT.ok, stderr: '' })
  })
})

async function seenByAll({ sql, state, status, ifDue, alarm, words }: Damage): Promise<void> {
  const isFresh = state === 'fresh'
  const damage = () => shop.look(`delete from vitrine.alarm; ${sql()}`)
  await damage()
  const told = await command('status')
  expect([told.status, told.stdout + told.stderr]).toEqual([status, expect.stringMatching(words)])
  const found = await monitors()
  expect([found.status, found.text]).toEqual([isFresh ? 200 : 503, expect.stringMatching(words)])
  expect(found.answer).toMatchObject({ state, stale: !isFresh })
  expect(found.metrics).toContain(`vitrine_stale ${isFresh ? 0 : 1}\n`)
  expect(found.metrics).toMatch(state === 'missing' ? /^vitrine_missing [1-9]/m : /^vitrine_missing 0$/m)

  webhook.received.length = 0
  expect(await command('sync --if-due')).toMatchObject({ status: ifDue })
  if (alarm === null) return expect(kinds()).toEqual([])
  expect(kinds()[0]).toBe(alarm)
  expect(JSON.parse(webhook.received[0]?.body ?? '').text).toMatch(words)
  if (ifDue === EXIT.ok) {
    // What a run has put back is told to be over, and the schedule does the same with the damage anew.
    expect(kinds()).toEqual(['missing', 'recovered'])
    await damage()
    return expect(await scheduled(2)).toEqual(['missing', 'recovered'])
  }
  if (alarm === 'missing') await shop.look('delete from vitrine.alarm')
  expect(await scheduled(1)).toEqual([alarm])
}

/** A run that is due goes first; otherwise the round is published, or says what is wrong. What readers miss is told in each case. */
async function seenByFollow({ sql, repair, state, follow, alarm, words }: Damage): Promise<void> {
  if (state !== 'fresh' && (await command('status')).status === EXIT.ok) await shop.look(sql())
  await shop.look('delete from vitrine.alarm').catch(() => undefined)
  webhook.received.length = 0
  const { outcome, said } = await round(shop.publication, environment())
  const did = typeof outcome === 'object' ? 'published' : outcome
  expect(outcome === null ? 'waits for the run that is due' : did).toBe(follow)
  expect(kinds()).toEqual(alarm === 'missing' ? ['missing'] : [])
  if (alarm === 'missing') expect(said).toMatch(words)
  if (repair === null) await shop.run()
}
