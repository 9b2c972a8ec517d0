// Servers that end with their process, however it ends: a guard stops that of a killed one. The directory of an ephemeral
// server is removed with it. Called by server and launch.
import { spawn } from 'node:child_process'
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

/** It waits for the end of its input, which comes when we end, in any way, and asks the postmaster to stop. */
const GUARD = 'while read -r _; do :; done; read -r pid < "$1/postmaster.pid" && [ "$pid" = "$2" ] && kill -INT "$2"'

/** Returns what lets the guard go; it does nothing once the server has ended. Windows has neither its shell nor its signals. */
export function guard(dataDirectory: string, pid: number): () => void {
  if (process.platform === 'win32') return () => undefined
  const shell = spawn('/bin/sh', ['-c', GUARD, 'guard', dataDirectory, String(pid)], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    // Whatever kills the whole group of our processes must leave it.
    detached: true,
  })
  // Without a guard the next start replaces the server.
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  return () => shell.stdin.destroy()
}

/** A process that exits takes its ephemeral servers along, with their directories. One that is killed leaves these. */
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
