// Chooses the account that runs the server, and checks which folders it can enter. PostgreSQL refuses to run as root, so
// root starts it under an unprivileged account; other users run it as themselves. Also makes the package's own folders outside
// the caller's; they hold programs, so nobody else may write there. Called by binaries, cluster and server.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { EmbeddedPostgresError, fileWork, systemCode } from './error.ts'

/** A system account other than our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const LEFT_BEHIND_AFTER_MS = 3_600_000

/**
 * The account that runs the server of a data directory, or null for our own. Under root: the owner of an existing directory
 * (PostgreSQL requires it), else `nobody`. Looked up in /etc/passwd, because initdb needs its name.
 */
export function serverAccount(dataDirectory: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const owner = statSync(dataDirectory, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const accounts = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : ''
  const nobody = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(accounts)
  return { uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) }
}

/** Whether the account can enter the directory. It tries, because mode bits do not show access control lists. */
function canEnter(directory: string, account: Account): boolean {
  const tried = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...account, cwd: '/', stdio: 'ignore' })
  if (tried.error !== undefined) {
    throw new EmbeddedPostgresError(
      'account-unusable',
      `PostgreSQL does not run as root, and a process could not be started under the account ${account.uid} ` +
        `(${systemCode(tried.error)}). Run as an ordinary user.`,
      tried.error,
    )
  }
  return tried.status === 0
}

/** Throws `folder-unreachable` for a folder that the server's account cannot enter, and suggests another place. */
export function assertReachable(folder: string, account: Account | null): void {
  if (account === null || canEnter(folder, account)) return
  throw new EmbeddedPostgresError(
    'folder-unreachable',
    `The account ${account.uid}, which runs PostgreSQL for root, cannot enter ${folder}. Ask serverHome() for a folder that it can.`,
  )
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

/** The path without symbolic links, also for a file that does not exist yet. */
export function realPath(path: string): string {
  const existing = nearestExisting(path)
  return join(realpathSync(existing), path.slice(existing.length))
}

/**
 * The place for a data directory wanted at `preferred` (absolute): `preferred` itself when the server's account can reach
 * it, which is always so unless we are root; else a folder of our own, always the same one for the same `preferred`.
 */
export function serverHome(preferred: string): string {
  if (!isAbsolute(preferred)) {
    throw new EmbeddedPostgresError('invalid-option', `serverHome() wants an absolute path, and got ${preferred}.`)
  }
  const account = serverAccount(preferred)
  if (account === null || canEnter(nearestExisting(preferred), account)) return preferred
  const real = realPath(resolve(preferred))
  const key = createHash('sha256').update(real).digest('hex').slice(0, 16)
  return withOwnFolder((folder) => {
    assertReachable(folder, account)
    return join(folder, 'data', `${basename(real)}-${key}`)
  })
}

/**
 * Makes a folder and its missing parents, private whatever the umask. Others can enter, but not list, root's folders, because the
 * server's account must pass through them.
 */
export function makeFolder(folder: string): void {
  fileWork(`make the folder ${folder}`, () => {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (first === undefined || process.getuid?.() !== 0) return
    for (let made = folder; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o711)
  })
}

/** Whether only root and we can rename or replace what is in this folder: true for a sticky /var/tmp, not for another user's folder. */
function isGuarded(folder: string, self: number): boolean {
  const { uid, mode } = statSync(folder)
  const guarded = (uid === 0 || uid === self) && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0)
  return guarded && (dirname(folder) === folder || isGuarded(dirname(folder), self))
}

function ownFolder(parent: string, self: number): string {
  if (self !== 0) mkdirSync(parent, { recursive: true, mode: 0o755 })
  const folder = join(realpathSync(parent), `embedded-postgres-${self}`)
  try {
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== self || (found.mode & 0o022) !== 0 || !isGuarded(dirname(folder), self)) {
    throw new EmbeddedPostgresError('folder-unsafe', `${folder} could be changed by another user: remove it.`)
  }
  return folder
}

/**
 * Calls `use` with a folder that only we can write, and tries the next place when that fails (a read-only or noexec disk).
 * Root's folder is outside /root, which no other account can read. Throws the first error when all places fail.
 */
export function withOwnFolder<T>(use: (folder: string) => T): T {
  const self = process.getuid?.() ?? 0
  const cache = join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
  const parents = self === 0 ? ['/var/tmp', '/var/lib', tmpdir()] : [cache, '/var/tmp', tmpdir()]
  let first: unknown
  for (const parent of parents) {
    try {
      return fileWork(`use ${parent}`, () => use(ownFolder(parent, self)))
    } catch (error) {
      first ??= error
    }
  }
  throw first
}

/** Removes leftovers of killed processes from a folder: entries that start with `prefix`, unchanged for an hour. */
export function sweep(folder: string, prefix: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(prefix))) {
    const left = lstatSync(join(folder, name), { throwIfNoEntry: false })
    if (left === undefined || Date.now() - left.mtimeMs < LEFT_BEHIND_AFTER_MS) continue
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}
