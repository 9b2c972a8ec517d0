/** The verify phase: nothing unchecked is published. The checks themselves are in `target/`. */
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { type StagedReference, validateReference } from '../version/staging.ts'
import { guardShrink, verifyRows } from '../version/verify.ts'
import { spread } from './sessions.ts'
import type { StagedTable } from './stage.ts'

/** Throws TABLE_SHRANK. `before` has the rows of each table in the published version. */
export function guardStaged(staged: readonly StagedTable[], before: ReadonlyMap<string, number>, limits: Limits): void {
  guardShrink(
    staged.map(({ table, rows }) => ({ name: table.name, before: before.get(table.name) ?? 0, after: rows })),
    limits,
  )
}

/**
 * Proves the rows of each staged table, then its references, which are declared already. Throws COUNT_MISMATCH,
 * PRIVACY_VIOLATION, REFERENCE_BROKEN.
 */
export async function verifyStaged(
  targets: readonly Session[],
  staging: string,
  staged: readonly StagedTable[],
  references: readonly StagedReference[],
): Promise<void> {
  await spread(targets, staged, async (target, { table, rows }) => {
    await verifyRows(target, staging, table, rows)
    // One after another: two checks on one table would wait for each other.
    for (const reference of references.filter((of) => of.table === table.name))
      await validateReference(target, staging, reference)
  })
}
