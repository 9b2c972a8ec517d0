/** The verify phase: nothing unchecked is published. The checks themselves are in `target/verify.ts`. */
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { guardShrink, verifyRows } from '../target/verify.ts'
import { spread } from './sessions.ts'
import type { StagedTable } from './stage.ts'

/** `before` has the rows of each table in the published version. Throws COUNT_MISMATCH, PRIVACY_VIOLATION, TABLE_SHRANK. */
export async function verifyStaged(
  targets: readonly Session[],
  staging: string,
  staged: readonly StagedTable[],
  before: ReadonlyMap<string, number>,
  { limits, allowShrink }: { readonly limits: Limits; readonly allowShrink: boolean },
): Promise<void> {
  await spread(targets, staged, (target, { table, rows }) => verifyRows(target, staging, table, rows))
  if (allowShrink) return
  guardShrink(
    staged.map(({ table, rows }) => ({ name: table.name, before: before.get(table.name) ?? 0, after: rows })),
    limits,
  )
}
