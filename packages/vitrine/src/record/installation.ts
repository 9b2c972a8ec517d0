/**
 * Which database the published schema is filled from, in the bookkeeping: written with the first version, and asked before
 * anything is touched, so that a second installation pointed here by mistake publishes nothing. A copy of the files of a
 * server, a replica, a new name or another address are the same source; it moves elsewhere by `migrate --new-source`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import type { DatabaseIdentity } from '../postgres/identity.ts'
import type { Publication } from '../publication/publication.ts'
import { type Applied, bookkeepingIsCurrent, readApplied } from './bookkeeping.ts'

/** What was applied last, by this publication and no other. Throws TARGET_OTHER_INSTALLATION, BOOKKEEPING_NEWER. */
export async function readOwnRecord(target: Session, { schema, name }: Publication): Promise<Applied | null> {
  const applied = await readApplied(target, schema)
  if (applied === null || applied.publication === name) return applied
  throw new VitrineError('TARGET_OTHER_INSTALLATION', {
    place: schema,
    detail: `It is filled by the publication «${applied.publication}», and this one is «${name}».`,
  })
}

/**
 * Within one server a database keeps its oid when it is renamed, and its name when it is dropped and restored. Where a
 * server's identifier cannot be read nothing proves anything, and only the same address counts as the same source.
 */
export function isSameSource(recorded: DatabaseIdentity, found: DatabaseIdentity): boolean {
  if (recorded.system === null || found.system === null) return recorded.address === found.address
  return recorded.system === found.system && (recorded.oid === found.oid || recorded.name === found.name)
}

/**
 * Throws TARGET_OTHER_INSTALLATION when another publication fills the schema, TARGET_OTHER_SOURCE when this one does from
 * another database than `source`, BOOKKEEPING_NEWER. Null stands for a source that is not known; then it is not compared.
 * Returns what the next version must record, or null when it is recorded already.
 */
export async function requireOwnTarget(
  target: Session,
  publication: Publication,
  source: DatabaseIdentity | null,
): Promise<DatabaseIdentity | null> {
  await readOwnRecord(target, publication)
  if (!(await bookkeepingIsCurrent(target))) return null
  const [row] = await target.query<{ source: DatabaseIdentity | null }>(
    'select source from vitrine.installation where schema_name = $1',
    [publication.schema],
  )
  const recorded = row?.source ?? null
  if (recorded === null || source === null) return source
  if (isSameSource(recorded, source)) return isWorthRecording(recorded, source) ? source : null
  const detail = `It is filled from ${nameOf(recorded, source)}, and this installation reads ${nameOf(source, recorded)}.`
  const unread = recorded.system === null || source.system === null
  throw new VitrineError('TARGET_OTHER_SOURCE', {
    place: publication.schema,
    detail: unread
      ? `${detail} Only the addresses could be compared: the role of the source may not call pg_control_system().`
      : detail,
  })
}

/** It has moved within its server, or has another address; an identifier that was read once is not given away. */
const isWorthRecording = (recorded: DatabaseIdentity, { system, oid, name, address }: DatabaseIdentity): boolean =>
  !(system === null && recorded.system !== null) &&
  (recorded.system !== system || recorded.oid !== oid || recorded.name !== name || recorded.address !== address)

/** Two servers may be reached at one address, as in two networks of containers: then their identifiers tell them apart. */
const nameOf = (one: DatabaseIdentity, other: DatabaseIdentity): string =>
  one.address === other.address ? `${one.address} (database ${one.oid} of server ${one.system})` : one.address

/** Call it in the transaction that publishes, or that takes the new source. */
export async function recordSource(target: Session, schema: string, source: DatabaseIdentity): Promise<void> {
  await target.query('update vitrine.installation set source = $2 where schema_name = $1', [
    schema,
    JSON.stringify(source),
  ])
}
