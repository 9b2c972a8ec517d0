/** Whether readers can really read what the record says is published: somebody may have changed the target since. */
import { type Missing, missingToReader } from '../catalogue/reader-sight.ts'
import type { Target } from '../catalogue/target.ts'
import { recordedVersion } from './versions.ts'

/** What readers miss of the published version; empty too when none is recorded. */
export async function missingOfVersion(target: Target): Promise<readonly Missing[]> {
  const missing = await look(target)
  // A switch may happen between the two queries: then look again.
  return missing.length === 0 ? missing : look(target)
}

async function look(target: Target): Promise<readonly Missing[]> {
  const version = await recordedVersion(target, 'published')
  if (version === null) return []
  const tables = version.shapes.map(({ name, columns }) => ({ name, columns: columns.map((column) => column.name) }))
  return missingToReader(target, [...tables, ...version.views.map((name) => ({ name, columns: [] }))])
}
