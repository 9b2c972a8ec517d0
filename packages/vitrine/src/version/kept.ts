/** The version that a rollback brings back, if it is recorded and complete. Used by rollback, the switch and monitors. */
import { relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema } from '../publication/publication.ts'
import { type RecordedVersion, recordedVersion } from '../record/versions.ts'

export interface KeptVersion {
  /** `gone`: one is recorded, but some of it is missing. */
  readonly state: 'there' | 'none' | 'gone'
  /** Null unless it is there. */
  readonly version: RecordedVersion | null
}

/** Whether every table of a version stands among the relations named. */
export const isWhole = ({ shapes }: RecordedVersion, names: readonly string[]): boolean =>
  shapes.every(({ name }) => names.includes(name))

export async function keptVersion(target: Target): Promise<KeptVersion> {
  const { session, publication } = target
  const version = await recordedVersion(target, 'kept')
  // What `migrate` makes before the first run has no rows to go back to.
  if (version?.filled !== true || publication.limits.versionsKept === 0) return { state: 'none', version: null }
  const found = await relationsIn(session, [retiredSchema(publication)])
  const stands = isWhole(
    version,
    found.map(({ name }) => name),
  )
  return stands ? { state: 'there', version } : { state: 'gone', version: null }
}
