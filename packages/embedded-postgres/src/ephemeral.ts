// Servers that end with their process. A guard (a small shell process) stops the server of a killed one. The directory of an
// ephemeral server is removed at its end. Called by server and launch.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { passwordFile } from './credentials.ts'
import { fileWork } from './error.ts'
import { isAlive, isPostmasterOf, runningPostmaster, signal } from './postmaster.ts'

const EXIT_LIMIT_MS = 1_000
const EXIT_POLL_MS = 10

/** Data directory → pid of the postmaster, for the servers that this process must end. */
const ephemerals = new Map<string, number>()
let listening = false

/** Removes a data directory and its password file. Retries, because the server's last processes may still write there. */
export function removeCluster(dataDirectory: string): void {
  ephemerals.delete(dataDirectory)
  fileWork(`remove ${dataDirectory}`, () => {
    rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    rmSync(passwordFile(dataDirectory), { force: true })
  })
}

/** The guard's script: waits for the end of its input, which comes when our process ends in any way, then stops the postmaster. */
const GUARD = 'while read -r _; do :; done; read -r pid < "$1/postmaster.pid" && [ "$pid" = "$2" ] && kill -INT "$2"'

/** Starts the guard. Returns a function that releases it; to call after the server's end. Does nothing on Windows. */
export function guard(dataDirectory: string, pid: number): () => void {
  if (process.platform === 'win32') return () => undefined
  const shell = spawn('/bin/sh', ['-c', GUARD, 'guard', dataDirectory, String(pid)], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    // Outside our process group, so that it survives when the group is killed.
    detached: true,
  })
  // Without a guard, the next start replaces the server.
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return () => shell.stdin.destroy()
}

/** Ends ephemeral servers and removes their directories when this process exits. A killed process leaves the directories. */
export function endAtExit(dataDirectory: string, pid: number): void {
  if (!listening) process.once('exit', endAll)
  listening = true
  ephemerals.set(dataDirectory, pid)
}

function endAll(): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (const [dataDirectory, pid] of ephemerals) {
    try {
      if (isPostmasterOf(pid, dataDirectory)) {
        signal(pid, 'SIGQUIT')
        for (const end = Date.now() + EXIT_LIMIT_MS; isAlive(pid) && Date.now() < end; ) {
          Atomics.wait(pause, 0, 0, EXIT_POLL_MS)
        }
      }
      if (runningPostmaster(dataDirectory) === null) removeCluster(dataDirectory)
    } catch {
      // The process is ending, so nobody can handle an error.
    }
  }
}
