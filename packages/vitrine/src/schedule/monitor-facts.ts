/**
 * How the published version stands at an instant, by the freshness of its tables: for `status` and for monitors. A version
 * is due after the last due time that is at least the tolerance ago.
 */
import type { Session } from '../postgres/connect.ts'
import { type LockHolder, runLockHolder } from '../postgres/lock.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import { bookkeepingVersion } from '../record/bookkeeping.ts'
import { NO_RUNS, type RunTotals, runTotals } from '../record/run-facts.ts'
import { freshnessOf, type TableFreshness } from '../record/runs.ts'
import { dueAround, nextDue } from './due.ts'

export interface TableState {
  readonly table: string
  readonly rows: number | null
  readonly dataOf: Date | null
  /** Null when the table was never published. */
  readonly publishedAt: Date | null
  readonly fresh: boolean
}

export interface VersionState {
  readonly state: 'fresh' | 'stale'
  /** The due time that a version had to be published after. */
  readonly due: Date
  readonly nextDue: Date
  readonly tables: readonly TableState[]
}

/** What `status`, `/health` and `/metrics` are made of. */
export interface MonitorFacts extends VersionState, RunTotals {
  readonly at: Date
  /** The session that leads a run at this moment. */
  readonly underWay: LockHolder | null
}

/** The last due time that is at least the tolerance ago: a version had to be published after it. */
export const dueBy = (publication: Publication, now: Date): Date =>
  dueAround(publication, new Date(now.getTime() - publication.limits.staleAfterMinutes * 60_000)).last

/**
 * Pure. Stale when a table was last published before the due time that counts, or when nothing was ever published. A table
 * that is new since the last run waits for the next and makes nothing stale.
 */
export function versionState(publication: Publication, recorded: readonly TableFreshness[], now: Date): VersionState {
  const due = dueBy(publication, now)
  const found = new Map(recorded.map((entry) => [entry.table, entry]))
  const tables = publishedRelations(publication).map(({ name }) => {
    const { rows, dataOf, publishedAt } = found.get(name) ?? { rows: null, dataOf: null, publishedAt: null }
    return { table: name, rows, dataOf, publishedAt, fresh: publishedAt !== null && publishedAt >= due }
  })
  const published = tables.filter(({ publishedAt }) => publishedAt !== null)
  const fresh = published.length > 0 && published.every((table) => table.fresh)
  const next = nextDue(publication.schedule, publication.zone, now)
  return { state: fresh ? 'fresh' : 'stale', due, nextDue: next, tables }
}

/** Throws VitrineError when the target cannot be asked. */
export async function readMonitorFacts(session: Session, publication: Publication, at: Date): Promise<MonitorFacts> {
  const { schema } = publication
  const migrated = (await bookkeepingVersion(session)) > 0
  const recorded = migrated ? await freshnessOf(session, schema) : []
  const underWay = await runLockHolder(session, schema)
  const totals = migrated ? await runTotals(session, schema) : NO_RUNS
  return { at, underWay, ...versionState(publication, recorded, at), ...totals }
}
