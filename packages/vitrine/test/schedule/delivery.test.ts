/** Alarms reach a web server that is slow, broken, silent or gone, within bounds and without telling its address. */
import { afterEach, describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { type Alarm, alarmOf } from '../../src/schedule/alarms/alarm.ts'
import { type Channel, configured, deliver, type Message } from '../../src/schedule/alarms/channel.ts'
import { ping } from '../../src/schedule/alarms/ping.ts'
import { webhook } from '../../src/schedule/alarms/webhook.ts'
import type { ScheduleEvent } from '../../src/schedule/loop.ts'
import { shop } from '../publication/shop.ts'
import { type Behaviour, fine, type Receiver, receive } from './receiver.ts'
import { REPORT } from './simulation.ts'

const DUE = new Date('2026-01-14T23:00:00Z')
const AT = new Date('2026-01-15T02:00:00Z')
const alarmFor = (event: ScheduleEvent, before?: ReadonlyMap<string, number>) =>
  alarmOf(event, shop({ writer: 'w', reader: 'r' }), AT, before)

const error = new VitrineError('TABLE_SHRANK', {
  place: 'shop_customer',
  detail: 'It had 300 rows,\nand has 12.',
  cause: new Error('canary row'),
})
const failed: ScheduleEvent = { kind: 'failed', due: DUE, error, tries: 1, pauseMs: null }
// sound because a due time given up is worth an alarm.
const alarm = alarmFor(failed) as Alarm

let receiver: Receiver | null = null
afterEach(async () => receiver?.close())

interface Rules {
  /** Longer than a test, but where an answer is too late. */
  readonly deliveryTimeoutMs?: number
  readonly signal?: AbortSignal
}

function sent(
  channel: Channel,
  values: Readonly<Record<string, string>>,
  message: Message,
  { deliveryTimeoutMs = 600_000, signal = new AbortController().signal }: Rules = {},
) {
  const found = configured(channel, (name) => values[name] ?? null)
  if (found === null) throw new Error('the channel is not configured')
  return deliver(found, message, { limits: { deliveryTimeoutMs, deliveryTries: 3, deliveryPauseMs: 10 }, signal })
}
const toWebhook = (url: string, message: Message = alarm, format = 'json', rules: Rules = {}) =>
  sent(webhook, { VITRINE_ALARM_WEBHOOK: url, VITRINE_ALARM_FORMAT: format }, message, rules)
const toPing = (url: string, message: Message = 'success', rules: Rules = {}) =>
  sent(ping, { VITRINE_PING_URL: url }, message, rules)

/** What delivering gives, and how often it was tried. */
async function delivered(behave: Behaviour, rules?: Rules): Promise<{ reason: string | null; tries: number }> {
  receiver = await receive(behave)
  const reason = await toWebhook(receiver.url, alarm, 'json', rules)
  return { reason, tries: receiver.received.length }
}

describe('delivery', () => {
  test('is one POST of JSON with a text when all is well', async () => {
    expect(await delivered(fine)).toMatchObject({ reason: null, tries: 1 })
    expect(receiver?.received[0]?.method).toBe('POST')
    expect(JSON.parse(receiver?.received[0]?.body ?? '')).toEqual({
      text: 'Vitrine shop: nothing published for 2026-01-15 00:00:00 (Europe/Paris) after 1 try. TABLE_SHRANK: A table lost more rows than allowed. It had 300 rows, and has 12. (shop_customer) The previous version is still served.',
      kind: 'failed',
      publication: 'shop',
      schema: 'shop',
      at: AT.toISOString(),
      due: DUE.toISOString(),
      attempts: 1,
      code: 'TABLE_SHRANK',
      place: 'shop_customer',
      run: null,
      warnings: [],
      problems: [],
    })
  })

  test('is nothing but an escaped text for a chat', async () => {
    receiver = await receive()
    const calling = { ...alarm, text: 'a < b && <!channel>' }
    expect(await toWebhook(receiver.url, calling, 'chat')).toBeNull()
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({ text: 'a &lt; b &amp;&amp; &lt;!channel&gt;' })
    await toWebhook(receiver.url, calling)
    expect(JSON.parse(receiver.received[1]?.body ?? '').text).toBe(calling.text)
  })

  const status =
    (code: number, until = Number.POSITIVE_INFINITY): Behaviour =>
    (_, response, count) => {
      response.statusCode = count < until ? code : 204
      response.end()
    }
  const slow: Behaviour = (_, response) => void setTimeout(() => response.end(), 60)

  test.each<[string, Behaviour, string | null, number]>([
    ['broken once', status(500, 2), null, 2],
    ['broken', status(500), 'it answered 500', 3],
    ['busy', status(429), 'it answered 429', 3],
    ['refusing', status(403), 'it answered 403', 1],
    ['sending elsewhere', status(302), 'it answered 302', 1],
    ['slow', slow, null, 1],
    ['answering without end', (_, response) => void response.write('x'), null, 1],
    ['hanging up', (request) => void request.socket.destroy(), 'it could not be reached (UND_ERR_SOCKET)', 3],
  ])('to a server that is %s', async (_, behave, reason, tries) => {
    expect(await delivered(behave)).toEqual({ reason, tries })
  })

  test('to a server that never answers, or too late', async () => {
    const late = { reason: 'no answer within 400 ms', tries: 3 }
    expect(await delivered(() => undefined, { deliveryTimeoutMs: 400 })).toEqual(late)
  })

  test('to a server that is gone', async () => {
    const { url, close } = await receive()
    await close()
    expect(await toPing(url)).toBe('it could not be reached (ECONNREFUSED)')
  })

  test('ends at once with the process', async () => {
    const abort = new AbortController()
    receiver = await receive(() => abort.abort())
    await toPing(receiver.url, 'success', { signal: abort.signal })
    expect(receiver.received).toMatchObject([{ method: 'GET', path: '/hooks/canary-token' }])
  })

  test('goes nowhere when nobody is named', () => {
    for (const channel of [webhook, ping]) expect(configured(channel, () => null)).toBeNull()
  })

  test('an alarm is not for the ping, nor a sign of life for the webhook', async () => {
    receiver = await receive()
    expect(await toPing(receiver.url, alarm)).toBeNull()
    expect(await toWebhook(receiver.url, 'success')).toBeNull()
    expect(receiver.received).toEqual([])
  })
})

describe('an event is worth an alarm', () => {
  const unchanged = {
    carried: false,
    way: 'full',
    reason: null,
    added: 0,
    changed: 0,
    removed: 0,
    bytes: 1,
    milliseconds: 1,
    unknown: {},
    suppressed: null,
  } as const
  const warnings = [{ column: 'job', text: 'every row has «chief», which was 56 % of them' }]
  const table = { ...unchanged, table: 'shop_customer', rows: 300, warnings }
  const report = { ...REPORT, run: 7, tables: [table] }

  test('when figures are implausible', () => {
    expect(alarmFor({ kind: 'published', due: DUE, report })).toMatchObject({
      kind: 'warnings',
      run: 7,
      warnings: [{ table: 'shop_customer', column: 'job' }],
      text: 'Vitrine shop: published, with suspicious content. shop_customer.job: every row has «chief», which was 56 % of them',
    })
    expect(alarmFor({ kind: 'published', due: DUE, report: { ...report, tables: [] } })).toBeNull()
  })

  /** rows before, rows now, warned. Above 50 rows a fifth may go; all of them may not go however few. */
  test.each([
    [375, false],
    [376, true],
    [0, false],
  ])('when a table has 300 rows now and had %i, allowed or not: %s', (had, warned) => {
    const calm = { ...report, tables: [{ ...table, warnings: [] }] }
    const found = alarmFor({ kind: 'published', due: DUE, report: calm }, new Map([['shop_customer', had]]))
    expect(found?.warnings ?? null).toEqual(
      warned ? [{ table: 'shop_customer', column: null, text: `${had} rows before, 300 now` }] : null,
    )
  })

  test('when nothing came in time', () => {
    expect(alarmFor({ kind: 'stale', due: DUE, tries: 0, error: null })?.text).toBe(
      'Vitrine shop: still nothing published 60 minutes after 2026-01-15 00:00:00 (Europe/Paris). The previous version is still served.',
    )
  })

  test('not while it is tried again', () => {
    expect(alarmFor({ ...failed, pauseMs: 30_000 })).toBeNull()
    expect(alarmFor({ kind: 'busy', error })).toBeNull()
    expect(alarmFor({ kind: 'waiting', next: DUE })).toBeNull()
  })

  test('without the cause of its error', () => {
    expect(JSON.stringify(alarm)).not.toContain('canary')
  })
})
