// One attempt to start a server on an existing data directory: chooses the port, writes the settings, starts the postmaster in
// its own session, and waits until it accepts connections. Errors include the server's messages. Called by server.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, fchownSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { serverEnvironment } from './cluster.ts'
import { guard } from './ephemeral.ts'
import { EmbeddedPostgresError, fileWork, saysNoSpace, systemCode } from './error.ts'
import type { ParsedOptions } from './options.ts'
import { readPidFile, signal, waitUntilGone } from './postmaster.ts'
import { keptPort, writeSettings } from './settings.ts'

export interface Launched {
  readonly pid: number
  readonly port: number
  /** Null unless the process is our child. A child's pid is not reused until we have collected its exit. */
  readonly isRunning: (() => boolean) | null
}

/** Long, because recovery from a crash reads WAL again, which takes minutes on a large database. */
export const START_LIMIT_MS = 120_000
const READY_POLL_MS = 10
const END_AFTER_FAILURE_MS = 5_000
const LOG_LIMIT_BYTES = 8 * 1024 * 1024
const LOG_LINES_SHOWN = 20

export function logFile(dataDirectory: string): string {
  return join(dataDirectory, 'server.log')
}

/** The wanted port, else the last one if free, else any free one. Throws `port-taken` when the wanted port is not free. */
async function choosePort(options: ParsedOptions): Promise<number> {
  if (options.port !== null) {
    if ((await bound(options.port)) !== null) return options.port
    throw portTaken(options.port)
  }
  const kept = keptPort(options.dataDirectory)
  const free = (kept === null || kept === 0 ? null : await bound(kept)) ?? (await bound(0))
  if (free === null) throw new EmbeddedPostgresError('port-taken', 'No port of 127.0.0.1 is free.')
  return free
}

function portTaken(port: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'port-taken',
    `Port ${port} of 127.0.0.1 is taken by another program, or not allowed.`,
  )
}

/** Binds the port (0: any) for a moment. Returns its number, or null when it is not free. */
async function bound(port: number): Promise<number | null> {
  const probe = createServer()
  try {
    probe.listen({ port, host: '127.0.0.1', exclusive: true })
    await once(probe, 'listening')
  } catch {
    return null
  }
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : null
}

/**
 * Throws `port-taken`, `directory-in-use`, `no-space`, `start-timeout`, or `start-failed` with the last lines that the
 * server wrote during this attempt. Calls `started` with the pid before the server is ready.
 */
export async function launch(
  options: ParsedOptions,
  binaries: Binaries,
  account: Account | null,
  started: (pid: number) => void,
): Promise<Launched> {
  const { dataDirectory } = options
  const port = await choosePort(options)
  writeSettings(options, dataDirectory, port, account)
  const log = openLog(dataDirectory, account)
  try {
    if (process.platform === 'win32') return launchOnWindows(dataDirectory, binaries, port, log.offset)
    const child = spawn(binaries.postgres, ['-D', dataDirectory], {
      ...account,
      cwd: binaries.folder,
      env: serverEnvironment(),
      stdio: ['ignore', log.descriptor, log.descriptor],
      // Its own session, so that Ctrl-C in the terminal reaches only us, and we stop the server cleanly.
      detached: true,
    })
    const isRunning = () => child.exitCode === null && child.signalCode === null
    await spawned(child)
    // Sound because a process that was spawned has a pid.
    const pid = child.pid!
    child.unref()
    if (options.endsWithProcess) child.once('exit', guard(dataDirectory, pid))
    started(pid)
    await waitUntilReady(dataDirectory, pid, isRunning, () => failure(dataDirectory, port, log.offset))
    return { pid, port, isRunning }
  } finally {
    closeSync(log.descriptor)
  }
}

async function spawned(child: ChildProcess): Promise<void> {
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw new EmbeddedPostgresError('start-failed', `postgres could not be started (${systemCode(error)}).`, error)
  }
}

async function waitUntilReady(
  dataDirectory: string,
  pid: number,
  isRunning: () => boolean,
  failed: () => EmbeddedPostgresError,
): Promise<void> {
  for (const end = Date.now() + START_LIMIT_MS; ; await sleep(READY_POLL_MS)) {
    const found = readPidFile(dataDirectory)
    if (found?.pid === pid && found.ready) return
    if (!isRunning()) throw failed()
    if (Date.now() < end) continue
    signal(pid, 'SIGQUIT')
    await waitUntilGone(pid, END_AFTER_FAILURE_MS)
    const seconds = START_LIMIT_MS / 1000
    throw new EmbeddedPostgresError('start-timeout', `Not ready after ${seconds} s. ${failed().message}`)
  }
}

/** On Windows pg_ctl starts the server: it drops administrator rights, with which PostgreSQL refuses to run, and waits itself. */
function launchOnWindows(dataDirectory: string, binaries: Binaries, port: number, offset: number): Launched {
  const limit = String(START_LIMIT_MS / 1000)
  const args = ['start', '-w', '-t', limit, '-D', dataDirectory, '-l', logFile(dataDirectory)]
  const done = spawnSync(binaries.pgCtl, args, { env: serverEnvironment(), stdio: 'ignore', windowsHide: true })
  const found = readPidFile(dataDirectory)
  if (done.status !== 0 || found === null) throw failure(dataDirectory, port, offset)
  return { pid: found.pid, port, isRunning: null }
}

/** Opens the log to append, and empties a large one. Refuses a symbolic link (see `writeSettings`). */
function openLog(dataDirectory: string, account: Account | null): { descriptor: number; offset: number } {
  const file = logFile(dataDirectory)
  return fileWork(`open ${file}`, () => {
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)
    const descriptor = openSync(file, flags, 0o600)
    if (account !== null) fchownSync(descriptor, account.uid, account.gid)
    if (fstatSync(descriptor).size > LOG_LIMIT_BYTES) ftruncateSync(descriptor, 0)
    return { descriptor, offset: fstatSync(descriptor).size }
  })
}

/**
 * Reads only what the server wrote since `offset`, during this start: earlier lines may quote statements with values. The
 * patterns are PostgreSQL's English messages, which the C locale guarantees.
 */
function failure(dataDirectory: string, port: number, offset: number): EmbeddedPostgresError {
  const written = fileWork('read the log of the server', () => readFileSync(logFile(dataDirectory)).subarray(offset))
  const said = written.toString('utf8').trimEnd()
  if (/could not bind IPv4 address|could not create any TCP\/IP sockets/.test(said)) return portTaken(port)
  if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(said)) {
    return new EmbeddedPostgresError('directory-in-use', `Another process holds ${dataDirectory}.`)
  }
  if (saysNoSpace(said)) {
    return new EmbeddedPostgresError('no-space', `The server of ${dataDirectory} found no space left on the disk.`)
  }
  const tail = said.split('\n').slice(-LOG_LINES_SHOWN).join('\n')
  return new EmbeddedPostgresError(
    'start-failed',
    `The server of ${dataDirectory} did not start. It said (${logFile(dataDirectory)}):\n${tail}`,
  )
}
