// The data directory on disk: created by initdb, with its password file beside it and our settings inside. Knows nothing about
// running servers. Called by server.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Account, sweep } from './account.ts'
import type { Binaries, ServerVersion } from './binaries.ts'
import { putPassword, SUPERUSER } from './credentials.ts'
import { EmbeddedPostgresError, fileWork, saysNoSpace, systemCode } from './error.ts'
import type { ParsedOptions } from './options.ts'
import { giveFile, isEphemeral, SETTINGS_FILE, writeSettings } from './settings.ts'

const INITDB_TIMEOUT_MS = 120_000

/** Server programs do not get our environment, which may hold credentials and PG* variables. On Windows they need a few variables. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const base = { LC_ALL: 'C', TZ: 'UTC' }
  if (process.platform !== 'win32') return base
  const { SystemRoot, PATH, TEMP } = process.env
  return { ...base, SystemRoot, PATH, TEMP }
}

/** Whether the directory is a data directory of this package. Throws `folder-foreign` when it holds anything else. */
export function clusterExists(dataDirectory: string): boolean {
  return fileWork(`read ${dataDirectory}`, () => {
    if (!existsSync(dataDirectory)) return false
    const entries = readdirSync(dataDirectory)
    if (entries.includes('PG_VERSION') && entries.includes(SETTINGS_FILE)) return true
    if (entries.length === 0) return false
    throw new EmbeddedPostgresError('folder-foreign', `${dataDirectory} is not empty and was not made here.`)
  })
}

/** The major version that made the directory. Throws `version-mismatch` for one that is not available. */
export function clusterVersion(dataDirectory: string): ServerVersion {
  const made = fileWork(`read ${dataDirectory}`, () => readFileSync(join(dataDirectory, 'PG_VERSION'), 'utf8').trim())
  if (made === '15') return 15
  if (made === '18') return 18
  throw new EmbeddedPostgresError(
    'version-mismatch',
    `${dataDirectory} was made by PostgreSQL ${made}, not shipped here.`,
  )
}

/** Throws `version-mismatch`, or `invalid-option` for an ephemeral start on lasting data, or the reverse. */
export function assertSameCluster(options: ParsedOptions): void {
  const { dataDirectory, version, ephemeral } = options
  const made = clusterVersion(dataDirectory)
  if (made !== version) {
    throw new EmbeddedPostgresError(
      'version-mismatch',
      `${dataDirectory} was made by PostgreSQL ${made}, and ${version} was asked. Use that version or another directory.`,
    )
  }
  if (isEphemeral(dataDirectory) !== ephemeral) {
    const kind = ephemeral ? 'lasting' : 'ephemeral'
    throw new EmbeddedPostgresError('invalid-option', `${dataDirectory} is ${kind}, and the contrary was asked.`)
  }
}

/**
 * Makes the data directory. It is built under another name and renamed when complete, so that a killed process leaves no partial
 * directory. If another process was first, keeps its directory.
 */
export async function createCluster(
  options: ParsedOptions,
  binaries: Binaries,
  account: Account | null,
): Promise<void> {
  const { dataDirectory } = options
  const password = randomBytes(18).toString('base64url')
  sweep(dirname(dataDirectory), `${basename(dataDirectory)}.new-`)
  const fresh = `${dataDirectory}.new-${randomBytes(6).toString('hex')}`
  const secret = `${fresh}.password`
  try {
    fileWork(`make ${fresh}`, () => {
      mkdirSync(fresh, { mode: 0o700 })
      if (account !== null) chownSync(fresh, account.uid, account.gid)
      giveFile(secret, `${password}\n`, account)
    })
    await initdb(binaries, initdbArguments(options, fresh, secret), account)
    // The port is chosen at the start; 0 means none yet.
    writeSettings(options, fresh, 0, account)
    fileWork(`put ${dataDirectory} in place`, () => {
      appendFileSync(join(fresh, 'postgresql.conf'), `\ninclude = '${SETTINGS_FILE}'\n`)
      chmodSync(fresh, 0o700)
      putPassword(fresh, password)
      putInPlace(fresh, dataDirectory)
    })
  } finally {
    rmSync(secret, { force: true })
    rmSync(fresh, { recursive: true, force: true })
  }
}

function putInPlace(fresh: string, dataDirectory: string): void {
  // Windows cannot rename over an empty directory.
  if (existsSync(dataDirectory) && readdirSync(dataDirectory).length === 0) rmdirSync(dataDirectory)
  try {
    renameSync(fresh, dataDirectory)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(error)) || !clusterExists(dataDirectory)) throw error
  }
}

function initdbArguments(options: ParsedOptions, directory: string, secret: string): string[] {
  return [
    ...['-D', directory, '-U', SUPERUSER, '--pwfile', secret, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C'],
    ...localeProvider(options.version),
    ...(options.ephemeral ? ['--no-sync'] : []),
  ]
}

/** Since version 17, PostgreSQL has a builtin C.UTF-8, which sorts by code point and whose upper() and lower() handle accents. */
function localeProvider(version: ServerVersion): string[] {
  return version >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []
}

async function initdb(binaries: Binaries, args: readonly string[], account: Account | null): Promise<void> {
  const child = spawn(binaries.initdb, args, {
    ...account,
    cwd: binaries.folder,
    env: serverEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INITDB_TIMEOUT_MS,
    windowsHide: true,
  })
  const { status, output } = await finished(child)
  if (status === 0) return
  if (saysNoSpace(output)) {
    throw new EmbeddedPostgresError('no-space', 'initdb could not make the data directory: no space left on the disk.')
  }
  if (/could not look up effective user ID/.test(output)) {
    const message =
      'initdb wants the account that it runs under to have a name: add it to /etc/passwd, or use another account.'
    throw new EmbeddedPostgresError('account-unusable', message)
  }
  throw new EmbeddedPostgresError('initdb-failed', `initdb failed (${status}):\n${output.trim()}`)
}

function finished(child: ChildProcess): Promise<{ status: number | string; output: string }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: systemCode(error), output: output || error.message }))
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? 'ended', output }))
  })
}
