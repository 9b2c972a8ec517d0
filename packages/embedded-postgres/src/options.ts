// What a caller may ask of a server, and its check: every problem is reported at once, before anything is touched.
// Called by server.
import { basename, dirname, isAbsolute, join } from 'node:path'
import { makeFolder, realPath } from './account.ts'
import type { ServerVersion } from './binaries.ts'
import { EmbeddedPostgresError } from './error.ts'

export interface ServerOptions {
  /** Absolute. Made when it does not exist. Under root, ask `serverHome()` where it can be. */
  readonly dataDirectory: string
  /** Major version, 18 when absent. */
  readonly version?: ServerVersion | undefined
  /** When absent: the port of the last start when it is still free, else any free one. */
  readonly port?: number | undefined
  /** Values of postgresql.conf. The addresses, the port and the places of files are not for the caller. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** For tests: nothing survives a crash of the machine, and the data directory is removed at the stop. */
  readonly ephemeral?: boolean | undefined
  /**
   * The server is stopped when this process ends in any way, killed included, and one that nonetheless outlived its process
   * is replaced, not adopted. Always so when ephemeral. On Windows a killed process leaves the server to the next start.
   */
  readonly endsWithProcess?: boolean | undefined
}

/** Checked options, the data directory without symbolic links. */
export interface ParsedOptions {
  readonly dataDirectory: string
  readonly version: ServerVersion
  readonly port: number | null
  readonly settings: readonly (readonly [name: string, value: string])[]
  readonly ephemeral: boolean
  readonly endsWithProcess: boolean
}

/** Settings that this package answers for: where the server listens and where its files are. */
const OURS = /^(port|listen_addresses|unix_socket_directories|data_directory|hba_file|ident_file|external_pid_file)$/
const NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i

/** Throws `invalid-option`. Makes the missing parents of the data directory, so that its real path is known. */
export function parseOptions(options: ServerOptions): ParsedOptions {
  const { dataDirectory, version = 18, port, settings = {}, ephemeral = false, endsWithProcess = false } = options
  const problems: string[] = []
  // The parent holds the password file, so a root folder cannot be a data directory.
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
 * The server is told the real path of its directory, and later recognised by it; a symbolic link that is moved in between
 * must not make one server look like another's.
 */
function settledPath(dataDirectory: string): string {
  const parent = dirname(dataDirectory)
  makeFolder(parent)
  return realPath(join(parent, basename(dataDirectory)))
}
