/**
 * What the next version has besides its rows: references, the tool's own views, and what is carried over to it. Prepared by
 * the leading session while the streams stage the history. Called by `sync.ts`.
 */
import type { Session } from '../postgres/connect.ts'
import { ownViews } from '../record/own-views.ts'
import { type CarryPlan, planCarry } from '../version/carry.ts'
import type { StagedReference } from '../version/staging.ts'
import { publishedCounts } from '../version/verify.ts'
import { declareStaged } from './references.ts'
import type { StageContext, StagedTable } from './stage.ts'

export interface Prepared {
  /** Rows of each table in the published version. */
  readonly before: ReadonlyMap<string, number>
  /** Declared, and not checked yet. */
  readonly references: readonly StagedReference[]
  readonly carry: CarryPlan
}

/** Throws DEPENDENT_BLOCKS for what cannot be carried over. `read` are all staged tables that may refer to others. */
export async function prepareVersion(
  control: Session,
  read: readonly StagedTable[],
  context: StageContext,
): Promise<Prepared> {
  const { publication, staging } = context
  const before = await publishedCounts(control, publication.schema)
  const references = await declareStaged(control, read, context)
  for (const { sql } of ownViews(publication, staging)) await control.execute(sql)
  const carry = await planCarry(control, publication, staging)
  return { before, references, carry }
}

/** The rights on the published tables, for those that are staged: all of them, the history too. */
export async function grantAgain(control: Session, { tableGrants }: CarryPlan): Promise<void> {
  if (tableGrants.length > 0) await control.execute(tableGrants.join('; '))
}
