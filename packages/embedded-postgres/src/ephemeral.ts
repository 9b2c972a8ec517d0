// The end of ephemeral servers: their directory is removed, and a process that exits without stopping them takes them along.
// Called by server.
import { rmSync } from 'node:fs'
import { passwordFile } from './credentials.ts'
import { fileWork } from './error.ts'
import { isAlive, isPostmasterOf, runningPostmaster, signal } from './postmaster.ts'

const EXIT_LIMIT_MS = 1_000
const EXIT_POLL_MS = 10

/** Data directory → pid of the postmaster, of the servers that this process has to end. */
const ephemerals = new Map<string, number>()
let listening = false

/** Removes a data directory and its password file. The last processes of the server may still be closing files in it. */
export function removeCluster(dataDirectory: string): void {
  ephemerals.delete(dataDirectory)
  fileWork(`remove ${dataDirectory}`, () => {
    rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    rmSync(passwordFile(dataDirectory), { force: true })
  })
}

/** A process that exits takes its ephemeral servers along. One that is killed leaves them: the next start adopts them. */
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
      // The process is ending: there is nobody left to tell.
    }
  }
}
