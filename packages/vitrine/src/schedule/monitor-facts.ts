/**
 * The state of the published version: what the reader can read of it, the freshness of its tables by the
 * target's clock, and by the versions beside it. For `status` and for monitors. A version is due after the last due time that
 * is at least the tolerance ago.
 */
import { VitrineError } from '../base/errors.ts'
import { instant } from '../base/format.ts'
import { command } from '../base/remedy.ts'
import type { Missing } from '../catalogue/reader-sight.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import { type LockHolder, runLockHolder } from '../postgres/lock.ts'
import {
  BOOKKEEPING_SCHEMA,
  type Publication,
  publishedRelations,
  retiredSchema,
  stagingSchema,
} from '../publication/publication.ts'
import { bookkeepingVersion } from '../record/bookkeeping.ts'
import { NO_RUNS, type RunTotals, runTotals, targetNow } from '../record/run-facts.ts'
import { freshnessOf, type TableFreshness } from '../record/runs.ts'
import { missingOfVersion } from '../record/sight.ts'
import { type KeptVersion, keptVersion } from '../version/kept.ts'
import { findWorkSchemas } from '../version/staging.ts'
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

/** Readers do not find, or may not read, what was published. */
export const missingError = ({ schema }: Publication, missing: readonly Missing[]): VitrineError =>
  new VitrineError('VERSION_MISSING', {
    place: schema,
    problems: missing.map(({ place, detail, mending }) =>
      mending === 'hand' ? { place, detail } : { place, detail, remedy: command(mending) },
    ),
  })

/** Why the version of these facts is not fresh; null when it is. */
export function troubleOf(publication: Publication, { state, due, missing, left }: MonitorFacts): VitrineError | null {
  const { schema, zone } = publication
  if (state === 'missing') return missingError(publication, missing)
  if (state === 'fresh') return null
  const detail =
    left.length > LEFT_ALLOWED
      ? `${left.length} retired versions could not be removed: ${left.join(', ')}.`
      : `Nothing was published since ${instant(due, zone)}.`
  return new VitrineError('STALE', { place: schema, detail })
}

/** What `status`, `/health` and `/metrics` are made of. */
export interface MonitorFacts extends Omit<VersionState, 'state'>, RunTotals, Versions {
  /** By the target's clock, like all that follows from it. */
  readonly at: Date
  /** `missing`: readers do not find, or may not read, what was published. */
  readonly state: 'fresh' | 'stale' | 'missing'
  readonly missing: readonly Missing[]
  /** The session that leads a run at this moment. */
  readonly underWay: LockHolder | null
}

/** The versions that stand beside the published one. */
interface Versions {
  /** The version that a rollback brings back. */
  readonly kept: KeptVersion['state']
  /** Other retired versions, which could not be removed yet. One is normal during a removal; more are a trouble. */
  readonly left: readonly string[]
}

const LEFT_ALLOWED = 1

/** The last due time that is at least the tolerance ago: a version had to be published after it. */
export const dueBy = (publication: Publication, now: Date): Date =>
  dueAround(publication, new Date(now.getTime() - publication.limits.staleAfterMinutes * 60_000)).last

/**
 * Pure. Stale when a table was last published before the due time, or never. A table
 * that is new since the last run is not stale.
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
export async function readMonitorFacts(session: Session, publication: Publication): Promise<MonitorFacts> {
  const { schema } = publication
  const target = { session, publication }
  const migrated = (await bookkeepingVersion(session)) > 0
  const recorded = migrated ? await freshnessOf(session, schema) : []
  const underWay = await runLockHolder(session, schema)
  const totals = migrated ? await runTotals(session, schema) : NO_RUNS
  const at = await targetNow(session)
  const missing = migrated ? await missingOfVersion(target) : [UNRECORDED]
  const versions = await versionsBeside(target)
  const version = versionState(publication, recorded, at)
  const state = missing.length > 0 ? 'missing' : versions.left.length > LEFT_ALLOWED ? 'stale' : version.state
  return { at, underWay, missing, ...totals, ...versions, ...version, state }
}

const UNRECORDED: Missing = Object.freeze({
  place: BOOKKEEPING_SCHEMA,
  detail: 'nothing is recorded: it was never migrated, or the private schema was dropped',
  mending: 'migrate',
})

async function versionsBeside(target: Target): Promise<Versions> {
  const { publication } = target
  const full = (await findWorkSchemas(target)).filter(({ ours, empty }) => ours && !empty).map(({ name }) => name)
  const left = full.filter((name) => name !== stagingSchema(publication) && name !== retiredSchema(publication))
  return { kept: (await keptVersion(target)).state, left }
}
