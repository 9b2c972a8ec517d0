// Starts, adopts and stops a server: the public entry points and the order of the steps. Each step has its own file: options,
// account, binaries, cluster, settings, credentials, launch, postmaster, ephemeral.
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, assertReachable, realPath, serverAccount } from './account.ts'
import { type Binaries, findBinaries, type ServerVersion } from './binaries.ts'
import { assertSameCluster, clusterExists, clusterVersion, createCluster } from './cluster.ts'
import { passwordOf, SUPERUSER } from './credentials.ts'
import { endAtExit, removeCluster } from './ephemeral.ts'
import { EmbeddedPostgresError } from './error.ts'
import { type Launched, launch, START_LIMIT_MS } from './launch.ts'
import { type ParsedOptions, parseOptions, type ServerOptions } from './options.ts'
import {
  isAlive,
  isPostmasterOf,
  removeForeignPidFile,
  runningPostmaster,
  type StopMode,
  shutDown,
  signal,
  waitUntilGone,
} from './postmaster.ts'
import { isEphemeral, ownerOf } from './settings.ts'

/** A running server. Printing it shows no password. */
export interface EmbeddedServer {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly superuser: string
  readonly password: string
  readonly version: ServerVersion
  /** Process id of the postmaster. */
  readonly pid: number
  /** The real path, without symbolic links. */
  readonly dataDirectory: string
  /** The server was already running, started by another process or left by a killed one. It keeps its settings. */
  readonly adopted: boolean
  /** Another server still ran on the data, although it should have ended with its process; it was stopped first. */
  readonly replaced: boolean
  /** A connection URL with the password, for the superuser by default. */
  url(database: string, credentials?: { readonly user: string; readonly password: string }): string
  /** Stops the server and waits for its end; removes an ephemeral data directory. Can be called again. Throws `stop-failed`. */
  stop(mode?: StopMode): Promise<void>
  /** For tests: ends the postmaster like a power cut, and keeps the data directory. The next start recovers. */
  crash(): Promise<void>
}

const PORT_ATTEMPTS = 5
/** Processes of a killed postmaster keep its shared memory until they notice, usually at once. */
const IN_USE_LIMIT_MS = 10_000
const RETRY_MS = 100
const CRASH_LIMIT_MS = 5_000
const ADOPT_POLL_MS = 10

/** Queues starts of the same data directory within this process: the second finds the server of the first. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Starts a PostgreSQL server, or adopts the one that already runs on the data directory. Makes the directory if needed.
 * Throws EmbeddedPostgresError.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const parsed = parseOptions(options)
  const { dataDirectory } = parsed
  const before = turns.get(dataDirectory) ?? Promise.resolve()
  const mine = before.then(() => startInTurn(parsed))
  const ended = mine.catch(() => undefined)
  turns.set(dataDirectory, ended)
  try {
    return await mine
  } finally {
    if (turns.get(dataDirectory) === ended) turns.delete(dataDirectory)
  }
}

async function startInTurn(options: ParsedOptions): Promise<EmbeddedServer> {
  const { dataDirectory } = options
  const account = serverAccount(dataDirectory)
  assertReachable(dirname(dataDirectory), account)
  const binaries = findBinaries(options.version, account)
  if (!clusterExists(dataDirectory)) await createCluster(options, binaries, account)
  assertSameCluster(options)
  const password = passwordOf(dataDirectory)
  const replaced = await endForsaken(dataDirectory)
  const adopted = await adopt(options)
  if (adopted !== null) return new Server(options, password, adopted, true)
  removeForeignPidFile(dataDirectory)
  try {
    const server = await launchPersistently(options, password, binaries, account)
    server.replaced = replaced
    return server
  } catch (error) {
    if (options.ephemeral && runningPostmaster(dataDirectory) === null) removeCluster(dataDirectory)
    throw error
  }
}

/** Stops a server that should have ended with its process, which is gone. Its guard, if it has one, does the same. */
async function endForsaken(dataDirectory: string): Promise<boolean> {
  const owner = ownerOf(dataDirectory)
  if (owner === null || isAlive(owner)) return false
  return stopRunning(dataDirectory, 'fast')
}

/** Launches, and retries after temporary errors: another program took the port, or shared memory is not yet released. */
async function launchPersistently(
  options: ParsedOptions,
  password: string,
  binaries: Binaries,
  account: Account | null,
): Promise<Server> {
  const { dataDirectory } = options
  const end = Date.now() + IN_USE_LIMIT_MS
  for (let attempt = 1; ; attempt += 1) {
    try {
      const started = (pid: number) => {
        if (options.ephemeral) endAtExit(dataDirectory, pid)
      }
      return new Server(options, password, await launch(options, binaries, account, started), false)
    } catch (error) {
      const code = error instanceof EmbeddedPostgresError ? error.code : null
      const passing =
        (code === 'port-taken' && options.port === null && attempt < PORT_ATTEMPTS) ||
        (code === 'directory-in-use' && Date.now() < end)
      if (!passing) throw error
      await sleep(RETRY_MS)
      // Another process may have started it meanwhile.
      const adopted = await adopt(options)
      if (adopted !== null) return new Server(options, password, adopted, true)
    }
  }
}

/** Waits until the server on the data directory is ready. Returns null when none runs, or when it ends meanwhile. */
async function adopt(options: ParsedOptions): Promise<Launched | null> {
  const { dataDirectory, port } = options
  for (const end = Date.now() + START_LIMIT_MS; ; await sleep(ADOPT_POLL_MS)) {
    const found = runningPostmaster(dataDirectory)
    if (found === null) return null
    if (!found.ready && Date.now() < end) continue
    if (!found.ready) {
      throw new EmbeddedPostgresError('start-timeout', `The server of ${dataDirectory} runs and does not become ready.`)
    }
    if (port !== null && port !== found.port) {
      throw new EmbeddedPostgresError(
        'already-running',
        `A server runs on ${dataDirectory} at port ${found.port}, and ${port} was asked. Stop it first: stopServerIn().`,
      )
    }
    if (options.ephemeral) endAtExit(dataDirectory, found.pid)
    return { pid: found.pid, port: found.port, isRunning: null }
  }
}

/**
 * Stops the server of a data directory, whoever started it; removes an ephemeral directory.
 * @returns whether a server was running.
 */
export async function stopServerIn(dataDirectory: string, mode: StopMode = 'fast'): Promise<boolean> {
  const directory = realPath(resolve(dataDirectory))
  if (!existsSync(directory) || !clusterExists(directory)) return false
  const wasRunning = await stopRunning(directory, mode)
  if (isEphemeral(directory)) removeCluster(directory)
  return wasRunning
}

async function stopRunning(dataDirectory: string, mode: StopMode): Promise<boolean> {
  const found = runningPostmaster(dataDirectory)
  if (found === null) return false
  const server = { pid: found.pid, dataDirectory, version: clusterVersion(dataDirectory) }
  await shutDown(server, mode, () => isPostmasterOf(found.pid, dataDirectory))
  return true
}

class Server implements EmbeddedServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly superuser = SUPERUSER
  readonly version: ServerVersion
  readonly pid: number
  readonly dataDirectory: string
  readonly adopted: boolean
  replaced = false
  readonly #password: string
  readonly #ephemeral: boolean
  readonly #isOurs: () => boolean
  #stopped: Promise<void> | null = null

  constructor(options: ParsedOptions, password: string, launched: Launched, adopted: boolean) {
    this.port = launched.port
    this.pid = launched.pid
    this.version = options.version
    this.dataDirectory = options.dataDirectory
    this.adopted = adopted
    this.#password = password
    this.#ephemeral = options.ephemeral
    this.#isOurs = launched.isRunning ?? (() => isPostmasterOf(launched.pid, options.dataDirectory))
  }

  get password(): string {
    return this.#password
  }

  url(database: string, credentials?: { readonly user: string; readonly password: string }): string {
    const { user, password } = credentials ?? { user: this.superuser, password: this.#password }
    const encoded = [user, password, database].map(encodeURIComponent)
    return `postgresql://${encoded[0]}:${encoded[1]}@${this.host}:${this.port}/${encoded[2]}`
  }

  stop(mode: StopMode = 'fast'): Promise<void> {
    this.#stopped ??= this.#end(mode).catch((error: unknown) => {
      // After a failed stop, the caller can try again.
      this.#stopped = null
      throw error
    })
    return this.#stopped
  }

  async #end(mode: StopMode): Promise<void> {
    await shutDown(this, mode, this.#isOurs)
    // After a crash, another start may use the directory, and will remove it.
    if (this.#ephemeral && runningPostmaster(this.dataDirectory) === null) removeCluster(this.dataDirectory)
  }

  async crash(): Promise<void> {
    if (this.#isOurs()) signal(this.pid, 'SIGKILL')
    if (await waitUntilGone(this.pid, CRASH_LIMIT_MS)) return
    throw new EmbeddedPostgresError(
      'stop-failed',
      `The server of ${this.dataDirectory} (pid ${this.pid}) does not end.`,
    )
  }
}
