/** Of when the data are, for the header of each page: the day, and whether it is as it should be. */
import { localeOf, type Reading } from '../drawing/reading.ts'
import type { Publication } from '../publication/publication.ts'
import { versionState } from '../schedule/monitor-facts.ts'
import type { Facts } from './answers.ts'
import type { Freshness } from './context.ts'
import { say } from './texts.ts'

/** An instant in the zone of who reads. */
export const momentOf = (at: Date, reading: Reading): string =>
  new Intl.DateTimeFormat(localeOf(reading), { dateStyle: 'long', timeStyle: 'short', timeZone: reading.zone }).format(
    at,
  )

/** The oldest table counts: the others are no older. */
export function freshnessOf(publication: Publication, { ages, now }: Facts, reading: Reading): Freshness {
  const dates = ages.map(({ dataOf }) => dataOf.getTime())
  if (dates.length === 0) return none(reading, 'nothingPublished')
  const { state } = versionState(publication, ages, now)
  const at = momentOf(new Date(Math.min(...dates)), reading)
  return { tone: state === 'fresh' ? 'fresh' : 'late', text: say(reading.language, 'dataOf', at), at }
}

const none = ({ language }: Reading, why: 'nothingPublished' | 'unreachable'): Freshness => ({
  tone: 'none',
  text: say(language, why),
  at: '–',
})

export const unreachable = (reading: Reading): Freshness => none(reading, 'unreachable')
