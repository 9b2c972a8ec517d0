/** `sync --if-due` and `schedule` on real servers: exactly one run for each due time, and somebody hears when there is none. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import { syncUnless } from '../../src/run/sync.ts'
import { isDue } from '../../src/schedule/dueness.ts'
import { type Outcome, run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { freePort, type Receiver, receive } from './receiver.ts'

let shop: Installation
let webhook: Receiver
let ping: Receiver

beforeAll(async () => {
  ;[shop, webhook, ping] = await Promise.all([Installation.create(18, 60), receive(), receive()])
})
afterAll(async () => {
  await shop.drop()
  await Promise.all([webhook.close(), ping.close()])
})
beforeEach(() => {
  webhook.received.length = 0
  ping.received.length = 0
})

/** Runs a command, and looks for what must never be written. */
async function command(
  line: string,
  environment: Record<string, string> = {},
  interrupt?: (now: () => void) => void,
  publication = shop.publication,
) {
  const outcome = await run({ ...vitrine, publication }, line, {
    environment: {
      DATABASE_URL: shop.source.url(shop.reading),
      METABASE_DATABASE_URL: shop.target.url(shop.writer),
      VITRINE_PSEUDONYM_KEY: KEY,
      VITRINE_ALARM_WEBHOOK: webhook.url,
      VITRINE_PING_URL: ping.url,
      ...environment,
    },
    ...(interrupt === undefined ? {} : { interrupt }),
  })
  for (const secret of ['canary', shop.writer.password, shop.reading.password, KEY]) {
    expect(outcome.stdout + outcome.stderr + JSON.stringify(webhook.received.map(({ body }) => body))).not.toContain(
      secret,
    )
  }
  return outcome
}

const runs = () =>
  shop.look<{ trigger: string; state: string; code: string | null }>(
    'select trigger, state, error_code as code from vitrine.run order by id',
  )
/** As if everything that is recorded had happened a day earlier. */
const aDayLater = () => shop.look("update vitrine.run set started_at = started_at - interval '1 day'")
const forget = () => shop.look('delete from vitrine.run; delete from vitrine.alarm')

function session(name: string): Promise<Session> {
  const { publication, target, writer } = shop
  const { limits } = publication
  return connect(target.address(writer), { side: 'target', name, limits, readOnly: true, searchPath: [] })
}

async function asked<T>(ask: (session: Session) => Promise<T>): Promise<T> {
  const asking = await session('test')
  try {
    return await ask(asking)
  } finally {
    await asking.end()
  }
}
const due = (now?: Date) => asked(async (session) => (await isDue(session, shop.publication, now)).due)

const until = (look: () => Promise<boolean> | boolean) => expect.poll(look).toBe(true)

describe.sequential('due, exactly once', () => {
  test('at first; then not until the next due time; a part and a rehearsal do not count', async () => {
    await forget()
    expect(await due()).toBe(true)
    await shop.run({ dryRun: true })
    expect(await due()).toBe(true)
    const first = await command('sync --if-due')
    expect(first.stdout).toContain('Published 2 tables')
    expect(ping.received).toMatchObject([{ method: 'GET' }])
    const second = await command('sync --if-due')
    expect(second).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^Not due: .+\n$/) })
    expect(ping.received).toHaveLength(1)
    expect(await due(new Date(Date.now() + 25 * 3_600_000))).toBe(true)
    await aDayLater()
    await shop.run({ only: ['shop_customer'] })
    expect(await due()).toBe(true)
    await shop.run()
    expect(await due()).toBe(false)
    expect(webhook.received).toEqual([])
  })

  test('not before the tables are there again after drop', async () => {
    await shop.look('create table kept as select * from vitrine.freshness')
    await shop.look('delete from vitrine.freshness')
    expect(await due()).toBe(true)
    await shop.look('insert into vitrine.freshness select * from kept; drop table kept')
    expect(await due()).toBe(false)
  })

  test('many processes at once: one run, and the others say why not', async () => {
    await forget()
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => command('sync --if-due --json')))
    expect((await runs()).filter(({ state }) => state === 'succeeded')).toHaveLength(1)
    const kinds = outcomes.map(({ status, stdout }) => {
      const answer = JSON.parse(stdout)
      return status === 8 ? answer.error.code : 'run' in answer ? 'published' : `due ${answer.due}`
    })
    expect(kinds.filter((kind) => kind === 'published')).toHaveLength(1)
    expect(kinds.filter((kind) => !['published', 'due false', 'RUN_IN_PROGRESS'].includes(kind))).toEqual([])
    expect(ping.received).toHaveLength(1)
    expect(webhook.received).toEqual([])
  })

  test('who saw it due and gets the lock only after another has published does nothing', async () => {
    await forget()
    expect(await due()).toBe(true)
    await shop.run()
    const phases: string[] = []
    const request = {
      publication: shop.publication,
      source: shop.source.address(shop.reading),
      target: shop.target.address(shop.writer),
      pseudonymKey: new Secret(KEY),
      trigger: 'schedule',
      observer: ({ kind }: { kind: string }) => void phases.push(kind),
    } as const
    const done = async (target: Session) => !(await isDue(target, shop.publication)).due
    expect(await syncUnless(request, done)).toBeNull()
    expect([phases, (await runs()).length]).toEqual([[], 1])
  })

  test('a source that is away is recorded and told once, though the cron comes again', async () => {
    await forget()
    const away = { DATABASE_URL: 'postgresql://app:x@127.0.0.1:1/app' }
    expect((await command('sync --if-due', away)).status).toBe(4)
    const again = await command('sync --if-due', away)
    expect(again.stderr).not.toContain('alarm:')
    expect(again.stderr).toContain('The try before failed (CONNECTION_FAILED): every table is read anew')
    expect(webhook.received.map(({ body }) => JSON.parse(body).code)).toEqual(['CONNECTION_FAILED'])
    const failure = { trigger: 'schedule', state: 'failed', code: 'CONNECTION_FAILED' }
    expect(await runs()).toEqual([failure, failure])
    const { tries } = JSON.parse((await command('status --json')).stdout)
    expect(tries).toEqual({ failed: 2, lastError: 'CONNECTION_FAILED', budget: shop.publication.limits.retryTries })
    const text = (await command('status')).stdout
    expect(text).toContain('Failed for this due time: 2 of 12 tries, the last one with CONNECTION_FAILED.\n')
  })

  test('receivers that never answer are given up, and the version is published', async () => {
    await forget()
    // What the one who is called first finds: nobody had to wait for him.
    let found: Promise<unknown> | undefined
    const silent = await receive(() => {
      found ??= shop.look(`select state, finished_at is not null as closed,
        (select count(*)::integer from pg_locks where locktype = 'advisory' and database =
          (select oid from pg_database where datname = current_database())) as locks,
        (select row_count::integer from vitrine.freshness where table_name = 'shop_customer') as published
        from vitrine.run order by id desc limit 1`)
    })
    await shop.look("update vitrine.freshness set row_count = 900 where table_name = 'shop_customer'")
    const limits = { ...shop.publication.limits, deliveryTimeoutMs: 1_000, deliveryTries: 2, deliveryPauseMs: 10 }
    const urls = { VITRINE_ALARM_WEBHOOK: silent.url, VITRINE_PING_URL: silent.url }
    const outcome = await command('sync --if-due --allow-shrink', urls, undefined, { ...shop.publication, limits })
    await silent.close()
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('Published 2 tables') })
    expect(await found).toEqual([{ state: 'succeeded', closed: true, locks: 0, published: 60 }])
    for (const name of Object.keys(urls))
      expect(outcome.stderr).toContain(`${name} was not reached: no answer within 1000 ms.`)
    expect(silent.received.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET', 'GET'])
  })

  test('a loss of rows that was allowed is told all the same', async () => {
    await forget()
    await shop.look("update vitrine.freshness set row_count = 900 where table_name = 'shop_customer'")
    expect((await command('sync --if-due')).stderr).toContain('TABLE_SHRANK')
    webhook.received.length = 0
    const { status, stderr } = await command('sync --if-due --allow-shrink', { VITRINE_ALARM_FORMAT: 'chat' })
    expect(status).toBe(0)
    const text = 'Vitrine shop: published, with suspicious content. shop_customer: 900 rows before, 60 now'
    expect(stderr).toContain(`alarm: ${text}\n`)
    const recovered = 'Vitrine shop: recovered. What was due is published, and readers can read it.'
    expect(webhook.received.map(({ body }) => JSON.parse(body))).toEqual([{ text }, { text: recovered }])
    expect(ping.received).toHaveLength(1)
  })

  test('another run that hangs is told once the version is late, and the session that holds the lock is named', async () => {
    await forget()
    const hanging = await session('hanging')
    await takeRunLock(hanging, 'shop')
    const soon = await command('sync --if-due')
    expect(soon).toMatchObject({ status: 8, stderr: expect.stringMatching(/error RUN_IN_PROGRESS.*\n.*/) })
    const told = () => webhook.received.map(({ body }) => JSON.parse(body))
    expect(told()).toEqual([])
    const hasty = { ...shop.publication, limits: { ...shop.publication.limits, staleAfterMinutes: 0 } }
    const again = await command('sync --if-due', {}, undefined, hasty)
    expect(again.status).toBe(8)
    expect(again.stderr).toMatch(/alarm: Vitrine shop: still nothing published 0 minutes after .+ \(hanging\)/)
    expect(told()).toMatchObject([{ kind: 'stale', code: 'RUN_IN_PROGRESS' }])
    hanging.destroy()
    // The lock ends with the session that held it, however that ended: nobody has to take it away.
    await until(async () => (await command('sync --if-due')).status === 0)
    expect((await runs()).at(-1)).toMatchObject({ state: 'succeeded' })
  })

  test('status --alarm speaks for a publisher that is dead, and says so when the target is', async () => {
    expect(await command('status --alarm')).toMatchObject({ status: 0, stderr: '' })
    await shop.look("update vitrine.freshness set published_at = published_at - interval '3 days'")
    const stale = await command('status')
    expect(stale.status).toBe(9)
    expect(webhook.received).toEqual([])
    const alarmed = await command('status --alarm')
    expect(alarmed.status).toBe(9)
    expect(alarmed.stderr).toMatch(
      /^error STALE[\s\S]*^alarm: Vitrine shop: still nothing published 60 minutes after /m,
    )
    const away = { METABASE_DATABASE_URL: `postgresql://${shop.writer.user}:canary-x@127.0.0.1:1/away` }
    expect((await command('status --alarm', away)).status).toBe(4)
    expect(webhook.received.map(({ body }) => JSON.parse(body))).toMatchObject([
      { kind: 'stale', code: null },
      { kind: 'stale', code: 'CONNECTION_FAILED' },
    ])
    await shop.look("update vitrine.freshness set published_at = published_at + interval '3 days'")
  })

  test('--if-due with a part or a rehearsal is refused', async () => {
    expect((await command('sync --if-due --dry-run')).status).toBe(2)
    expect((await command('sync --if-due --only shop_customer')).status).toBe(2)
  })
})

describe.sequential('schedule', () => {
  function start(
    environment: Record<string, string> = {},
    line = 'schedule',
  ): { ended: Promise<Outcome>; interrupt: () => void } {
    let interrupt = () => undefined as unknown
    const ended = command(line, environment, (now) => {
      interrupt = now
    })
    return { ended, interrupt: () => interrupt() }
  }

  test('two of them make up for a missed night once, then wait, and end in good order', async () => {
    await forget()
    const both = [start(), start()]
    await until(() => ping.received.length > 0)
    for (const { interrupt } of both) interrupt()
    const outcomes = await Promise.all(both.map(({ ended }) => ended))
    expect(outcomes.map(({ status }) => status)).toEqual([0, 0])
    expect(outcomes.filter(({ stdout }) => stdout.includes('Published 2 tables'))).toHaveLength(1)
    expect(outcomes.every(({ stderr }) => stderr.endsWith('The schedule has ended.\n'))).toBe(true)
    expect(await runs()).toEqual([{ trigger: 'schedule', state: 'succeeded', code: null }])
  })

  test('a run under way is aborted by an interrupt, and recorded as such', async () => {
    await forget()
    const holder = await shop.source.connect()
    await holder.query('begin; lock table customer in access exclusive mode')
    const { ended, interrupt } = start()
    await until(async () => (await runs()).some(({ state }) => state === 'running'))
    interrupt()
    expect(await ended).toMatchObject({ status: 0, stderr: expect.stringContaining('The schedule has ended.') })
    await shop.source.close(holder)
    expect(await runs()).toEqual([{ trigger: 'schedule', state: 'failed', code: 'INTERRUPTED' }])
    expect(webhook.received).toEqual([])
  })

  test('what cannot be repaired by waiting raises an alarm, even when the webhook does not work', async () => {
    await forget()
    const broken = await receive((_, response) => void response.writeHead(500).end())
    await shop.change('alter table customer add column nickname text')
    const { ended, interrupt } = start({ VITRINE_ALARM_WEBHOOK: broken.url })
    await until(() => broken.received.length === 3)
    interrupt()
    const { status, stderr } = await ended
    await broken.close()
    await shop.change('alter table customer drop column nickname')
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^\S+Z alarm: Vitrine shop: nothing published for .+ after 1 try\. SOURCE_DRIFT: .+ customer\.nickname: /m,
    )
    expect(JSON.parse(broken.received[0]?.body ?? '')).toMatchObject({ kind: 'failed', code: 'SOURCE_DRIFT' })
    expect(await runs()).toEqual([{ trigger: 'schedule', state: 'failed', code: 'SOURCE_DRIFT' }])
    expect(ping.received).toEqual([])
  })

  test('--listen answers monitors while a run is on, and a second schedule is told that the port is taken', async () => {
    await forget()
    const holder = await shop.source.connect()
    await holder.query('begin; lock table customer in access exclusive mode')
    const port = await freePort()
    // The flag is stronger than the variable.
    const { ended, interrupt } = start({ VITRINE_HTTP_ADDRESS: '127.0.0.1:1' }, `schedule --listen ${port}`)
    await until(async () => (await runs()).some(({ state }) => state === 'running'))
    const url = `http://127.0.0.1:${port}`
    const health = await fetch(`${url}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ state: 'fresh', stale: false, underWay: true })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('vitrine_run_under_way 1\n')
    expect(metrics).toContain('vitrine_table_rows{table="shop_customer"} 60\n')
    const taken = await command(`schedule --listen 127.0.0.1:${port}`)
    expect(taken.status).toBe(2)
    expect(taken.stderr).toContain(`127.0.0.1:${port}: the port is taken`)
    await shop.source.close(holder)
    await until(() => ping.received.length > 0)
    interrupt()
    expect(await ended).toMatchObject({ status: 0 })
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })
})
