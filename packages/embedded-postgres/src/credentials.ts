// The superuser's name and password, kept in a private file beside the data directory so that a restart, or a process that
// adopts a server, knows them. The file belongs to us, not to the server's account. Called by cluster and server.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedPostgresError, fileWork } from './error.ts'
import type { ParsedOptions } from './options.ts'

export interface Credentials {
  readonly superuser: string
  readonly password: string
}

/** The password file, in libpq's format: `PGPASSFILE=<data directory>.pgpass psql -h 127.0.0.1 …` works. */
export function passwordFile(dataDirectory: string): string {
  return `${dataDirectory}.pgpass`
}

const FRESH_FILE = 'embedded.pgpass'

/**
 * Puts the password into a data directory that is being made. `credentialsOf` moves it beside: so the directory and its
 * password appear in one rename, whichever of two processes wins, and wherever one is killed.
 */
export function putPassword(freshDirectory: string, { superuser, password }: Credentials): void {
  const escaped = (field: string) => field.replaceAll(/[:\\]/g, '\\$&')
  const line = `127.0.0.1:*:*:${escaped(superuser)}:${escaped(password)}\n`
  writeFileSync(join(freshDirectory, FRESH_FILE), line, { mode: 0o600, flag: 'wx' })
}

function readPassword(dataDirectory: string): Credentials | null {
  const file = passwordFile(dataDirectory)
  const fresh = join(dataDirectory, FRESH_FILE)
  const text = fileWork(`read ${file}`, () => {
    if (existsSync(fresh)) renameSync(fresh, file)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  })
  const found = /^127\.0\.0\.1:\*:\*:((?:[^:\\]|\\.)+):((?:[^:\\]|\\.)+)\n$/u.exec(text)
  const plain = (field: string) => field.replaceAll(/\\(.)/gu, '$1')
  return found?.[1] === undefined || found[2] === undefined
    ? null
    : { superuser: plain(found[1]), password: plain(found[2]) }
}

/**
 * Who the superuser of an existing data directory is. Throws `password-unknown` when neither the file nor the caller knows,
 * `invalid-option` when they disagree: both are fixed since the directory was made.
 */
export function credentialsOf(options: ParsedOptions): Credentials {
  const { dataDirectory, superuser, password } = options
  const kept = readPassword(dataDirectory)
  if (kept === null) {
    if (password !== null) return { superuser: superuser ?? 'postgres', password }
    const message = `The password file ${passwordFile(dataDirectory)} is missing or malformed: give the password.`
    throw new EmbeddedPostgresError('password-unknown', message)
  }
  if ((superuser ?? kept.superuser) !== kept.superuser || (password ?? kept.password) !== kept.password) {
    throw new EmbeddedPostgresError(
      'invalid-option',
      `The superuser or the password given is not the one that ${dataDirectory} was made with.`,
    )
  }
  return kept
}
