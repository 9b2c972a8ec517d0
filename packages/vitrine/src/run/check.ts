/**
 * The check phase: everything that can be refused before a row is read. `migrate` checks the same before it approves a definition.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { readSchema, readTables } from '../catalogue/live-shape.ts'
import type { Target } from '../catalogue/target.ts'
import type { CheckedColumn } from '../lineage/findings.ts'
import { adoptionPlan } from '../migration/adoption.ts'
import { requireApproved } from '../migration/approval.ts'
import { requireOwned } from '../migration/plan.ts'
import type { Session } from '../postgres/connect.ts'
import { quietly } from '../postgres/quietly.ts'
import { type Publication, stagingSchema } from '../publication/publication.ts'
import { versionOf } from '../record/versions.ts'
import { requireNoDrift } from '../source/drift.ts'
import { checkProjections } from '../source/projection-types.ts'
import { planCarry } from '../version/carry.ts'
import { dropStaging, refreshOwn, requireWorkSchemas } from '../version/staging.ts'
import { dropUnkept, hideRetired, requireFewLeft, returnStrangers } from '../version/switch.ts'
import { checkHistories } from './histories.ts'

/** The types of the rules' inputs, by table, and the drift that the register lets pass. Throws SOURCE_DRIFT, SOURCE_QUERY_FAILED, SOURCE_TYPE_MISMATCH, PRIVILEGE_MISSING. */
export async function checkSource(
  source: Session,
  publication: Publication,
  columns: readonly CheckedColumn[] = [],
): Promise<{ readonly inputTypes: ReadonlyMap<string, readonly number[]>; readonly drift: readonly Problem[] }> {
  const drift = await requireNoDrift(source, publication.source, publication.tables, columns)
  return { inputTypes: await checkProjections(source, publication), drift }
}

/**
 * Whether the target can take the next version. Throws TARGET_NOT_MIGRATED, TARGET_SCHEMA_MISSING, TARGET_SCHEMA_NOT_OWNED,
 * STAGING_NAME_TAKEN, DEPENDENT_BLOCKS, VERSIONS_LEFT, HISTORY_UNREADABLE, HISTORY_QUERY_FAILED.
 */
export async function checkTarget(target: Target): Promise<void> {
  const { publication } = target
  await requireApproved(target)
  if (await refreshOwn(target)) await returnStrangers(target)
  const live = await readSchema(target)
  if (!live.exists) throw new VitrineError('TARGET_SCHEMA_MISSING', { place: publication.schema })
  requireOwned(live, publication.schema, publication.writer)
  await requireWorkSchemas(target)
  await dropStaging(target)
  // Planned now, so that what cannot be carried over stops the run early; planned again before the switch.
  await planCarry(target, stagingSchema(publication), versionOf(publication, true))
  await checkHistories(target)
  await adoptNewDays(target)
  // Removes what a run that died after its switch left, because the disk space is needed.
  await hideRetired(target)
  requireFewLeft(target, await dropUnkept(target))
}

/** Copies days that somebody wrote into a published history table to the ledger: the switch would lose them. */
async function adoptNewDays(target: Target): Promise<void> {
  const { session, publication } = target
  if (publication.histories.length === 0) return
  const { sql, conflicts } = await adoptionPlan(
    target,
    await readTables(session, publication.schema, publication.writer),
  )
  if (conflicts.length > 0)
    throw new VitrineError('TARGET_NOT_MIGRATED', { place: publication.schema, problems: conflicts })
  for (const statement of sql) await quietly(session, statement)
}
