/** What monitors get from the schedule, read with a parser of the text format of their own. */
import { connect as connectSocket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { VitrineError } from '../../src/base/errors.ts'
import { parseHttpAddress } from '../../src/cli/http-address.ts'
import { type Listener, listen } from '../../src/schedule/listener.ts'
import { metricsText } from '../../src/schedule/metrics.ts'
import type { MonitorFacts } from '../../src/schedule/monitor-facts.ts'
import { RETIRED } from '../publication/shop.ts'

const published = (at: string) => ({ dataOf: new Date(at), publishedAt: new Date(at), fresh: true })
const FACTS: MonitorFacts = {
  at: new Date('2026-01-15T12:00:00Z'),
  state: 'fresh',
  missing: [],
  kept: 'there',
  left: [`${RETIRED}_1`],
  due: new Date('2026-01-14T23:00:00Z'),
  nextDue: new Date('2026-01-15T23:00:00Z'),
  lastSuccess: new Date('2026-01-14T23:00:05.250Z'),
  underWay: null,
  lastRunMs: 5_250,
  failuresInARow: 2,
  runs: { failed: 3, succeeded: 40 },
  tables: [
    { table: 'shop_customer', rows: 300, ...published('2026-01-14T23:00:00Z') },
    { table: 'odd "name"\\\n', rows: 0, ...published('2026-01-15T11:59:00Z') },
    { table: 'never', rows: null, dataOf: null, publishedAt: null, fresh: false },
  ],
}

interface Family {
  readonly help: string
  readonly type: string
  readonly samples: Readonly<Record<string, number>>
}

/** Reads the text format 0.0.4 and throws at whatever is none: each family has HELP, TYPE and samples, once, in this order. */
function parsed(text: string): Readonly<Record<string, Family>> {
  expect(text === '' || text.endsWith('\n')).toBe(true)
  const families: Record<string, { help: string; type: string; samples: Record<string, number> }> = {}
  let open = ''
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (gauge|counter)$/.exec(line)
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)+\})? (-?\d+(?:\.\d+)?)$/.exec(
      line,
    )
    if (help !== null) {
      open = help[1] ?? ''
      if (open in families) throw new Error(`twice: ${open}`)
      families[open] = { help: help[2] ?? '', type: '', samples: {} }
      continue
    }
    const family = families[open]
    if (family === undefined || (type ?? sample)?.[1] !== open) throw new Error(`not the text format: ${line}`)
    if (type !== null) family.type = type[2] ?? ''
    else {
      const key = sample?.[2] ?? ''
      if (family.type === '' || key in family.samples) throw new Error(`out of order or twice: ${line}`)
      family.samples[key] = Number(sample?.[3])
    }
  }
  return families
}

const valuesOf = (text: string) =>
  Object.fromEntries(Object.entries(parsed(text)).map(([name, { samples }]) => [name, samples]))

describe('metrics', () => {
  test('are those that are promised, in the text format', () => {
    expect(valuesOf(metricsText(FACTS))).toEqual({
      vitrine_target_reachable: { '': 1 },
      vitrine_stale: { '': 0 },
      vitrine_missing: { '': 0 },
      vitrine_version_kept: { '': 1 },
      vitrine_versions_left: { '': 1 },
      vitrine_due_timestamp_seconds: { '': 1768431600 },
      vitrine_next_due_timestamp_seconds: { '': 1768518000 },
      vitrine_last_success_timestamp_seconds: { '': 1768431605.25 },
      vitrine_last_run_duration_seconds: { '': 5.25 },
      vitrine_run_under_way: { '': 0 },
      vitrine_failures_in_a_row: { '': 2 },
      vitrine_runs: { '{state="failed"}': 3, '{state="succeeded"}': 40 },
      vitrine_table_rows: { '{table="shop_customer"}': 300, '{table="odd \\"name\\"\\\\\\n"}': 0 },
      vitrine_table_age_seconds: { '{table="shop_customer"}': 46_800, '{table="odd \\"name\\"\\\\\\n"}': 60 },
    })
  })

  test('have no sample for what is not known', () => {
    const nothing = { ...FACTS, state: 'stale', lastSuccess: null, lastRunMs: null, runs: {}, tables: [] } as const
    const values = valuesOf(metricsText(nothing))
    expect(values['vitrine_stale']).toEqual({ '': 1 })
    for (const name of ['vitrine_last_success_timestamp_seconds', 'vitrine_runs', 'vitrine_table_rows']) {
      expect(values).not.toHaveProperty(name)
    }
    expect(valuesOf(metricsText(null))).toEqual({ vitrine_target_reachable: { '': 0 } })
  })

  test('the parser above refuses what is no text format', () => {
    for (const wrong of [
      'a 1\n',
      '# HELP a b\na 1\n',
      '# HELP a b\n# TYPE a gauge\nb 1\n',
      '# HELP a b\n# HELP a b\n',
    ]) {
      expect(() => parsed(wrong)).toThrow()
    }
  })
})

test.each([
  ['9187', { host: '127.0.0.1', port: 9187 }],
  ['0.0.0.0:9187', { host: '0.0.0.0', port: 9187 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['monitor.internal:80', { host: 'monitor.internal', port: 80 }],
  ['70000', null],
  ['localhost', null],
  ['http://127.0.0.1:80', null],
  ['', null],
])('the address «%s»', (text, address) => {
  expect(parseHttpAddress(text)).toEqual(address)
})

describe('the listener', () => {
  let listener: Listener | null = null
  afterEach(async () => {
    await listener?.close()
    listener = null
  })

  async function serve(look: () => Promise<MonitorFacts>, clock = systemClock): Promise<string> {
    listener = await listen({ host: '127.0.0.1', port: 0 }, { clock, look })
    return listener.url
  }

  test.each([
    ['fresh', 200],
    ['stale', 503],
    ['missing', 503],
  ] as const)('says that the version is %s with the status %i', async (state, status) => {
    const url = await serve(async () => ({ ...FACTS, state }))
    const health = await fetch(`${url}/health?from=monitor`)
    expect([health.status, health.headers.get('content-type')]).toEqual([status, 'application/json; charset=utf-8'])
    expect(await health.json()).toEqual({
      state,
      stale: state !== 'fresh',
      missing: [],
      kept: 'there',
      left: [`${RETIRED}_1`],
      lastSuccess: '2026-01-14T23:00:05.250Z',
      due: '2026-01-14T23:00:00.000Z',
      nextDue: '2026-01-15T23:00:00.000Z',
      underWay: false,
      failuresInARow: 2,
    })
    const metrics = await fetch(`${url}/metrics`)
    expect([metrics.status, metrics.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ])
    expect(valuesOf(await metrics.text())['vitrine_stale']).toEqual({ '': state === 'fresh' ? 0 : 1 })
  })

  test('says with its code alone that the target cannot be asked', async () => {
    const error = new VitrineError('CONNECTION_LOST', { detail: 'canary', cause: new Error('canary') })
    const url = await serve(() => Promise.reject(error))
    const health = await fetch(`${url}/health`)
    expect(health.status).toBe(503)
    expect(await health.json()).toEqual({ state: 'unknown', stale: null, error: 'CONNECTION_LOST' })
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/vitrine_target_reachable 0\n$/)
  })

  test.each([
    ['GET', '/', 404],
    ['GET', '/health/x', 404],
    ['POST', '/health', 405],
    ['DELETE', '/metrics', 405],
    ['HEAD', '/health', 200],
  ])('%s %s gets %i', async (method, path, status) => {
    let looks = 0
    const url = await serve(async () => {
      looks++
      return FACTS
    })
    const response = await fetch(`${url}${path}`, { method })
    expect(response.status).toBe(status)
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null)
    expect(looks).toBe(status === 200 ? 1 : 0)
    if (method === 'HEAD') expect(await response.text()).toBe('')
  })

  test('asks the target once for many callers, and again after a few seconds', async () => {
    let [looks, now] = [0, 0]
    const url = await serve(
      async () => {
        looks++
        await new Promise((resolve) => setTimeout(resolve, 50))
        return FACTS
      },
      { now: () => new Date(), monotonicMs: () => now },
    )
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/metrics`)))
    expect(looks).toBe(1)
    now += 4_999
    await fetch(`${url}/health`)
    expect(looks).toBe(1)
    now += 1
    await fetch(`${url}/health`)
    expect(looks).toBe(2)
  })

  test('does not wait for a target that is silent, nor for a caller that is', async () => {
    let looks = 0
    const url = await serve(() => {
      looks++
      return new Promise(() => undefined)
    })
    const caller = connectSocket(Number(new URL(url).port), '127.0.0.1')
    caller.write('GET /health HTTP/1.1\r\n')
    const answers = await Promise.all([fetch(`${url}/health`), fetch(`${url}/health`)])
    expect(answers.map(({ status }) => status)).toEqual([503, 503])
    expect(await answers[0]?.json()).toMatchObject({ state: 'unknown', error: 'QUERY_TIMEOUT' })
    expect(looks).toBe(1)
    await listener?.close()
    listener = null
    expect(caller.destroy().destroyed).toBe(true)
  })

  test('answers a monitor at once while many callers are slow, and lets those go', async () => {
    const url = await serve(async () => FACTS)
    const slow = Array.from({ length: 200 }, () => {
      const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume()
      socket.write('GET /health HTTP/1.1\r\nx: ')
      return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) }
    })
    for (let asked = 0; asked < 5; asked++) expect((await fetch(`${url}/health`)).status).toBe(200)
    expect(slow.some(({ socket }) => !socket.closed)).toBe(true)
    await Promise.all(slow.map(({ closed }) => closed))
  })

  test('a port that is taken is an error that says so', async () => {
    const url = await serve(async () => FACTS)
    const address = { host: '127.0.0.1', port: Number(new URL(url).port) }
    await expect(listen(address, { clock: systemClock, look: async () => FACTS })).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      problems: [{ place: `127.0.0.1:${address.port}`, detail: 'the port is taken' }],
    })
  })
})
