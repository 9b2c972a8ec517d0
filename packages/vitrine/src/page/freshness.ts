/** Of when the data are, for the header of each page: the day, and whether it is as it should be. */
import { made } from '../dashboards/value-format.ts'
import { localeOf, type Reading } from '../drawing/reading.ts'
import type { Publication } from '../publication/publication.ts'
import { type VersionState, versionState } from '../schedule/monitor-facts.ts'
import type { VersionFacts } from './answers.ts'
import type { Freshness } from './context.ts'
import { say } from './texts.ts'

/** An instant in the zone of who reads. */
const momentOf = (at: Date, reading: Reading): string =>
  made(Intl.DateTimeFormat, localeOf(reading), {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: reading.zone,
  }).format(at)

/** Schedules know minutes, so for that long the state of a version is the same; to compute it takes longer than a page. */
const states = new WeakMap<Publication, { readonly of: string; readonly state: VersionState['state'] }>()

function stateOf(publication: Publication, { version, ages, now }: VersionFacts): VersionState['state'] {
  const of = `${Math.floor(now.getTime() / 60_000)} ${version}`
  const known = states.get(publication)
  if (known?.of === of) return known.state
  const { state } = versionState(publication, ages, now)
  states.set(publication, { of, state })
  return state
}

/** The oldest table counts: the others are no older. */
export function pageFreshness(publication: Publication, facts: VersionFacts, reading: Reading): Freshness {
  const dates = facts.ages.map(({ dataOf }) => dataOf.getTime())
  if (dates.length === 0) return none(reading, 'nothingPublished')
  const at = momentOf(new Date(Math.min(...dates)), reading)
  const tone = stateOf(publication, facts) === 'fresh' ? 'fresh' : 'late'
  return { tone, text: say(reading.language, 'dataOf', at), at }
}

const none = ({ language }: Reading, why: 'nothingPublished' | 'unreachable'): Freshness => ({
  tone: 'none',
  text: say(language, why),
  at: '–',
})

export const unreachable = (reading: Reading): Freshness => none(reading, 'unreachable')
