/**
 * One instant of the source for several connections: an exported REPEATABLE READ READ ONLY snapshot that each imports. Its
 * transactions are bounded on the server as well, in case this process hangs and cannot release it.
 */

import { VitrineError } from '../base/errors.ts'
import { literal } from '../sql/quote.ts'
import type { Session } from './connect.ts'

export interface Snapshot {
  /** What PostgreSQL calls it; valid while the exporting transaction is open. */
  readonly id: string
  /** When it was taken, by the source's clock. */
  readonly takenAt: Date
  /** How long it may be held. */
  readonly limitMs: number
}

const BEGIN = 'begin transaction isolation level repeatable read read only'

/** At the limit the run ends in good order; the server waits this much longer before it cuts the session. */
const GRACE_MS = 10_000

/** From PostgreSQL 17 on the whole transaction is bounded; before, each of its statements and each silence. */
function bounds({ serverVersion }: Session, limitMs: number): string {
  const most = limitMs + GRACE_MS
  const idle = `set local idle_in_transaction_session_timeout = ${most}`
  return serverVersion < 170_000 ? idle : `${idle}; set local transaction_timeout = ${most}`
}

/** Opens the coordinating transaction and exports its snapshot. The session must stay in it until the last import. */
export async function exportSnapshot(session: Session, limitMs: number): Promise<Snapshot> {
  await session.begin(BEGIN, bounds(session, limitMs))
  const [row] = await session.query<Snapshot>(
    'select pg_catalog.pg_export_snapshot() as id, pg_catalog.transaction_timestamp() as "takenAt", $1::integer as "limitMs"',
    [limitMs],
  )
  return row as Snapshot // sound because the query always returns one row.
}

/** States for a snapshot whose exporting session has ended: 22023 up to PostgreSQL 16, 42704 from 17 on. */
const SNAPSHOT_GONE = ['22023', '42704']

/** Joins the snapshot in a transaction of another session. Throws CONNECTION_LOST when the exporting session is gone. */
export async function importSnapshot(session: Session, snapshot: Snapshot): Promise<void> {
  const { id, limitMs } = snapshot
  try {
    await session.begin(`${BEGIN}; set transaction snapshot ${literal(id)}`, bounds(session, limitMs))
  } catch (error) {
    if (!(error instanceof VitrineError) || !SNAPSHOT_GONE.includes(error.sqlState ?? '')) throw error
    const detail = 'The session of the snapshot was lost.'
    throw new VitrineError('CONNECTION_LOST', { place: 'source', detail, cause: error })
  }
}
