/** A run as it is recorded, and whether it goes at this moment. Read by whoever shows runs, as the writer. */

import type { Session } from '../postgres/connect.ts'
import { runLockHolder } from '../postgres/lock.ts'
import type { Publication } from '../publication/publication.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { targetNow } from '../record/run-facts.ts'
import { latestRuns, type RunRecord } from '../record/runs.ts'

/** A run and what stands beside it. */
export interface SeenRun {
  readonly run: RunRecord
  readonly goes: boolean
  /** By the target's clock. */
  readonly now: Date
  /** The one before it; null for the first. */
  readonly before: RunRecord | null
}

export interface RunsRecord {
  readonly runs: readonly RunRecord[]
  /** The run that goes at this moment; null when none does. */
  readonly going: number | null
  /** Also while it is not recorded yet. */
  readonly underWay: boolean
  readonly now: Date
}

/** The last runs up to a number, and which one goes. Throws TARGET_NOT_MIGRATED, BOOKKEEPING_NEWER. */
export async function readRuns(
  session: Session,
  { schema }: Publication,
  count: number,
  upTo: number | null = null,
): Promise<RunsRecord> {
  await requireBookkeeping(session, schema)
  const runs = await latestRuns(session, schema, count, upTo)
  const holder = await runLockHolder(session, schema)
  const [last] = upTo === null ? runs : await latestRuns(session, schema, 1)
  const going = holder !== null && last?.state === 'running' ? last.id : null
  return { runs, going, underWay: holder !== null, now: await targetNow(session) }
}

export const seenIn = ({ runs, going, now }: RunsRecord, at: number): SeenRun | null => {
  const run = runs[at]
  return run === undefined ? null : { run, goes: run.id === going, now, before: runs[at + 1] ?? null }
}

export const rowTotal = ({ tables }: RunRecord): number => tables.reduce((sum, { rows }) => sum + rows, 0)
