/** Foresees the next run without the source and without a scan: how each table would be read, and whether `follow` may run. */
import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { decide, tableFacts } from '../delta/decide.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
import type { TableWay } from '../record/outcome.ts'
import { recordedRows } from '../record/runs.ts'
import { looked, TIMELESS, targetFacts } from './night.ts'

/** How a table would be read. */
export interface ForeseenWay {
  readonly table: string
  readonly way: TableWay
  /** Why it would be read whole. */
  readonly reason: string | null
}

/** The way of each table in the next run; none where nothing is published yet. */
export async function foreseenWays(target: Target, code: string | null): Promise<readonly ForeseenWay[]> {
  if (!(await bookkeepingIsCurrent(target.session))) return []
  const facts = await targetFacts(target, { only: null, dryRun: false, trigger: 'command' })
  if (facts.published === null) return []
  const tables = await tableFacts(target.publication, TIMELESS, new Map(), null, code)
  return decide(await looked(target, facts, tables), tables).map(({ table, reason }) => ({
    table: table.name,
    way: reason === null ? 'delta' : 'full',
    reason,
  }))
}

/** Throws FOLLOW_WAITS where a run between due times would read a large table whole, or where nothing is published yet. */
export async function requireFollowable(target: Target, code: string | null): Promise<void> {
  const { session, publication } = target
  const ways = await foreseenWays(target, code)
  if (ways.length === 0) throw new VitrineError('FOLLOW_WAITS', { detail: 'Nothing is published yet.' })
  const rows = await recordedRows(session, publication.schema, 'freshness')
  const problems = ways
    .filter(({ table, way }) => way === 'full' && (rows.get(table) ?? 0) > publication.limits.followRows)
    .map(({ table, reason }) => ({ place: table, detail: reason ?? 'it is read whole' }))
  if (problems.length > 0) throw new VitrineError('FOLLOW_WAITS', { place: publication.schema, problems })
}
