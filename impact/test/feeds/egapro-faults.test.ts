/** What the EgaPro feed makes of a source that misbehaves in every way of the list, and how polite it stays. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type EgaproOptions, syncEgapro } from '../../feeds/egapro.ts'
import { ANNEE, clock, expected, facts, QUICK } from './egapro-source.ts'
import type { DemoFault, HttpFault } from './faults.ts'
import { type FaultyServer, startFaultyServer } from './faulty-server.ts'
import { failureOf, Operational, sirenOf, sirensUpTo } from './operational.ts'

/** The fault, what becomes of the company, and how often it is asked. */
const WRONG: readonly (readonly [HttpFault, string, number])[] = [
  ['html', 'contenu_illisible', 1],
  ['page-not-found', 'contenu_illisible', 1],
  ['latin-1-json', 'contenu_illisible', 1],
  ['poison-json', 'contenu_illisible', 1],
  ['deep-json', 'contenu_illisible', 1],
  ['other-company', 'contenu_illisible', 1],
  ['too-large', 'contenu_trop_grand', 1],
  ['bomb', 'contenu_trop_grand', 1],
  ['bad-request', 'statut_400', 1],
  ['redirect-away', 'redirection_refusee', 1],
  ['redirect-loop', 'redirection_refusee', 6],
  ['too-many-requests', 'statut_429', 2],
  ['error-500', 'statut_500', 2],
  ['error-503', 'statut_503', 2],
  ['truncated', 'reseau', 2],
  ['reset', 'reseau', 2],
  ['no-answer', 'delai', 2],
  ['stalled', 'delai', 2],
  ['slow', 'delai', 2],
]
const PASSING: readonly HttpFault[] = [
  'truncated',
  'reset',
  'error-503',
  'too-many-requests',
  'no-answer',
  'redirect-here',
]

let base: Operational
let source: FaultyServer
const sync = (settings: EgaproOptions['settings'] = {}) =>
  syncEgapro({ client: base.client, clock, settings: { baseUrl: source.url, ...QUICK, ...settings } })
const faults = (...list: readonly Omit<DemoFault, 'on'>[]) => {
  source.faults = list.map((fault) => ({ on: 'egapro', ...fault }))
}

// Nothing here depends on the version of the server that keeps the facts.
beforeAll(async () => {
  base = await Operational.create(18, 'egapro_faults')
})
afterAll(() => base.drop())
beforeEach(async () => {
  source = await startFaultyServer({ facts })
  await base.reset(sirensUpTo(7))
})
afterEach(() => source.stop())

/** Those that are too late have a timeout of their own, and few beside them who must not be. */
test.each([
  ['too late', WRONG.filter(([, raison]) => raison === 'delai'), { timeoutMs: 3_000 }],
  ['wrong', WRONG.filter(([, raison]) => raison !== 'delai'), { parallel: 20 }],
] as const)(
  'every way of answering %s is a row of its own, and the others have their answers',
  async (_, ways, settings) => {
    const count = 3 * ways.length
    await base.reset(sirensUpTo(count))
    faults(...ways.map(([kind], index) => ({ kind, siren: sirenOf(index + 1), delayMs: 5_000 })))
    const summary = await sync(settings)
    const rows = ways.map(([, raison], index) => [index + 1, `inconnu ${raison}`] as const)
    expect(await base.egaproStates(ANNEE)).toEqual(expected(count, Object.fromEntries(rows)))
    const reasons = ways.map(([, raison]) => raison)
    expect(summary.unknown).toEqual(
      Object.fromEntries(reasons.map((one) => [one, reasons.filter((r) => r === one).length])),
    )
    expect(summary.asked).toBe(count)
    expect(summary.known + summary.absent).toBe(count - ways.length)
    expect(ways.map(([kind], index) => [kind, source.counts.bySiren.get(sirenOf(index + 1))])).toEqual(
      ways.map(([kind, , requests]) => [kind, requests]),
    )
  },
)

test('a Retry-After holds back every call', async () => {
  faults({ kind: 'too-many-requests', siren: sirenOf(1), first: 1, retryAfter: '3' })
  expect(await sync({ parallel: 2, perSecond: 50 })).toMatchObject({ unknown: {} })
  const gaps = source.counts.arrivals.slice(1).map((at, index) => at - (source.counts.arrivals[index] ?? 0))
  expect(Math.max(...gaps)).toBeGreaterThan(2_800)
  expect(gaps.filter((gap) => gap > 2_800)).toHaveLength(1)
})

test('never more calls at once, nor faster, than agreed', async () => {
  await source.stop()
  source = await startFaultyServer({ facts, latencyMs: 40 })
  await base.reset(sirensUpTo(40))
  await sync({ parallel: 5, perSecond: 1_000 })
  expect(source.counts.mostInFlight).toBe(5)
  const before = source.counts.arrivals.length
  const begun = performance.now()
  await sync({ parallel: 20, perSecond: 50 })
  const arrivals = source.counts.arrivals.slice(before)
  expect(arrivals).toHaveLength(40)
  // Intervals of 20 ms, and timers that may ring a millisecond early.
  expect((arrivals.at(-1) ?? 0) - begun).toBeGreaterThan(39 * 19)
})

test('a passing trouble is asked again and forgotten', async () => {
  await base.reset(sirensUpTo(PASSING.length))
  faults(...PASSING.map((kind, index) => ({ kind, siren: sirenOf(index + 1), first: 1 })))
  expect(await sync({ timeoutMs: 3_000 })).toMatchObject({ unknown: {} })
  expect(await base.egaproStates(ANNEE)).toEqual(expected(PASSING.length))
  expect([...source.counts.bySiren.values()]).toEqual(PASSING.map(() => 2))
})

test('a source that is dead is not asked about every company', async () => {
  await base.reset(sirensUpTo(300))
  faults({ kind: 'reset' })
  const error = await failureOf(sync({ giveUpAfter: 10, tries: 1, parallel: 4 }))
  expect(error).toMatchObject({ code: 'FEED_UNAVAILABLE', raison: 'reseau' })
  expect(source.counts.requests).toBeLessThanOrEqual(14)
  expect(await base.releve('egapro')).toMatchObject({ etat: 'inconnu', raison: 'reseau', lignes: null })
})

test('a source that asks to wait for an hour is left alone', async () => {
  faults({ kind: 'too-many-requests', retryAfter: '3600' })
  const error = await failureOf(sync({ parallel: 1 }))
  expect(error).toMatchObject({
    code: 'FEED_UNAVAILABLE',
    raison: 'statut_429',
    detail: 'statut_429, asks to wait 3600 s',
  })
  expect(source.counts.requests).toBe(1)
})

test('a source that is too slow for the night ends the fetch', async () => {
  await source.stop()
  source = await startFaultyServer({ facts, latencyMs: 60 })
  const error = await failureOf(sync({ parallel: 1, maxMinutes: 0.002 }))
  expect(error).toMatchObject({ code: 'FEED_TOO_SLOW', raison: 'trop_lent' })
  expect(await base.egapro()).toEqual([])
})
