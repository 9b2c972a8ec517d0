/** CPU and WAL of a server on this machine. CPU is read from Linux's /proc, and includes the server's ended processes. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Client } from 'pg'

/** Ticks per second in /proc (`getconf CLK_TCK`): 100 on usual Linux systems. */
const TICKS = 100

interface Account {
  readonly parent: number
  readonly own: number
  /** Ticks of ended children. */
  readonly ended: number
}

function accountOf(pid: number): Account | null {
  try {
    // The program's name is in parentheses and may contain anything, so it is cut off first.
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

/** Seconds of CPU of a server since its start. `admin` is a superuser's session. */
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
