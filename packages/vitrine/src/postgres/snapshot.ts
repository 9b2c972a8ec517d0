/** One instant of the source for several connections: an exported REPEATABLE READ READ ONLY snapshot that each imports. */
import { literal } from '../publication/select-text.ts'
import type { Session } from './connect.ts'

export interface Snapshot {
  /** What PostgreSQL calls it; valid while the exporting transaction is open. */
  readonly id: string
  /** When it was taken, by the source's clock. */
  readonly takenAt: Date
}

const BEGIN = 'begin transaction isolation level repeatable read read only'

/** Opens the coordinating transaction and exports its snapshot. The session must stay in it until the last import. */
export async function exportSnapshot(session: Session): Promise<Snapshot> {
  await session.execute(BEGIN)
  const [row] = await session.query<Snapshot>(
    'select pg_catalog.pg_export_snapshot() as id, pg_catalog.transaction_timestamp() as "takenAt"',
  )
  return row as Snapshot // sound because the query always gives one row.
}

/** Joins the snapshot in a transaction of another session. */
export async function importSnapshot(session: Session, snapshot: Snapshot): Promise<void> {
  await session.execute(`${BEGIN}; set transaction snapshot ${literal(snapshot.id)}`)
}
