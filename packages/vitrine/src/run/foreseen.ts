/** What can be said of the next run without the source and without a scan: how each table would be read. */
import type { Target } from '../catalogue/target.ts'
import { decide, tableFacts } from '../delta/decide.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
import type { TableWay } from '../record/outcome.ts'
import { looked, TIMELESS, targetFacts } from './delta.ts'

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
  const facts = await targetFacts(target, { only: null, dryRun: false })
  if (facts.published === null) return []
  const tables = await tableFacts(target.publication, TIMELESS, new Map(), null, code)
  return decide(await looked(target, facts, tables), tables).map(({ table, reason }) => ({
    table: table.name,
    way: reason === null ? 'delta' : 'full',
    reason,
  }))
}
