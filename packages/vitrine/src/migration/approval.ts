/**
 * Whether a definition may be published: `migrate` approves what readers will see of it (tables, columns, types, keys,
 * comments), and a run publishes nothing else. Called by the check phase of a run and by all that writes into the ledger.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Problem, VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import { TOOL_VERSION } from '../base/version.ts'
import type { Target } from '../catalogue/target.ts'
import { shapesOf } from '../publication/shape.ts'
import { bookkeepingIsCurrent, requireBookkeeping } from '../record/bookkeeping.ts'
import { type InstallationRecord, ownRecord } from '../record/installation.ts'
import { differences } from './shape-difference.ts'

export const isApproved = (record: InstallationRecord | null, { publication }: Target): boolean =>
  record?.approved != null && isDeepStrictEqual(record.approved, JSON.parse(JSON.stringify(shapesOf(publication))))

/** Throws TARGET_NOT_MIGRATED with what differs from the approved definition; TARGET_OTHER_INSTALLATION, BOOKKEEPING_NEWER. */
export async function requireApproved(target: Target): Promise<void> {
  const { session, publication } = target
  const record = await ownRecord(target)
  if (!(await bookkeepingIsCurrent(session))) await requireBookkeeping(session, publication.schema)
  if (isApproved(record, target)) return
  const place = publication.schema
  if (record?.approved == null) {
    throw new VitrineError('TARGET_NOT_MIGRATED', {
      place,
      detail: 'It was never migrated.',
      remedy: remedy`Run ${command('migrate')}.`,
    })
  }
  const problems: Problem[] = differences(record.approved, shapesOf(publication)).map((step) => ({
    place: step.place,
    detail: step.text,
  }))
  const { toolVersion } = record
  const other =
    toolVersion === null || toolVersion === TOOL_VERSION
      ? ''
      : ` by version ${toolVersion} of the tool, and this is ${TOOL_VERSION}`
  const detail = `Another definition was approved${other}.`
  throw new VitrineError('TARGET_NOT_MIGRATED', { place, detail, problems })
}
