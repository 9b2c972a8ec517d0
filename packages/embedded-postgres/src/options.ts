// The options of a server, and their check: reports all problems at once, before anything is changed. Called by server.
import { basename, dirname, isAbsolute, join } from 'node:path'
import { makeFolder, realPath } from './account.ts'
import type { ServerVersion } from './binaries.ts'
import { EmbeddedPostgresError } from './error.ts'

export interface ServerOptions {
  /** Absolute path. Made when it does not exist. Under root, `serverHome()` returns a possible place. */
  readonly dataDirectory: string
  /** Major version; default 18. */
  readonly version?: ServerVersion | undefined
  /** Default: the port of the last start if it is free, else any free one. */
  readonly port?: number | undefined
  /** Settings of postgresql.conf, except addresses, port and places of files. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** For tests: data does not survive a crash of the machine, and the data directory is removed when the server stops. */
  readonly ephemeral?: boolean | undefined
  /**
   * The server stops when this process ends in any way, even killed. A server that still outlived its process
   * is replaced, not adopted. Always true when ephemeral. On Windows, the server of a killed process runs until the next start.
   */
  readonly endsWithProcess?: boolean | undefined
}

/** Checked options; the data directory is a real path without symbolic links. */
export interface ParsedOptions {
  readonly dataDirectory: string
  readonly version: ServerVersion
  readonly port: number | null
  readonly settings: readonly (readonly [name: string, value: string])[]
  readonly ephemeral: boolean
  readonly endsWithProcess: boolean
}

/** Settings that only this package sets: where the server listens and where its files are. */
const OURS = /^(port|listen_addresses|unix_socket_directories|data_directory|hba_file|ident_file|external_pid_file)$/
const NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i

/** Checks the options, and makes missing parents of the data directory to know its real path. Throws `invalid-option`. */
export function parseOptions(options: ServerOptions): ParsedOptions {
  const { dataDirectory, version = 18, port, settings = {}, ephemeral = false, endsWithProcess = false } = options
  const problems: string[] = []
  // The parent folder holds the password file, so a root folder cannot be a data directory.
  if (!isAbsolute(dataDirectory) || dirname(dataDirectory) === dataDirectory) {
    problems.push(`dataDirectory is not an absolute path: ${dataDirectory}`)
  }
  if (version !== 15 && version !== 18) problems.push(`version ${String(version)} is not shipped: 15 and 18 are`)
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    problems.push(`port ${port} is not between 1 and 65535`)
  }
  for (const [name, value] of Object.entries(settings)) {
    const key = name.toLowerCase()
    if (!NAME.test(name)) problems.push(`settings: ${JSON.stringify(name)} is not the name of a setting`)
    else if (OURS.test(key) || key.startsWith('include')) problems.push(`settings: ${name} is not for the caller`)
    else if (/\p{Cc}/u.test(value)) problems.push(`settings: the value of ${name} has control characters`)
  }
  if (problems.length > 0) throw new EmbeddedPostgresError('invalid-option', `${problems.join('; ')}.`)

  return {
    dataDirectory: settledPath(dataDirectory),
    version,
    port: port ?? null,
    settings: Object.entries(settings),
    ephemeral,
    endsWithProcess: ephemeral || endsWithProcess,
  }
}

/**
 * The real path of the data directory. The server is started with it and later recognised by it, so that a symbolic link that
 * changes in between cannot confuse two servers.
 */
function settledPath(dataDirectory: string): string {
  const parent = dirname(dataDirectory)
  makeFolder(parent)
  return realPath(join(parent, basename(dataDirectory)))
}
