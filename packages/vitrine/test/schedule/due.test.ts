import { describe, expect, test } from 'vitest'
import { VitrineError } from '../../src/base/errors.ts'
import { dueAround, nextDue, scheduleProblems } from '../../src/schedule/due.ts'

const PARIS = 'Europe/Paris'
const MIDNIGHT = '0 0 * * *'

/** pattern, instant, last due at that instant, next due after it. In 2026 the clocks change on 29 March and 25 October. */
const TABLE: readonly (readonly [string, string, string, string])[] = [
  // Winter: midnight is 23:00 UTC.
  [MIDNIGHT, '2026-01-15T12:00:00Z', '2026-01-14T23:00:00Z', '2026-01-15T23:00:00Z'],
  // Summer: midnight is 22:00 UTC.
  [MIDNIGHT, '2026-07-15T12:00:00Z', '2026-07-14T22:00:00Z', '2026-07-15T22:00:00Z'],
  // The day of 23 hours.
  [MIDNIGHT, '2026-03-28T22:59:59Z', '2026-03-27T23:00:00Z', '2026-03-28T23:00:00Z'],
  [MIDNIGHT, '2026-03-28T23:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  [MIDNIGHT, '2026-03-28T23:00:00.001Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  [MIDNIGHT, '2026-03-29T21:59:59.999Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  [MIDNIGHT, '2026-03-29T22:00:00Z', '2026-03-29T22:00:00Z', '2026-03-30T22:00:00Z'],
  // The day of 25 hours.
  [MIDNIGHT, '2026-10-24T22:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  [MIDNIGHT, '2026-10-25T22:30:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  [MIDNIGHT, '2026-10-25T23:00:00Z', '2026-10-25T23:00:00Z', '2026-10-26T23:00:00Z'],
  // 02:30 does not exist on 29 March: it is due when the old clock would have shown it, 03:30 in summer time.
  ['30 2 * * *', '2026-03-29T00:30:00Z', '2026-03-28T01:30:00Z', '2026-03-29T01:30:00Z'],
  ['30 2 * * *', '2026-03-29T01:30:00Z', '2026-03-29T01:30:00Z', '2026-03-30T00:30:00Z'],
  // 02:30 comes twice on 25 October: the first counts.
  ['30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  ['30 2 * * *', '2026-10-25T01:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  // Monday at six.
  ['0 6 * * 1', '2026-11-22T12:00:00Z', '2026-11-16T05:00:00Z', '2026-11-23T05:00:00Z'],
  // The 29th of February.
  ['0 0 29 2 *', '2026-11-22T12:00:00Z', '2024-02-28T23:00:00Z', '2028-02-28T23:00:00Z'],
]

describe('a run is due at local midnight, across both clock changes', () => {
  test.each(TABLE)('%s at %s', (pattern, at, last, next) => {
    const around = { last: new Date(last), next: new Date(next) }
    expect(dueAround({ schedule: pattern, zone: PARIS }, new Date(at))).toEqual(around)
    expect(nextDue(pattern, PARIS, new Date(at))).toEqual(new Date(next))
  })
})

describe('a schedule that cannot be followed', () => {
  test.each(['', 'midnight', '0 0 * *', '0 0 0 * * *', '61 0 * * *', '0 0 30 2 *'])('«%s»', (pattern) => {
    const at = new Date('2026-11-22T12:00:00Z')
    expect(() => nextDue(pattern, PARIS, at)).toThrow(VitrineError)
    expect(() => dueAround({ schedule: pattern, zone: PARIS }, at)).toThrow(VitrineError)
    expect(scheduleProblems(pattern, PARIS, at)).toEqual([
      expect.objectContaining({ place: 'schedule', detail: expect.stringContaining(`«${pattern}»`) }),
    ])
  })

  test('a zone that does not exist', () => {
    expect(() => nextDue(MIDNIGHT, 'Europe/Pariss', new Date())).toThrow(VitrineError)
    expect(scheduleProblems(MIDNIGHT, PARIS, new Date())).toEqual([])
  })
})
