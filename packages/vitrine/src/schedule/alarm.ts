/**
 * What somebody must hear: a due time given up, nothing published in time, a run with implausible figures. An alarm is data;
 * its text comes from the words of the command line. It holds names, codes and counts, never a row value.
 */
import type { VitrineError } from '../base/errors.ts'
import type { Publication } from '../publication/publication.ts'
import type { ScheduleEvent } from './loop.ts'

export interface AlarmWarning {
  readonly table: string
  readonly column: string
  readonly text: string
}

/** What each kind of alarm says to a person, on one line. `due` is an instant on the clocks of the publication. */
export interface AlarmWords {
  readonly failed: (publication: string, due: string, attempts: number, error: string) => string
  readonly stale: (publication: string, due: string, minutes: number, error: string | null) => string
  readonly warnings: (publication: string, warnings: string) => string
}

/** The body of the webhook. `text` is what Slack, Mattermost and their like show; the rest is for programs. */
export interface Alarm {
  readonly text: string
  readonly kind: 'failed' | 'stale' | 'warnings'
  readonly publication: string
  readonly schema: string
  /** ISO 8601 in UTC. */
  readonly at: Date
  readonly due: Date
  readonly attempts: number
  readonly code: string | null
  readonly place: string | null
  /** The number of the run, where there is one. */
  readonly run: number | null
  readonly warnings: readonly AlarmWarning[]
}

/** Code, what happened and where, as one line. The details of errors hold no row value; control characters are removed. */
const told = (error: VitrineError): string =>
  [`${error.code}:`, error.kind.what, error.detail, error.place === undefined ? undefined : `(${error.place})`]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')

/** The alarm that an event is worth, or null. `moment` writes an instant for the people who read the alarm. */
export function alarmOf(
  event: ScheduleEvent,
  { name, schema, limits }: Publication,
  words: AlarmWords,
  moment: (at: Date) => string,
  at: Date,
): Alarm | null {
  const alarm = { publication: name, schema, at, code: null, place: null, run: null, warnings: [] }
  if (event.kind === 'failed' && event.pauseMs === null) {
    const { due, error, attempts } = event
    const text = words.failed(name, moment(due), attempts, told(error))
    return { ...alarm, text, kind: 'failed', due, attempts, code: error.code, place: error.place ?? null }
  }
  if (event.kind === 'stale') {
    const { due, error, attempts } = event
    const text = words.stale(name, moment(due), limits.staleAfterMinutes, error === null ? null : told(error))
    return { ...alarm, text, kind: 'stale', due, attempts, code: error?.code ?? null, place: error?.place ?? null }
  }
  if (event.kind !== 'published') return null
  const { due, report } = event
  const warnings = report.tables.flatMap(({ table, warnings }) =>
    warnings.map(({ column, text }) => ({ table, column, text })),
  )
  if (warnings.length === 0) return null
  const list = warnings.map(({ table, column, text }) => `${table}.${column}: ${text}`).join('; ')
  const text = words.warnings(name, list)
  return { ...alarm, text, kind: 'warnings', due, attempts: 1, run: report.run, warnings }
}
