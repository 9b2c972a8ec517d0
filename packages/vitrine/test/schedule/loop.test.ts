/** The loop through bad nights, on a simulated clock: failures, other machines, clocks that are set, a machine that sleeps. */
import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { pauseAfter } from '../../src/schedule/retry-pause.ts'
import { DAY, HOUR, type Machine, MINUTE, World } from './simulation.ts'

/** A world on the evening of 14 January, whose last night was published. Midnight in Paris is 23:00 UTC. */
function evening(): World {
  const world = new World('2026-01-14T20:00:00Z')
  world.published.push(new Date('2026-01-13T23:00:00Z'))
  return world
}

const startsOf = (world: World) => world.published.slice(1).map((start) => start.toISOString())
const told = ({ events }: Machine) =>
  events.flatMap((event) => {
    if (event.kind === 'waiting') return []
    const pause = event.kind === 'failed' ? [event.pauseMs === null ? 'given up' : event.pauseMs / 1000] : []
    return [[event.kind, ...('error' in event ? [event.error?.code ?? null] : []), ...pause].join(' ')]
  })

describe('failures', () => {
  test('what may help is tried again, with growing pauses, and then published', async () => {
    const world = evening()
    world.runMs = 0
    world.failures = [new VitrineError('CONNECTION_FAILED'), new VitrineError('SERIALIZATION'), null]
    const machine = world.start()
    await world.until('2026-01-15T12:00:00Z')
    await machine.stop()
    expect(told(machine)).toEqual(['failed CONNECTION_FAILED 30', 'failed SERIALIZATION 60', 'published'])
    expect(startsOf(world)).toEqual(['2026-01-14T23:01:30.000Z'])
  })

  test('what cannot help is told at once, and the next night is tried', async () => {
    const world = evening()
    world.failures = [new VitrineError('SOURCE_DRIFT')]
    const machine = world.start()
    await world.until('2026-01-16T12:00:00Z')
    await machine.stop()
    expect(told(machine)).toEqual(['failed SOURCE_DRIFT given up', 'stale SOURCE_DRIFT', 'published'])
    expect(startsOf(world)).toEqual(['2026-01-15T23:00:00.000Z'])
  })

  test('a source that stays away is given up after twelve tries; being stale is told an hour after midnight', async () => {
    const world = evening()
    world.failures = Array.from({ length: 50 }, () => new VitrineError('CONNECTION_FAILED'))
    const machine = world.start()
    await world.until('2026-01-15T22:00:00Z')
    await machine.stop()
    const failed = machine.events.filter(({ kind }) => kind === 'failed')
    expect(failed).toHaveLength(DEFAULT_LIMITS.retryTries)
    expect(failed.at(-1)).toMatchObject({ tries: 12, pauseMs: null })
    expect(machine.events.filter(({ kind }) => kind === 'stale')).toEqual([
      expect.objectContaining({ due: new Date('2026-01-14T23:00:00Z'), tries: expect.any(Number) }),
    ])
  })

  test('a run that hangs is told as well', async () => {
    const world = evening()
    world.runMs = 5 * HOUR
    const machine = world.start()
    await world.until('2026-01-15T00:00:30Z')
    expect(told(machine)).toEqual(['stale '])
    await machine.stop()
    expect(world.published).toHaveLength(1)
  })

  test('a target that is away matters from midnight on, and is asked again when it is back', async () => {
    const world = evening()
    const machine = world.start()
    await world.until('2026-01-14T21:00:00Z')
    world.away = new VitrineError('AUTHENTICATION_FAILED')
    await world.until('2026-01-14T22:59:00Z')
    expect(told(machine)).toEqual([])
    await world.until('2026-01-14T23:30:00Z')
    expect(told(machine)).toEqual(['failed AUTHENTICATION_FAILED given up'])
    world.away = null
    await world.until('2026-01-14T23:50:00Z')
    await machine.stop()
    expect(told(machine)).toEqual(['failed AUTHENTICATION_FAILED given up', 'published'])
  })

  test('an end that was asked for is no failure', async () => {
    const world = evening()
    const machine = world.start()
    await world.until('2026-01-14T23:01:00Z')
    await machine.stop()
    expect(told(machine)).toEqual([])
    expect(world.published).toHaveLength(1)
  })
})

describe('exactly once', () => {
  test('two machines, one with a wrong clock: one run a night', async () => {
    const world = evening()
    const machines = [
      world.start(),
      world.start({ aheadMs: () => 7 * MINUTE }),
      world.start({ aheadMs: () => -20 * MINUTE }),
    ]
    await world.until('2026-02-14T12:00:00Z')
    for (const machine of machines) await machine.stop()
    expect(world.published.slice(1)).toHaveLength(31)
    expect(new Set(startsOf(world).map((start) => start.slice(0, 10))).size).toBe(31)
    expect(
      machines.flatMap(({ events }) => events).filter(({ kind }) => kind === 'failed' || kind === 'stale'),
    ).toEqual([])
  })

  test('who loses the race for the lock says so once, and waits', async () => {
    const world = evening()
    const machines = [world.start(), world.start()]
    await world.until('2026-01-15T12:00:00Z')
    for (const machine of machines) await machine.stop()
    expect(machines.map(told)).toEqual([['published'], ['busy RUN_IN_PROGRESS']])
    expect(startsOf(world)).toHaveLength(1)
  })

  test.each([
    ['by 10 minutes after the run', -10 * MINUTE],
    ['by an hour', -HOUR],
  ])('the clock of the target is set back %s: no second run', async (_, by) => {
    const world = evening()
    const machine = world.start()
    await world.until('2026-01-14T23:08:00Z')
    world.targetAheadMs = by
    await world.until('2026-01-15T12:00:00Z')
    await machine.stop()
    expect(startsOf(world)).toEqual(['2026-01-14T23:00:00.000Z'])
  })

  test('a target that was a year ahead and is corrected does not stop publishing for a year', async () => {
    const world = evening()
    world.targetAheadMs = 365 * DAY
    const machine = world.start()
    await world.until('2026-01-15T12:00:00Z')
    expect(startsOf(world).at(-1)).toBe('2027-01-14T23:00:00.000Z')
    world.targetAheadMs = 0
    await world.until('2026-01-18T12:00:00Z')
    await machine.stop()
    expect(
      startsOf(world)
        .slice(2)
        .map((start) => start.slice(0, 13)),
    ).toEqual(['2026-01-15T12', '2026-01-15T23', '2026-01-16T23', '2026-01-17T23'])
  })

  test('our own clock is set back by a day: the night comes when it comes for the target', async () => {
    const world = evening()
    let aheadMs = 0
    const machine = world.start({ aheadMs: () => aheadMs })
    await world.until('2026-01-14T21:00:00Z')
    aheadMs = -DAY
    await world.until('2026-01-15T12:00:00Z')
    await machine.stop()
    expect(startsOf(world)).toEqual(['2026-01-14T23:00:00.000Z'])
  })

  test('a machine asleep for a week makes up for it once, as soon as it wakes', async () => {
    const world = evening()
    const machine = world.start()
    await world.until('2026-01-14T21:00:00Z')
    world.suspend(7 * DAY)
    await world.until('2026-01-21T22:00:00Z')
    await machine.stop()
    expect(startsOf(world)).toHaveLength(1)
    expect(startsOf(world)[0]).toMatch(/^2026-01-21T21:0[01]/)
  })
})

test('pauses double up to the longest, and are shortened by at most half', () => {
  const limits = { retryFirstMs: 30_000, retryLongestMs: 30 * MINUTE }
  const pauses = (chance: number) =>
    [1, 2, 3, 6, 7, 8, 1000].map((failures) => pauseAfter(failures, limits, chance) / 1000)
  expect(pauses(1)).toEqual([30, 60, 120, 960, 1800, 1800, 1800])
  expect(pauses(0)).toEqual([15, 30, 60, 480, 900, 900, 900])
})
