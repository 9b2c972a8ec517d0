/**
 * What somebody must hear: a due time given up, nothing published in time, a run with suspicious content, a step before the
 * run that failed. An alarm is data with one line of text. It holds names, codes and counts, never a row value.
 */
import type { VitrineError } from '../../base/errors.ts'
import { instant } from '../../base/format.ts'
import type { Limits } from '../../base/limits.ts'
import type { Publication } from '../../publication/publication.ts'
import type { SyncReport } from '../../run/observer.ts'
import type { ScheduleEvent } from '../loop.ts'

export interface AlarmWarning {
  readonly table: string
  /** Null for what is about the whole table. */
  readonly column: string | null
  readonly text: string
}

/** What went wrong, as an alarm says it. */
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
  /** Tries to publish for this due time. */
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
 * Tables that lost more than a run may lose unless somebody allows it: it was allowed, and raises a warning all the same. `before`
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
  due: Date,
  at: Date,
): Alarm {
  const { code, place } = trouble
  const text = `Vitrine ${name}: a step before the run failed, and the run goes on with what is there. ${told(trouble)}`
  const base = { text, kind: 'preparation', publication: name, schema, at, due } as const
  return { ...base, attempts: 1, code, place, run: null, warnings: [] }
}

/** The alarm that an event is worth, or null. `before` has the rows of each table in the version before. */
export function alarmOf(
  event: ScheduleEvent,
  { name, schema, limits, zone }: Publication,
  at: Date,
  before: ReadonlyMap<string, number> = new Map(),
): Alarm | null {
  const base = { publication: name, schema, at, run: null, warnings: [] }
  if (event.kind === 'failed' && event.pauseMs === null) {
    const { due, error, tries } = event
    const text = `Vitrine ${name}: nothing published for ${instant(due, zone)} after ${tries} ${tries === 1 ? 'try' : 'tries'}. ${told(troubleOf(error))} The previous version is still served.`
    return { ...base, text, kind: 'failed', due, attempts: tries, code: error.code, place: error.place ?? null }
  }
  if (event.kind === 'stale') {
    const { due, error, tries } = event
    const why = error === null ? '' : ` ${told(troubleOf(error))}`
    const text = `Vitrine ${name}: still nothing published ${limits.staleAfterMinutes} minutes after ${instant(due, zone)}.${why} The previous version is still served.`
    return {
      ...base,
      text,
      kind: 'stale',
      due,
      attempts: tries,
      code: error?.code ?? null,
      place: error?.place ?? null,
    }
  }
  if (event.kind !== 'published') return null
  const { due, report } = event
  const implausible = report.tables.flatMap(({ table, warnings }) =>
    warnings.map(({ column, text }) => ({ table, column, text })),
  )
  const warnings = [...shrunkTables(report, before, limits), ...implausible]
  if (warnings.length === 0) return null
  const placed = ({ table, column, text }: AlarmWarning) => `${column === null ? table : `${table}.${column}`}: ${text}`
  const text = `Vitrine ${name}: published, with suspicious content. ${warnings.map(placed).join('; ')}`
  return { ...base, text, kind: 'warnings', due, attempts: 1, code: null, place: null, run: report.run, warnings }
}
