/** The views about the runs, made in the schema of a version before it is published. */
import type { Target } from '../catalogue/target.ts'
import { ownViews } from '../record/own-views.ts'

export async function createOwnViews({ session, publication }: Target, schema: string): Promise<void> {
  for (const { sql } of ownViews(publication, schema)) await session.execute(sql)
}
