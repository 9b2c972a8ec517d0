/**
 * What somebody must hear: a due time given up, nothing published in time, a run with suspicious content, a step before the
 * run that failed. An alarm is data; its text comes from the words of the command line. It holds names, codes and counts,
 * never a row value.
 */
import type { VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Publication } from '../publication/publication.ts'
import type { SyncReport } from '../run/observer.ts'
import type { ScheduleEvent } from './loop.ts'

export interface AlarmWarning {
  readonly table: string
  /** Null for what is about the whole table. */
  readonly column: string | null
  readonly text: string
}

/** What each kind of alarm says to a person, on one line. `due` is an instant on the clocks of the publication. */
export interface AlarmWords {
  readonly failed: (publication: string, due: string, attempts: number, error: string) => string
  readonly stale: (publication: string, due: string, minutes: number, error: string | null) => string
  readonly warnings: (publication: string, warnings: string) => string
  readonly preparation: (publication: string, error: string) => string
}

/** What went wrong, as far as an alarm tells it. */
export interface Trouble {
  readonly code: string
  readonly what: string
  readonly detail: string | null
  readonly place: string | null
}

/** The body of the webhook. `text` is what Slack, Mattermost and their like show; the rest is for programs. */
export interface Alarm {
  readonly text: string
  readonly kind: 'failed' | 'stale' | 'warnings' | 'preparation'
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
const told = ({ code, what, detail, place }: Trouble): string =>
  [`${code}:`, what, detail, place === null ? null : `(${place})`]
    .filter((part) => part !== null && part !== '')
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')

const troubleOf = (error: VitrineError): Trouble => ({
  code: error.code,
  what: error.kind.what,
  detail: error.detail ?? null,
  place: error.place ?? null,
})

/**
 * Tables that lost more than a run may lose unless somebody allows it: it was allowed, and is told all the same. `before`
 * has the rows of each table in the version before.
 */
export function shrunkTables(
  { tables }: Pick<SyncReport, 'tables'>,
  before: ReadonlyMap<string, number>,
  { shrinkFloorRows, shrinkShare }: Pick<Limits, 'shrinkFloorRows' | 'shrinkShare'>,
): readonly AlarmWarning[] {
  return tables.flatMap(({ table, carried, rows }) => {
    const had = before.get(table) ?? 0
    const shrank = (had >= shrinkFloorRows && had - rows > had * shrinkShare) || (had > 0 && rows === 0)
    return carried || !shrank ? [] : [{ table, column: null, text: `${had} rows before, ${rows} now` }]
  })
}

/** The alarm of a step before the run that failed, while the run itself goes on. */
export function preparationAlarm(
  trouble: Trouble,
  { name, schema }: Pick<Publication, 'name' | 'schema'>,
  words: Pick<AlarmWords, 'preparation'>,
  due: Date,
  at: Date,
): Alarm {
  const { code, place } = trouble
  const text = words.preparation(name, told(trouble))
  return {
    text,
    kind: 'preparation',
    publication: name,
    schema,
    at,
    due,
    attempts: 1,
    code,
    place,
    run: null,
    warnings: [],
  }
}

/**
 * The alarm that an event is worth, or null. `moment` writes an instant for the people who read the alarm; `before` has the
 * rows of each table in the version before.
 */
export function alarmOf(
  event: ScheduleEvent,
  { name, schema, limits }: Publication,
  words: AlarmWords,
  moment: (at: Date) => string,
  at: Date,
  before: ReadonlyMap<string, number> = new Map(),
): Alarm | null {
  const alarm = { publication: name, schema, at, code: null, place: null, run: null, warnings: [] }
  if (event.kind === 'failed' && event.pauseMs === null) {
    const { due, error, attempts } = event
    const text = words.failed(name, moment(due), attempts, told(troubleOf(error)))
    return { ...alarm, text, kind: 'failed', due, attempts, code: error.code, place: error.place ?? null }
  }
  if (event.kind === 'stale') {
    const { due, error, attempts } = event
    const text = words.stale(
      name,
      moment(due),
      limits.staleAfterMinutes,
      error === null ? null : told(troubleOf(error)),
    )
    return { ...alarm, text, kind: 'stale', due, attempts, code: error?.code ?? null, place: error?.place ?? null }
  }
  if (event.kind !== 'published') return null
  const { due, report } = event
  const implausible = report.tables.flatMap(({ table, warnings }) =>
    warnings.map(({ column, text }) => ({ table, column, text })),
  )
  const warnings = [...shrunkTables(report, before, limits), ...implausible]
  if (warnings.length === 0) return null
  const placed = ({ table, column, text }: AlarmWarning) => `${column === null ? table : `${table}.${column}`}: ${text}`
  const list = warnings.map(placed).join('; ')
  const text = words.warnings(name, list)
  return { ...alarm, text, kind: 'warnings', due, attempts: 1, run: report.run, warnings }
}
