/** The demonstration's sources: they know what the sample says, and draw the rest from the siren alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadSample } from '../../database/sample.ts'
import { syncBges } from '../../feeds/bges.ts'
import { draw, drawnAnswer, sampleFacts } from '../../feeds/demo-facts.ts'
import { startDemoServer } from '../../feeds/demo-server.ts'
import { syncEgapro } from '../../feeds/egapro.ts'
import { Operational, sirensUpTo } from './operational.ts'

const clock = { now: () => new Date('2026-07-22T00:05:00+02:00'), monotonicMs: () => performance.now() }

test('the same siren always gives the same facts, in the announced shares', () => {
  const states = { connu: 0, absent: 0, trouble: 0 }
  for (const siren of sirensUpTo(20_000)) states[drawnAnswer(siren, 2025).etat] += 1
  expect(states.connu / 20_000).toBeCloseTo(0.7, 1)
  expect(states.absent / 20_000).toBeCloseTo(0.28, 1)
  expect(states.trouble / 20_000).toBeCloseTo(0.02, 2)
  expect([draw('a'), draw('b')]).toEqual([draw('a'), draw('b')])
  expect(drawnAnswer('000000019', 2025)).toEqual(drawnAnswer('000000019', 2025))
})

describe('from the sample', () => {
  let base: Operational
  beforeAll(async () => {
    base = await Operational.create(18, 'demo')
    await loadSample(base.other, { size: 'S', today: '2026-07-22' })
  })
  afterAll(() => base.drop())

  test('a fetch finds what the sample put there', async () => {
    const [before, lines] = [await states(base), await base.bges()]
    const source = await startDemoServer({ facts: await sampleFacts(base.client) })
    try {
      const settings = { baseUrl: source.url, perSecond: 1_000, tries: 1 }
      const egapro = await syncEgapro({ client: base.client, clock, settings })
      const bges = await syncBges({ client: base.client, clock, settings: { baseUrl: source.url } })
      const after = await states(base)
      expect(before.filter((fact) => !after.includes(fact))).toEqual([])
      // A company of the sample that nobody had asked about yet.
      expect(after.length - before.length).toBe(1)
      expect(await base.bges()).toEqual(lines)
      expect(egapro.known + egapro.absent).toBeGreaterThan(280)
      expect(egapro.unknown.statut_503).toBeGreaterThan(0)
      expect(bges).toMatchObject({ asked: egapro.asked, ignoredRows: 0 })
      expect(await base.releve('bges')).toMatchObject({ etat: 'connu', raison: null, lignes: String(bges.rows) })
    } finally {
      await source.stop()
    }
  })
})

const states = async (base: Operational): Promise<readonly string[]> =>
  (await base.egapro()).map(({ siren, annee, etat }) => `${siren} ${annee} ${etat}`)
