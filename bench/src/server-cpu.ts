/** What the processes of a server on this machine have used: read from Linux's own accounts, a server's ended processes included. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Client } from 'pg'

/** Of a second, in the files of /proc: `getconf CLK_TCK` is 100 on every Linux. */
const TICKS = 100

interface Account {
  readonly parent: number
  readonly own: number
  /** Of the children that have ended. */
  readonly ended: number
}

function accountOf(pid: number): Account | null {
  try {
    // The name of the program stands in parentheses and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) \S /s, '')
      .split(' ')
      .map(Number)
    const [parent = 0] = fields
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(10, 14)
    return { parent, own: user + system, ended: endedUser + endedSystem }
  } catch {
    return null
  }
}

/** Seconds of CPU of a server since it was started. `admin` is a session of its superuser. */
export async function cpuOf(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ pid: string }>(
    "select split_part(pg_read_file('postmaster.pid'), chr(10), 1) as pid",
  )
  const postmaster = Number(rows[0]?.pid)
  const { own = 0, ended = 0 } = accountOf(postmaster) ?? {}
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => accountOf(Number(name)))
    .filter((account) => account?.parent === postmaster)
  return (own + ended + living.reduce((sum, account) => sum + (account?.own ?? 0), 0)) / TICKS
}

/** Bytes of write-ahead log that a server has written. */
export async function walOf(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>("select pg_current_wal_lsn() - '0/0' as bytes")
  return Number(rows[0]?.bytes)
}
