/**
 * The installation that fills a published schema: which publication, from which source, with which approved definition. Checked
 * before anything is touched, so that a second installation that points here by mistake publishes nothing. A copy of the
 * files of a server, a replica, a new name or another address count as the same source. `migrate --new-source` changes it.
 */

import { VitrineError } from '../base/errors.ts'
import { TOOL_VERSION } from '../base/version.ts'
import type { Target } from '../catalogue/target.ts'
import type { Session } from '../postgres/connect.ts'
import type { DatabaseIdentity } from '../postgres/identity.ts'
import { BOOKKEEPING_SCHEMA } from '../publication/publication.ts'
import { fingerprintOf, shapesOf, type TableShape } from '../publication/shape.ts'
import { bookkeepingIsCurrent, bookkeepingVersion } from './bookkeeping.ts'

export interface InstallationRecord {
  readonly publication: string
  /** What `migrate` approved last; null when the bookkeeping is of an earlier layout. */
  readonly approved: readonly TableShape[] | null
  /** Of the tool that approved it. */
  readonly toolVersion: string | null
  readonly source: DatabaseIdentity | null
}

/** The record of this publication and no other; null when there is none. Throws TARGET_OTHER_INSTALLATION, BOOKKEEPING_NEWER. */
export async function ownRecord({ session, publication }: Target): Promise<InstallationRecord | null> {
  const { schema, name, writer } = publication
  await refuseOtherWriter(session, name, writer)
  if ((await bookkeepingVersion(session)) === 0) return null
  const facts = (await bookkeepingIsCurrent(session))
    ? 'approved, tool_version as "toolVersion", source'
    : 'null as approved, null as "toolVersion", null as source'
  const [record] = await session.query<InstallationRecord>(
    `select publication, ${facts} from vitrine.installation where schema_name = $1`,
    [schema],
  )
  if (record === undefined || record.publication === name) return record ?? null
  throw new VitrineError('TARGET_OTHER_INSTALLATION', {
    place: schema,
    detail: `It is filled by the publication «${record.publication}», and this one is «${name}».`,
  })
}

/** The private schema has one owner: two publications of one database share their writer. */
async function refuseOtherWriter(session: Session, name: string, writer: string): Promise<void> {
  const [other] = await session.query<{ owner: string }>(
    `select o.rolname as owner
     from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner join pg_catalog.pg_roles w on w.rolname = $2
     where n.nspname = $1 and not o.rolsuper and not has_schema_privilege(w.oid, n.oid, 'usage')`,
    [BOOKKEEPING_SCHEMA, writer],
  )
  if (other === undefined) return
  throw new VitrineError('TARGET_OTHER_INSTALLATION', {
    place: BOOKKEEPING_SCHEMA,
    detail: `The bookkeeping of this database is kept by ${other.owner}, the writer of another publication, and the writer of «${name}» is ${writer}.`,
    remedy: 'Give both publications the same writer, or a database each.',
  })
}

/** Records that this definition may be published. Call it in the transaction that computed the plan. */
export async function recordApproval({ session, publication }: Target): Promise<void> {
  await session.query(
    `insert into vitrine.installation (schema_name, publication, fingerprint, approved, approved_at, tool_version)
     values ($1, $2, $3, $4, clock_timestamp(), $5)
     on conflict (schema_name) do update
     set publication = excluded.publication, fingerprint = excluded.fingerprint, approved = excluded.approved,
         approved_at = excluded.approved_at, tool_version = excluded.tool_version`,
    [
      publication.schema,
      publication.name,
      fingerprintOf(publication),
      JSON.stringify(shapesOf(publication)),
      TOOL_VERSION,
    ],
  )
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
 * another database than `source`, BOOKKEEPING_NEWER. A null source is not known, and is not compared. Returns what the next
 * version must record, or null when it is recorded already.
 */
export async function requireOwnTarget(
  target: Target,
  source: DatabaseIdentity | null,
): Promise<DatabaseIdentity | null> {
  const record = await ownRecord(target)
  if (!(await bookkeepingIsCurrent(target.session))) return null
  const recorded = record?.source ?? null
  if (recorded === null || source === null) return source
  if (isSameSource(recorded, source)) return isWorthRecording(recorded, source) ? source : null
  const detail = `It is filled from ${nameOf(recorded, source)}, and this installation reads ${nameOf(source, recorded)}.`
  const unread = recorded.system === null || source.system === null
  throw new VitrineError('TARGET_OTHER_SOURCE', {
    place: target.publication.schema,
    detail: unread
      ? `${detail} Only the addresses could be compared: the role of the source may not call pg_control_system().`
      : detail,
  })
}

/** Whether the source got another name or address. A known identifier is not replaced by an unknown one. */
const isWorthRecording = (recorded: DatabaseIdentity, { system, oid, name, address }: DatabaseIdentity): boolean =>
  !(system === null && recorded.system !== null) &&
  (recorded.system !== system || recorded.oid !== oid || recorded.name !== name || recorded.address !== address)

/** Two servers may have the same address, as in two networks of containers: then the texts show the identifiers. */
const nameOf = (one: DatabaseIdentity, other: DatabaseIdentity): string =>
  one.address === other.address ? `${one.address} (database ${one.oid} of server ${one.system})` : one.address

/** Call it in the transaction that publishes, or that takes the new source. */
export async function recordSource({ session, publication }: Target, source: DatabaseIdentity): Promise<void> {
  await session.query('update vitrine.installation set source = $2 where schema_name = $1', [
    publication.schema,
    JSON.stringify(source),
  ])
}
