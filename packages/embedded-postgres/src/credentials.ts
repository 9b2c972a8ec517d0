// The superuser's password: generated with the data directory, and kept in a private file beside it for restarts and for
// processes that adopt a server. The file belongs to us, not to the server's account. Called by cluster and server.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedPostgresError, fileWork } from './error.ts'

export const SUPERUSER = 'postgres'

/** The password file, in libpq's format: `PGPASSFILE=<data directory>.pgpass psql -h 127.0.0.1 …` works. */
export function passwordFile(dataDirectory: string): string {
  return `${dataDirectory}.pgpass`
}

const FRESH_FILE = 'embedded.pgpass'
const START = `127.0.0.1:*:*:${SUPERUSER}:`

/**
 * Puts the password into a data directory that is being made, so that one rename publishes both, even when two processes compete or
 * one is killed. `passwordOf` later moves the file beside the directory.
 */
export function putPassword(freshDirectory: string, password: string): void {
  writeFileSync(join(freshDirectory, FRESH_FILE), `${START}${password}\n`, { mode: 0o600, flag: 'wx' })
}

/** The password of an existing data directory. Throws `password-unknown`. */
export function passwordOf(dataDirectory: string): string {
  const file = passwordFile(dataDirectory)
  const fresh = join(dataDirectory, FRESH_FILE)
  const text = fileWork(`read ${file}`, () => {
    if (existsSync(fresh)) renameSync(fresh, file)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  })
  const password = text.startsWith(START) ? text.slice(START.length).trimEnd() : ''
  if (password !== '') return password
  const message = `The password file ${file} is missing or malformed: put it back, or remove the data directory.`
  throw new EmbeddedPostgresError('password-unknown', message)
}
