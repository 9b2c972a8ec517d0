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
function shrunkTables(
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

/** Whose alarm it is. */
type About = Pick<Publication, 'name' | 'schema'>

function made({ name, schema }: About, facts: Pick<Alarm, 'text' | 'kind' | 'at' | 'due'> & Partial<Alarm>): Alarm {
  const { text, kind, at, due, attempts = 1, code = null, place = null, run = null, warnings = [] } = facts
  const told = `Vitrine ${name}: ${text}`
  return { text: told, kind, publication: name, schema, at, due, attempts, code, place, run, warnings }
}

/** The alarm of a step before the run that failed, while the run itself goes on. */
export function preparationAlarm(trouble: Trouble, about: About, due: Date, at: Date): Alarm {
  const { code, place } = trouble
  const text = `a step before the run failed, and the run goes on with what is there. ${told(trouble)}`
  return made(about, { text, kind: 'preparation', at, due, code, place })
}

/** The alarm that an event is worth, or null. `before` has the rows of each table in the version before. */
export function alarmOf(
  event: ScheduleEvent,
  publication: Publication,
  at: Date,
  before: ReadonlyMap<string, number> = new Map(),
): Alarm | null {
  const { limits, zone } = publication
  const { kind } = event
  if (kind === 'stale' || (kind === 'failed' && event.pauseMs === null)) {
    const { due, error, tries: attempts } = event
    const since = instant(due, zone)
    const what =
      kind === 'stale'
        ? `still nothing published ${limits.staleAfterMinutes} minutes after ${since}.`
        : `nothing published for ${since} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}.`
    const why = error === null ? '' : ` ${told(troubleOf(error))}`
    const text = `${what}${why} The previous version is still served.`
    return made(publication, { text, kind, at, due, attempts, code: error?.code ?? null, place: error?.place ?? null })
  }
  if (kind !== 'published') return null
  const { due, report } = event
  const implausible = report.tables.flatMap(({ table, warnings }) => warnings.map((warning) => ({ table, ...warning })))
  const warnings = [...shrunkTables(report, before, limits), ...implausible]
  if (warnings.length === 0) return null
  const placed = ({ table, column, text }: AlarmWarning) => `${column === null ? table : `${table}.${column}`}: ${text}`
  const text = `published, with suspicious content. ${warnings.map(placed).join('; ')}`
  return made(publication, { text, kind: 'warnings', at, due, run: report.run, warnings })
}
