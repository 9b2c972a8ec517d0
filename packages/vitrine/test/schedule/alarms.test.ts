/** An alarm reaches somebody once: one for many schedules, again until it is delivered, and its end is told. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import type { Limits } from '../../src/base/limits.ts'
import { Alarms } from '../../src/cli/alarms.ts'
import type { Call } from '../../src/cli/command.ts'
import type { Program } from '../../src/cli/program.ts'
import { vitrine } from '../../src/cli/vitrine.ts'
import { run } from '../cli/captured-io.ts'
import { KEY } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'
import { freePort, type Receiver, receive } from './receiver.ts'

let shop: Installation
let webhook: Receiver
let works = true
beforeAll(async () => {
  const answer: Parameters<typeof receive>[0] = (_, response) => void response.writeHead(works ? 200 : 403).end()
  ;[shop, webhook] = await Promise.all([Installation.create(18, 60), receive(answer)])
  await shop.run()
})
afterAll(async () => {
  await shop.drop()
  await webhook.close()
})
beforeEach(async () => {
  webhook.received.length = 0
  works = true
  await shop.look("delete from vitrine.alarm; update vitrine.run set started_at = started_at - interval '1 day'")
})

/** Who loses the race for the lock comes back soon. */
const HASTY = (limits: Limits): Limits => ({ ...limits, retryFirstMs: 50, retryLongestMs: 200 })

const command = (
  line: string,
  environment: Record<string, string> = {},
  interrupt?: (now: () => void) => void,
  program: Program = vitrine,
) =>
  run({ ...program, publication: { ...shop.publication, limits: HASTY(shop.publication.limits) } }, line, {
    environment: {
      DATABASE_URL: shop.source.url(shop.reading),
      METABASE_DATABASE_URL: shop.target.url(shop.writer),
      VITRINE_PSEUDONYM_KEY: KEY,
      VITRINE_ALARM_WEBHOOK: webhook.url,
      ...environment,
    },
    ...(interrupt === undefined ? {} : { interrupt }),
  })
const told = () => webhook.received.map(({ body }) => JSON.parse(body))
const kinds = () => told().map(({ kind }) => kind)
const until = (look: () => Promise<boolean> | boolean) => expect.poll(look).toBe(true)

describe.sequential('alarms', () => {
  test('six schedules that fail send one, which names what has drifted; the end is told once', async () => {
    await shop.change('alter table customer add column nickname text')
    const stops: (() => void)[] = []
    const schedules = Array.from({ length: 6 }, () => command('schedule', {}, (now) => void stops.push(now)))
    const tried = async () => (await shop.look("select from vitrine.run where error_code = 'SOURCE_DRIFT'")).length >= 6
    await until(tried)
    for (const stop of stops) stop()
    const outcomes = await Promise.all(schedules)
    expect(told()).toMatchObject([
      {
        kind: 'failed',
        code: 'SOURCE_DRIFT',
        text: expect.stringMatching(/customer\.nickname: /),
        problems: [{ place: expect.stringMatching(/customer\.nickname/), detail: expect.any(String) }],
      },
    ])
    // Who loses the race for the lock has nothing to complain about.
    expect(outcomes.map(({ stderr }) => stderr).join('')).not.toContain('error RUN_IN_PROGRESS')
    await shop.change('alter table customer drop column nickname')
    const ends = await Promise.all([command('sync --if-due'), command('sync --if-due')])
    await command('sync --if-due')
    expect(ends.map(({ status }) => status)).toContain(0)
    expect(kinds()).toEqual(['failed', 'recovered'])
  })

  test('a repair by hand is told by whoever looks next', async () => {
    await command('sync --if-due', { DATABASE_URL: `postgresql://app:x@127.0.0.1:${await freePort()}/app` })
    expect(kinds()).toEqual(['failed'])
    await shop.run()
    await Promise.all([command('status --alarm'), command('status --alarm')])
    expect(kinds()).toEqual(['failed', 'recovered'])
  })

  test('what nobody got is sent again, with its own instant, until it is delivered, and only once', async () => {
    works = false
    const away = { DATABASE_URL: 'postgresql://app:x@127.0.0.1:1/app' }
    expect((await command('sync --if-due', away)).stderr).toContain('VITRINE_ALARM_WEBHOOK was not reached')
    // Not before some minutes have passed.
    await command('sync --if-due', away)
    expect(kinds()).toEqual(['failed'])
    const later = () => shop.look("update vitrine.alarm set tried_at = tried_at - interval '6 minutes'")
    await later()
    await command('sync --if-due', away)
    works = true
    await later()
    await Promise.all([command('status --alarm'), command('status --alarm')])
    expect(kinds()).toEqual(['failed', 'failed', 'failed'])
    expect(told()[2].text).toMatch(/CONNECTION_FAILED.* \(not delivered before; raised at \d{4}-.+Z\)$/)
    await later()
    await command('status --alarm')
    expect(kinds()).toHaveLength(3)
    // The trouble is over only when something is published.
    await command('sync --if-due')
    expect(kinds().slice(3)).toEqual(['recovered'])
  })

  test('while the target is away it is sent all the same, and its end is told when the target is back', async () => {
    const login = (may: 'login' | 'nologin') => shop.look(`alter role "${shop.writer.user}" ${may}`)
    const due = new Date('2026-01-14T23:00:00Z')
    const error = new VitrineError('AUTHENTICATION_FAILED')
    const staysUp = async (call: Call) => {
      const alarms = new Alarms(call, call.settings({ target: 'required' }))
      const settle = () => alarms.settle({ open: 0, undelivered: 0 }, due, true)
      await login('nologin')
      await alarms.raise({ kind: 'failed', due, error, tries: 1, pauseMs: null })
      await settle()
      await login('login')
      await settle()
      await settle()
      return 'ok' as const
    }
    const probe = { name: 'probe', summary: '', description: '', options: {}, examples: [], run: staysUp }
    await command('probe', {}, undefined, { ...vitrine, commands: [probe] })
    expect(kinds()).toEqual(['failed', 'recovered'])
  })
})
