/**
 * Proves that a pooler lends us one backend until we leave, and cleans it before it lends it to others (decision
 * 0017). Only SELECTs outside a transaction are sent, so nothing of ours stays when the proof fails. Called by `connect.ts`.
 */
import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { Side } from './settings.ts'

/** Repeated, because in a busy pool one result may be a coincidence. */
const PROOFS = 3
const ROUNDS = 12
/** Time after which a pooler that cleans backends has done so. */
const SETTLED_MS = 20
const LOOKS = 50

interface Sight {
  readonly mine: number
  /** The last statement of the other session's backend; null when the backend is gone. */
  readonly last: string | null
}

async function look(mine: Client, pid: number): Promise<Sight | undefined> {
  const { rows } = await mine.query<Sight>(
    `select pg_catalog.pg_backend_pid() as mine, (select query from pg_catalog.pg_stat_activity where pid = ${pid}) as last`,
  )
  return rows[0]
}

/**
 * A second session runs a statement and stays: its backend must show it as the last one, and ours must stay the same. Then it
 * leaves: its backend must end or be cleaned. Null when somebody else got the backend in between.
 */
async function isProved(mine: Client, pid: number, open: () => Promise<Client>): Promise<boolean | null> {
  const said = `select pg_catalog.pg_backend_pid() as pid /* ${randomUUID()} */`
  const other = await open()
  let theirs = pid
  try {
    const { rows } = await other.query<{ pid: number }>(said)
    theirs = rows[0]?.pid ?? pid
    await pause(SETTLED_MS)
    const seen = await look(mine, theirs)
    if (theirs === pid || seen?.mine !== pid || seen.last !== said) return false
  } finally {
    await other.end().catch(() => undefined)
  }
  for (let looks = 0; looks < LOOKS; looks++) {
    const seen = await look(mine, theirs)
    if (seen?.mine !== pid) return false
    if (seen.last === null || /\bdiscard\s+all\b/i.test(seen.last)) return true
    if (seen.last !== said) return null
    await pause(SETTLED_MS)
  }
  return false
}

/** `pid` is the backend of `mine`, and `open` makes another client of the same address. Throws POOLER. */
export async function requireOwnBackend(
  mine: Client,
  pid: number,
  side: Side,
  open: () => Promise<Client>,
): Promise<void> {
  for (let round = 0, proofs = 0; proofs < PROOFS; round++) {
    const proved = round < ROUNDS && (await isProved(mine, pid, open))
    if (proved === false) {
      const detail = 'It lends one session to several clients, or does not clean it with DISCARD ALL before the next.'
      throw new VitrineError('POOLER', { place: side, detail })
    }
    if (proved === true) proofs += 1
  }
}
