/** One instant of the source for several connections: an exported REPEATABLE READ READ ONLY snapshot that each imports. */
import { VitrineError } from '../base/errors.ts'
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

/** What servers say of a snapshot whose exporting session has ended: 22023 up to PostgreSQL 16, 42704 from 17 on. */
const SNAPSHOT_GONE = ['22023', '42704']

/** Joins the snapshot in a transaction of another session. Throws CONNECTION_LOST when the exporting session is gone. */
export async function importSnapshot(session: Session, snapshot: Snapshot): Promise<void> {
  try {
    await session.execute(`${BEGIN}; set transaction snapshot ${literal(snapshot.id)}`)
  } catch (error) {
    if (!(error instanceof VitrineError) || !SNAPSHOT_GONE.includes(error.sqlState ?? '')) throw error
    throw new VitrineError('CONNECTION_LOST', {
      place: 'source',
      detail: 'The session of the snapshot was lost.',
      cause: error,
    })
  }
}
