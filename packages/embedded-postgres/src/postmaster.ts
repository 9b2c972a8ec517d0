// The running server, seen from outside: its pid file, whether a pid is the postmaster of a data directory, and how
// to stop it. Never signals a process that it does not recognise. Called by server.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findBinaries, type ServerVersion } from './binaries.ts'
import { EmbeddedPostgresError, fileWork, systemCode } from './error.ts'

/**
 * The content of postmaster.pid: one value per line, the pid first, the port fourth, the status eighth
 * (PostgreSQL's source, src/include/utils/pidfile.h).
 */
export interface PidFile {
  readonly pid: number
  readonly port: number
  /** The server accepts connections. */
  readonly ready: boolean
}

/** `fast` ends all sessions and writes everything to disk; `immediate` is like a crash: the next start must recover. */
export type StopMode = 'fast' | 'immediate'

const FAST_STOP_MS = 30_000
/** More than the 5 s after which the postmaster kills its processes that ignore an immediate stop. */
const IMMEDIATE_STOP_MS = 15_000
const KILL_MS = 5_000
const POLL_MS = 10

/** Null without a pid file, or while it is being written. */
export function readPidFile(dataDirectory: string): PidFile | null {
  const file = join(dataDirectory, 'postmaster.pid')
  const text = fileWork(`read ${file}`, () => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return ''
      throw error
    }
  })
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  return { pid, port: Number(lines[3]), ready: lines[7] === 'ready' }
}

/** Zombies do not count as alive: in many containers, init never collects them. */
export function isAlive(pid: number): boolean {
  if (process.platform === 'linux' && existsSync('/proc/self/stat')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1))
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return false
    }
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/**
 * The command line of a process, as words on Linux. The working directory would be an alternative, but root needs a privilege
 * (CAP_SYS_PTRACE) for it that containers do not have.
 */
function commandOf(pid: number): readonly string[] {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const text = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const [program = '', ...rest] = text.split(' -D ')
    return [program, '-D', rest.join(' -D ')]
  } catch {
    return []
  }
}

/** Whether the pid is the postmaster of this data directory (a real path), which was started as `postgres -D <directory>`. */
export function isPostmasterOf(pid: number, dataDirectory: string): boolean {
  if (!isAlive(pid)) return false
  // Windows shows no command line. There the pid file must be enough; signals go through the server's own pipe.
  if (process.platform === 'win32') return readPidFile(dataDirectory)?.pid === pid
  const [program = '', option, directory] = commandOf(pid)
  return basename(program) === 'postgres' && option === '-D' && directory === dataDirectory
}

/** The pid file of a running server of this data directory, or null. */
export function runningPostmaster(dataDirectory: string): PidFile | null {
  const found = readPidFile(dataDirectory)
  return found !== null && isPostmasterOf(found.pid, dataDirectory) ? found : null
}

/**
 * Removes a pid file whose pid now belongs to another program of the same account. PostgreSQL removes other stale files itself, but
 * refuses to start with this one. It is common after the restart of a container, where small pids are reused.
 */
export function removeForeignPidFile(dataDirectory: string): void {
  const found = readPidFile(dataDirectory)
  if (found === null || process.platform === 'win32' || !isAlive(found.pid)) return
  const program = basename(commandOf(found.pid)[0] ?? '')
  if (program === '' || program.startsWith('postgres')) return
  fileWork('remove a stale postmaster.pid', () => rmSync(join(dataDirectory, 'postmaster.pid'), { force: true }))
}

/** Waits until the process has ended; false when it still runs after the limit. */
export async function waitUntilGone(pid: number, limitMs: number): Promise<boolean> {
  for (const end = Date.now() + limitMs; isAlive(pid); await sleep(POLL_MS)) {
    if (Date.now() > end) return false
  }
  return true
}

/** Sends a signal; a process that has already ended is no error. Throws `stop-failed` without the right to send it. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return
    throw new EmbeddedPostgresError(
      'stop-failed',
      `Process ${pid} could not be signalled (${systemCode(error)}).`,
      error,
    )
  }
}

/**
 * Stops the postmaster and waits for its end, with stronger signals after each time limit. Does nothing when `isOurs`
 * says that the pid is not (or no longer) the postmaster. Throws `stop-failed`.
 */
export async function shutDown(
  server: { readonly pid: number; readonly dataDirectory: string; readonly version: ServerVersion },
  mode: StopMode,
  isOurs: () => boolean,
): Promise<void> {
  const { pid, dataDirectory } = server
  if (process.platform === 'win32') {
    // Windows has no signals; pg_ctl uses the server's own pipe.
    const { pgCtl } = findBinaries(server.version, null)
    if (isOurs()) spawnSync(pgCtl, ['stop', '-D', dataDirectory, '-m', mode, '-w', '-t', '30'], { stdio: 'ignore' })
    if (await waitUntilGone(pid, IMMEDIATE_STOP_MS)) return
    throw new EmbeddedPostgresError('stop-failed', `The server of ${dataDirectory} (pid ${pid}) does not stop.`)
  }
  const steps = [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
    ['SIGKILL', KILL_MS],
  ] as const
  for (const [name, limitMs] of mode === 'fast' ? steps : steps.slice(1)) {
    if (!isOurs()) return
    signal(pid, name)
    if (await waitUntilGone(pid, limitMs)) return
  }
  throw new EmbeddedPostgresError('stop-failed', `The server of ${dataDirectory} (pid ${pid}) does not stop.`)
}
