/** The verify phase: nothing unchecked is published. The checks themselves are in `version/`. */
import type { Session } from '../postgres/connect.ts'
import { requireGroups } from '../version/anonymity.ts'
import { type StagedReference, validateReference } from '../version/build.ts'
import { verifyRows } from '../version/staged-checks.ts'
import { spread } from './run-sessions.ts'
import type { StageContext, StagedTable } from './stage.ts'

/** Proves the rows of each staged table, then its references. Throws COUNT_MISMATCH, PRIVACY_VIOLATION, K_ANONYMITY, REFERENCE_BROKEN. */
export async function verifyStaged(
  sessions: readonly Session[],
  staged: readonly StagedTable[],
  references: readonly StagedReference[],
  { staging }: StageContext,
): Promise<void> {
  await spread(sessions, staged, async (session, { table, rows, way }) => {
    // The changes were searched before they were applied, and the proof of the keys has counted all rows.
    if (way !== 'delta') await verifyRows(session, staging, table, rows)
    if (table.kAnonymous !== null) await requireGroups(session, staging, table.name, table.kAnonymous)
    // One after another: two validations on one table would block each other.
    for (const reference of references.filter((of) => of.table === table.name)) {
      await validateReference(session, staging, reference)
    }
  })
}
