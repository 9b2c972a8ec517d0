/** How heavy each table is, so that a run starts with the heaviest and its last one is short. Called by `sync.ts`. */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { lastMilliseconds } from '../record/runs.ts'
import { estimatedRows } from '../source/estimate.ts'

/**
 * By table: what it took last time, which counts its rules and documents too; before every table has been read once, the
 * rows of what it starts from. Only the order of the numbers means something.
 */
export async function weightsOf(
  publication: Publication,
  control: Session,
  coordinator: Session,
): Promise<ReadonlyMap<string, number>> {
  const last = await lastMilliseconds(control, publication.schema)
  if (publication.tables.every(({ name }) => last.has(name))) return last
  return estimatedRows(coordinator, publication)
}
