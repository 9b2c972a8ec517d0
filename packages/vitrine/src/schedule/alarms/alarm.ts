/**
 * What the team must know: a due time given up, nothing published in time, readers that miss what was published, a run with
 * suspicious content, a step before the run that failed, and the end of such trouble. An alarm is data with one line of text.
 * It holds names, codes and counts, never a row value.
 */
import type { Problem, VitrineError } from '../../base/errors.ts'
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
  /** Such as each column that has drifted. */
  readonly problems?: readonly Pick<Problem, 'place' | 'detail'>[]
}

/** The body of the webhook. `text` is what Slack, Mattermost and their like show; the rest is for programs. */
export interface Alarm {
  readonly text: string
  readonly kind: 'failed' | 'stale' | 'missing' | 'warnings' | 'preparation' | 'metabase' | 'follow' | 'recovered'
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
  /** What the error lists: tables, columns or rights by name. */
  readonly problems: readonly Pick<Problem, 'place' | 'detail'>[]
}

/** The text lists so many problems, and counts the others. */
const PROBLEMS_TOLD = 10

/** Code, what happened and where, as one line. The details of errors hold no row value; control characters are removed. */
function told({ code, what, detail, place, problems = [] }: Trouble): string {
  const more = problems.length > PROBLEMS_TOLD ? [`and ${problems.length - PROBLEMS_TOLD} more`] : []
  const listed = problems.slice(0, PROBLEMS_TOLD).map((problem) => `${problem.place}: ${problem.detail}`)
  return [`${code}:`, what, detail, place === null ? null : `(${place})`, [...listed, ...more].join('; ')]
    .filter((part) => part !== null && part !== '')
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')
}

const problemsOf = (error: VitrineError | null) =>
  (error?.problems ?? []).map(({ place, detail }) => ({ place, detail }))

const troubleOf = (error: VitrineError): Trouble => ({
  code: error.code,
  what: error.kind.what,
  detail: error.detail ?? null,
  place: error.place ?? null,
  problems: problemsOf(error),
})

/**
 * Tables that lost more rows than the limit: somebody allowed it, and it raises a warning all the same. `before`
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
  const nothing = { attempts: 1, code: null, place: null, run: null, warnings: [], problems: [] }
  return { ...nothing, ...facts, text: `Vitrine ${name}: ${facts.text}`, publication: name, schema }
}

/** The end of the trouble that alarms have told of: what is due is published, and readers can read it. */
export const recoveredAlarm = (about: About, due: Date, at: Date): Alarm =>
  made(about, { text: 'recovered. What was due is published, and readers can read it.', kind: 'recovered', at, due })

/** The alarm of a step before the run that failed, while the run itself goes on. */
export function preparationAlarm(trouble: Trouble, about: About, due: Date, at: Date): Alarm {
  const { code, place } = trouble
  const text = `a step before the run failed, and the run goes on with what is there. ${told(trouble)}`
  return made(about, { text, kind: 'preparation', at, due, code, place })
}

/** The alarm of a Metabase that was not kept in step with what was published. */
export function metabaseAlarm(error: VitrineError, about: About, due: Date, at: Date): Alarm {
  const { code, place = null } = error
  const text = `published, but Metabase was not kept in step. ${told(troubleOf(error))}`
  return made(about, { text, kind: 'metabase', at, due, code, place, problems: problemsOf(error) })
}

/** The alarm of a follow that has failed for some rounds, or with null, of its end. */
export function followAlarm(error: VitrineError | null, about: About, due: Date, at: Date): Alarm {
  if (error === null) return made(about, { text: 'follows what changes again.', kind: 'follow', at, due })
  const { code, place = null } = error
  const text = `what changes is not followed for now. ${told(troubleOf(error))} The previous version is still served.`
  return made(about, { text, kind: 'follow', at, due, code, place, problems: problemsOf(error) })
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
  if (kind === 'unwell') {
    const { due, error } = event
    const { code, place = null } = error
    const facts = { at, due, code, place, attempts: 0, problems: problemsOf(error) }
    return made(publication, { text: told(troubleOf(error)), kind: code === 'STALE' ? 'stale' : 'missing', ...facts })
  }
  if (kind === 'stale' || (kind === 'failed' && event.pauseMs === null)) {
    const { due, error, tries: attempts } = event
    const since = instant(due, zone)
    const what =
      kind === 'stale'
        ? `still nothing published ${limits.staleAfterMinutes} minutes after ${since}.`
        : `nothing published for ${since} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}.`
    const why = error === null ? '' : ` ${told(troubleOf(error))}`
    const text = `${what}${why} The previous version is still served.`
    const problems = problemsOf(error)
    const [code, place] = [error?.code ?? null, error?.place ?? null]
    return made(publication, { text, kind, at, due, attempts, code, place, problems })
  }
  if (kind !== 'published') return null
  const { due, report } = event
  const implausible = report.tables.flatMap(({ table, warnings }) => warnings.map((warning) => ({ table, ...warning })))
  const suspicious = [...shrunkTables(report, before, limits), ...implausible]
  const changed = report.newDrift.map(({ place, detail }) => ({ table: place, column: null, text: detail }))
  const warnings: readonly AlarmWarning[] = [...suspicious, ...changed]
  if (warnings.length === 0) return null
  const placed = ({ table, column, text }: AlarmWarning) => `${column === null ? table : `${table}.${column}`}: ${text}`
  const parts = [
    ...(suspicious.length === 0 ? [] : [`with suspicious content. ${suspicious.map(placed).join('; ')}`]),
    ...(changed.length === 0
      ? []
      : [`from a source that has changed where no query reads it. ${changed.map(placed).join('; ')}`]),
  ]
  const text = `published, ${parts.join('; and ')}`
  const code = implausible.find((warning) => warning.code !== undefined)?.code ?? null
  return made(publication, { text, kind: 'warnings', at, due, code, run: report.run, warnings })
}
