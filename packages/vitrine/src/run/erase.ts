/**
 * An erasure: a value that is no longer in the source, nor (after a sync) in the published version, is removed from the rest of the target: the kept
 * version, staging, leftover versions, statistics and, on request, days of the history. A trace before tells
 * whether it may begin, a trace after it what is left. Called by the command `erase`.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import type { Secret } from '../base/secret.ts'
import type { Target } from '../catalogue/target.ts'
import { takeRunLock } from '../postgres/lock.ts'
import { dayColumnOf } from '../publication/history.ts'
import { publishedRelations } from '../publication/publication.ts'
import { type ForgottenDays, forgetLedgerStatistics, recordErasure } from '../record/erasures.ts'
import { ownRelations } from '../record/made.ts'
import { qualified } from '../sql/quote.ts'
import { refreshOwn } from '../version/staging.ts'
import { dropUnkept, hideRetired, returnStrangers } from '../version/switch.ts'
import { type Trace, type TracedValue, type TraceHit, traceIn } from './trace.ts'

export interface Erasure {
  /** What is left at the end. */
  readonly trace: Trace
  /** Days of history tables that were forgotten. */
  readonly days: number
}

/**
 * Throws ERASURE_EARLY while the published version holds the value, ERASURE_OF_HISTORY when recorded days do and `history` is
 * not given, and then nothing has changed; ERASURE_BLOCKED when a version is still in use. The session keeps the run lock.
 */
export async function erase(
  target: Target,
  wanted: TracedValue,
  key: Secret | null,
  history: boolean,
): Promise<Erasure> {
  const { session, publication } = target
  await takeRunLock(session, publication.schema)
  const before = await traceIn(target, wanted, key)
  refuseEarly(target, before)
  const forgotten = forgettable(target, before, history)
  await refreshOwn(target)
  await hideRetired(target)
  await returnStrangers(target)
  await recordErasure(target, before.table, forgotten)
  // As if the publication kept no version.
  const keepsNone = { ...publication, limits: { ...publication.limits, versionsKept: 0 as const } }
  const left = await dropUnkept({ session, publication: keepsNone })
  if (left.length > 0) throw new VitrineError('ERASURE_BLOCKED', { place: publication.schema, problems: left })
  await forgetLedgerStatistics(target)
  const days = forgotten.reduce((sum, table) => sum + table.days.length, 0)
  const quoted = new Set(
    [...before.hits.filter(({ place }) => place === 'statistics'), ...forgotten].map(({ table }) => table),
  )
  const published = await ownRelations(target, [publication.schema])
  for (const { schema, name, kind } of published) {
    if (kind === 'r' && quoted.has(name)) await session.execute(`analyze ${qualified(schema, name)}`)
  }
  // Metabase may have cached values of columns that no longer hold it.
  return { trace: { ...(await traceIn(target, wanted, key)), metabase: before.metabase }, days }
}

const isHistory = ({ publication }: Target, { table }: TraceHit): boolean =>
  publication.histories.some(({ name }) => name === table)

function refuseEarly(target: Target, { hits }: Trace): void {
  const ours = publishedRelations(target.publication).map(({ name }) => name)
  const problems = hits
    .filter((hit) => hit.place === 'published' && !isHistory(target, hit))
    .map(({ table, column, count }): Problem => {
      const problem = { place: `${table}.${column}`, detail: counted(count, 'hit') }
      return ours.includes(table)
        ? problem
        : { ...problem, remedy: 'delete it there: this table is not of the publication' }
    })
  if (problems.length > 0) throw new VitrineError('ERASURE_EARLY', { place: target.publication.schema, problems })
}

/** The recorded days that hold the value, where they may be forgotten. */
function forgettable({ publication }: Target, { hits, days }: Trace, history: boolean): readonly ForgottenDays[] {
  if (days.size > 0 && !history) {
    const problems = hits
      .filter(({ place }) => place === 'history')
      .map(({ table, column, count }): Problem => ({ place: `${table}.${column}`, detail: counted(count, 'day') }))
    throw new VitrineError('ERASURE_OF_HISTORY', { place: publication.schema, problems })
  }
  return [...days].map(([table, found]) => {
    const definition = publication.histories.find(({ name }) => name === table)
    return { table, dayColumn: definition === undefined ? null : dayColumnOf(definition).name, days: [...found] }
  })
}
