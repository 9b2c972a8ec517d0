// The settings file inside a data directory: written at each start, and read for the last port and for whether the data
// is ephemeral. postgresql.conf includes it, so a server started by hand has the same settings. Called by cluster, server.
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Account } from './account.ts'
import { fileWork } from './error.ts'
import type { ParsedOptions } from './options.ts'

export const SETTINGS_FILE = 'embedded.conf'
const EPHEMERAL_MARK = '# ephemeral: removed when the server stops'

/** Whether the directory is removed when its server stops. */
export function isEphemeral(dataDirectory: string): boolean {
  return readSettings(dataDirectory).startsWith(EPHEMERAL_MARK)
}

/** Pid of the process with which the server ends; null when there is none. */
export function ownerOf(dataDirectory: string): number | null {
  const found = /^# ends with process (\d+)$/m.exec(readSettings(dataDirectory))
  return found === null ? null : Number(found[1])
}

/** The port of the last start, or null. */
export function keptPort(dataDirectory: string): number | null {
  const found = /^port = '(\d+)'$/m.exec(readSettings(dataDirectory))
  return found === null ? null : Number(found[1])
}

function readSettings(dataDirectory: string): string {
  const file = join(dataDirectory, SETTINGS_FILE)
  return fileWork(`read ${file}`, () => (existsSync(file) ? readFileSync(file, 'utf8') : ''))
}

/** The text of the settings file. The caller's settings come last, so they override those of an ephemeral server. */
export function renderSettings(
  options: Pick<ParsedOptions, 'settings' | 'ephemeral' | 'endsWithProcess'>,
  port: number,
): string {
  const fixed: [string, string][] = [
    ['port', String(port)],
    ['listen_addresses', '127.0.0.1'],
    // No socket: nobody needs it, and sockets of two servers would conflict in /tmp.
    ['unix_socket_directories', ''],
    ['timezone', 'UTC'],
    ['log_timezone', 'UTC'],
    // The default 4.0 is for rotating disks; PostgreSQL's manual suggests 1.1 for solid-state disks.
    ['random_page_cost', '1.1'],
  ]
  const unsafe: [string, string][] = [
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['synchronous_commit', 'off'],
  ]
  // In postgresql.conf a backslash is an escape character, and a quote is doubled.
  const line = ([name, value]: readonly [string, string]) =>
    `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  const head = options.ephemeral
    ? [EPHEMERAL_MARK]
    : ['# Written at each start; put your own settings in postgresql.conf.']
  if (options.endsWithProcess) head.push(`# ends with process ${process.pid}`)
  const lines = [...fixed, ...(options.ephemeral ? unsafe : []), ...options.settings].map(line)
  return `${[...head, ...lines].join('\n')}\n`
}

/**
 * Replaces the settings file by a rename. The server's account owns the directory, and could put a symbolic link in place of
 * the file: writing through it would make root write elsewhere.
 */
export function writeSettings(options: ParsedOptions, directory: string, port: number, account: Account | null): void {
  const file = join(directory, SETTINGS_FILE)
  fileWork(`write ${file}`, () => {
    const fresh = `${file}.${randomBytes(6).toString('hex')}`
    giveFile(fresh, renderSettings(options, port), account)
    renameSync(fresh, file)
  })
}

/** Writes a new private file and gives it to the server's account. */
export function giveFile(file: string, content: string, account: Account | null): void {
  writeFileSync(file, content, { mode: 0o600, flag: 'wx' })
  if (account !== null) chownSync(file, account.uid, account.gid)
}
