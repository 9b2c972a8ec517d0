/** All or nothing at `kill -9`: whatever the moment, the reader sees a whole version, and the next run needs no help. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import * as vitrine from '../../src/index.ts'
import { ACROSS, Installation, WatchingReader } from './installation.ts'
import { killedRun } from './killed-run.ts'
import { plainShop } from './plain-shop.mjs'

/** Kills spread over the phases of a run, in milliseconds after the phase has begun. */
const MOMENTS = [
  ['check', 5],
  ['snapshot', 2],
  ['stage', 0],
  ['stage', 10],
  ['stage', 30],
  ['verify', 0],
  ['verify', 8],
  ['publish', 0],
  ['publish', 2],
  ['publish', 4],
  ['describe', 0],
  ['record', 0],
] as const

/** Each phase by itself is in faults/killed.test.ts, and until the switch both ways do the same: here runs die one after another. */
const MOMENTS_OF = {
  rename: EVERYTHING ? MOMENTS : MOMENTS.filter(([, delay]) => delay === 2 || delay === 10),
  move: MOMENTS.slice(MOMENTS.findIndex(([phase]) => phase === 'publish')),
}

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 500, (roles) => plainShop(vitrine, roles))
    await shop.run()
  })
  afterAll(() => shop.drop())

  test('a run killed in any phase', async () => {
    const reader = await WatchingReader.start(shop)
    const outcomes: string[] = []
    const moments = MOMENTS_OF[way]
    for (const [phase, delay] of moments) outcomes.push(await killedRun(shop, phase, delay))
    await reader.stop()
    expect(reader.errors).toEqual([])
    expect(reader.sights.length).toBeGreaterThan(50)
    expect(
      reader.sights.filter(({ customers, purchases, mixed }) => customers !== 500 || purchases !== 1000 || mixed > 0),
    ).toEqual([])
    expect(outcomes.filter((outcome) => outcome === 'killed').length).toBeGreaterThanOrEqual(moments.length - 2)

    // The lock of a killed run ends with its session; the next run removes what it left and closes its record.
    await shop.run()
    expect(await shop.leftovers()).toEqual([])
    const records = await shop.look<{ state: string; error_code: string | null; count: number }>(
      'select state, error_code, count(*)::integer from vitrine.run group by 1, 2 order by 1, 2',
    )
    expect(records.map(({ state, error_code }) => [state, error_code])).toEqual([
      ['failed', 'INTERRUPTED'],
      ['succeeded', null],
    ])
  })
})
