/** Years of nights on a simulated clock, against midnights that are computed without the schedule's library. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { DAY, HOUR, MIDNIGHT, MINUTE, World } from './simulation.ts'

/** Since 1996 the European Union's clocks change on the last Sundays of March and October, at 01:00 UTC (directive 2000/84/EC). */
function lastSunday(year: number, month: number): number {
  const end = new Date(Date.UTC(year, month + 1, 0, 1))
  return end.getTime() - end.getUTCDay() * DAY
}

function midnightInParis(year: number, month: number, day: number): number {
  const winter = Date.UTC(year, month, day) - HOUR
  return winter >= lastSunday(year, 2) && winter - HOUR < lastSunday(year, 9) ? winter - HOUR : winter
}

test('twenty years of nights in Paris: one run at each local midnight, and no other', async () => {
  const expected: number[] = []
  for (let day = Date.UTC(2026, 0, 2); day < Date.UTC(2046, 0, 1); day += DAY) {
    const date = new Date(day)
    expected.push(midnightInParis(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
  }
  const world = new World('2026-01-01T12:00:00Z')
  world.published.push(new Date('2026-01-01T08:00:00Z'))
  // Long slices, so that there are few: the due time cuts the last one short.
  const machine = world.start({ sliceMs: 7 * HOUR, lookMs: 13 * HOUR })
  await world.until('2045-12-31T12:00:00Z')
  await machine.stop()
  expect(world.published.slice(1).map((start) => start.getTime())).toEqual(expected)
  expect(expected).toHaveLength(7304)
  expect(machine.events.filter(({ kind }) => kind !== 'waiting' && kind !== 'published')).toEqual([])
})

/** Zones and years in which a midnight is skipped, comes twice, or a whole day is missing. */
const ODD: readonly (readonly [string, string])[] = [
  ['America/Sao_Paulo', '2018'],
  ['Asia/Beirut', '2024'],
  ['Africa/Cairo', '2024'],
  ['America/Havana', '2024'],
  ['Atlantic/Azores', '2024'],
  ['Pacific/Apia', '2011'],
]

describe('every local day has one due time, its first instant, in zones where clocks change at midnight', () => {
  test.each(ODD)('%s in %s', (zone, year) => {
    const local = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })
    const [start, end] = [Date.parse(`${year}-01-01T20:00:00Z`), Date.parse(`${year}-12-31T20:00:00Z`)]
    const firsts: number[] = []
    let today = local.format(start)
    for (let at = start; at <= end; at += 30 * MINUTE) {
      const day = local.format(at)
      if (day > today) firsts.push(at)
      if (day > today) today = day
    }
    const found: number[] = []
    for (
      let next = nextDue(MIDNIGHT, zone, new Date(start));
      next.getTime() <= end;
      next = nextDue(MIDNIGHT, zone, next)
    ) {
      found.push(next.getTime())
    }
    expect(found).toEqual(firsts)
    expect(found.length).toBeGreaterThan(360)
  })
})

test('after any downtime there is one catch-up, and never two runs for one due time', async () => {
  const spell = fc.record({
    up: fc.integer({ min: 1, max: 9 * 24 * 60 }),
    down: fc.integer({ min: 1, max: 9 * 24 * 60 }),
  })
  const starts = fc.date({ min: new Date('2026-03-20Z'), max: new Date('2026-11-01Z'), noInvalidDate: true })
  await fc.assert(
    fc.asyncProperty(starts, fc.array(spell, { minLength: 1, maxLength: 4 }), async (start, spells) => {
      const world = new World(start.toISOString())
      for (const { up, down } of spells) {
        const [before, began] = [world.published.length, world.time]
        const machine = world.start({ sliceMs: 3 * HOUR, lookMs: 12 * HOUR })
        await world.until(world.time + up * MINUTE)
        await machine.stop()
        const caughtUp = world.published
          .slice(before)
          .filter((run) => run.getTime() < world.around(new Date(began)).next.getTime())
        expect(caughtUp.length).toBeLessThanOrEqual(1)
        // Up long enough for one run: whatever was missed is made up for by now.
        if (up * MINUTE > world.runMs) {
          const due = world.around(new Date(world.time - world.runMs - 1)).last
          expect(world.published.at(-1)?.getTime()).toBeGreaterThanOrEqual(due.getTime())
        }
        await world.until(world.time + down * MINUTE)
      }
      const nights = world.published.map((run) => world.around(run).last.getTime())
      expect(new Set(nights).size).toBe(nights.length)
    }),
    { numRuns: 40 },
  )
})
