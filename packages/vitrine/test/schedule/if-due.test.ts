/** `sync --if-due` and `schedule` on real servers: exactly one run for each due time, and somebody hears when there is none. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { syncUnless } from '../../src/run/sync.ts'
import { isDue } from '../../src/schedule/dueness.ts'
import { type Outcome, run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { type Receiver, receive } from './receiver.ts'

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
async function command(line: string, environment: Record<string, string> = {}, interrupt?: (now: () => void) => void) {
  const outcome = await run({ ...vitrine, publication: shop.publication }, line, {
    environment: {
      DATABASE_URL: shop.source.url(shop.app),
      METABASE_DATABASE_URL: shop.target.url(shop.writer),
      VITRINE_PSEUDONYM_KEY: KEY,
      VITRINE_ALARM_WEBHOOK: webhook.url,
      VITRINE_PING_URL: ping.url,
      ...environment,
    },
    ...(interrupt === undefined ? {} : { interrupt }),
  })
  for (const secret of ['canary', shop.writer.password, shop.app.password, KEY]) {
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
const forget = () => shop.look('delete from vitrine.run')

async function asked<T>(ask: (session: Session) => Promise<T>): Promise<T> {
  const { publication, target, writer } = shop
  const session = await connect(target.address(writer), {
    side: 'target',
    name: 'test',
    limits: publication.limits,
    readOnly: true,
    searchPath: [],
  })
  try {
    return await ask(session)
  } finally {
    await session.end()
  }
}
const due = (now?: Date) => asked(async (session) => (await isDue(session, shop.publication, now)).due)

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
      source: shop.source.address(shop.app),
      target: shop.target.address(shop.writer),
      only: null,
      dryRun: false,
      allowShrink: false,
      at: null,
      pseudonymKey: new Secret(KEY),
      trigger: 'schedule',
      observer: ({ kind }: { kind: string }) => void phases.push(kind),
      signal: new AbortController().signal,
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
    expect(webhook.received.map(({ body }) => JSON.parse(body).code)).toEqual(['CONNECTION_FAILED'])
    const failure = { trigger: 'schedule', state: 'failed', code: 'CONNECTION_FAILED' }
    expect(await runs()).toEqual([failure, failure])
  })

  test('--if-due with a part or a rehearsal is refused', async () => {
    expect((await command('sync --if-due --dry-run')).status).toBe(2)
    expect((await command('sync --if-due --only shop_customer')).status).toBe(2)
  })

  test.each(['not a url', 'ftp://host/canary', 'https://user:canary@host/'])('%s is no webhook', async (url) => {
    const { status, stderr } = await command('sync --if-due', { VITRINE_ALARM_WEBHOOK: url })
    expect(status).toBe(2)
    expect(stderr).toContain('VITRINE_ALARM_WEBHOOK: it is not a URL of the form https://host/path')
  })
})

describe.sequential('schedule', () => {
  async function until(look: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; tries < 400; tries++) {
      if (await look()) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('it did not come')
  }

  function start(environment: Record<string, string> = {}): { ended: Promise<Outcome>; interrupt: () => void } {
    let interrupt = () => undefined as unknown
    const ended = command('schedule', environment, (now) => {
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
    expect(stderr).toMatch(/^alarm: Vitrine shop: nothing published for .+ after 1 try\. SOURCE_DRIFT: /m)
    expect(JSON.parse(broken.received[0]?.body ?? '')).toMatchObject({ kind: 'failed', code: 'SOURCE_DRIFT' })
    expect(await runs()).toEqual([{ trigger: 'schedule', state: 'failed', code: 'SOURCE_DRIFT' }])
    expect(ping.received).toEqual([])
  })
})
