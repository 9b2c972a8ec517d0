import { describe, expect, test } from 'vitest'
import { versionState } from '../../src/schedule/monitor-facts.ts'
import { shop } from '../publication/shop.ts'

const publication = shop({ writer: 'w', reader: 'r' })
const midnightInParis = { ...publication, schedule: '0 0 * * *', zone: 'Europe/Paris' }

const published = (table: string, at: string) => ({ table, rows: 1, dataOf: new Date(at), publishedAt: new Date(at) })

/** now, when the two tables were published, state. Midnight in Paris is 23:00 UTC in winter. */
const TABLE: readonly (readonly [string, string, string | null, string | null, 'fresh' | 'stale'])[] = [
  ['this night’s run has published', '2026-01-15T12:00:00Z', '2026-01-14T23:00:05Z', '2026-01-14T23:00:05Z', 'fresh'],
  ['a run by hand since', '2026-01-15T12:00:00Z', '2026-01-15T09:00:00Z', '2026-01-15T09:00:00Z', 'fresh'],
  ['this night’s run did not come', '2026-01-15T12:00:00Z', '2026-01-13T23:00:05Z', '2026-01-13T23:00:05Z', 'stale'],
  ['one table was left behind', '2026-01-15T12:00:00Z', '2026-01-14T23:00:05Z', '2026-01-13T23:00:05Z', 'stale'],
  ['within the hour after midnight', '2026-01-14T23:59:59Z', '2026-01-13T23:00:05Z', '2026-01-13T23:00:05Z', 'fresh'],
  ['an hour after midnight', '2026-01-15T00:00:00Z', '2026-01-13T23:00:05Z', '2026-01-13T23:00:05Z', 'stale'],
  ['a table that is new since the last run', '2026-01-15T12:00:00Z', '2026-01-14T23:00:05Z', null, 'fresh'],
  ['never published', '2026-01-15T12:00:00Z', null, null, 'stale'],
  // The clocks go forward on 29 March, 02:00: midnight of the 30th is 22:00 UTC.
  ['the day of 23 hours', '2026-03-29T23:00:00Z', '2026-03-29T21:59:00Z', '2026-03-29T21:59:00Z', 'stale'],
]

describe('absence of success since the last due time is an alarm', () => {
  test.each(TABLE)('%s', (_, now, customer, purchase, state) => {
    const freshness = [
      ...(customer === null ? [] : [published('shop_customer', customer)]),
      ...(purchase === null ? [] : [published('shop_purchase', purchase)]),
    ]
    expect(versionState(midnightInParis, freshness, new Date(now)).state).toBe(state)
  })

  test('the tolerance is a limit of the publication', () => {
    const hasty = { ...midnightInParis, limits: { ...publication.limits, staleAfterMinutes: 5 } }
    const freshness = [published('shop_customer', '2026-01-13T23:00:05Z')]
    expect(versionState(hasty, freshness, new Date('2026-01-14T23:04:59Z')).state).toBe('fresh')
    expect(versionState(hasty, freshness, new Date('2026-01-14T23:05:00Z')).state).toBe('stale')
  })
})
