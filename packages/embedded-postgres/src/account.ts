// Under which account the server runs, and which folders that account can enter. PostgreSQL refuses to run as root, so
// root starts it as an unprivileged account; everybody else runs it as themselves. Also owns the folders that this package
// makes outside of the caller's: they hold programs, so nobody else may write there. Called by binaries, cluster and server.
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
 * The account that runs the server of a data directory, or null for our own. Under root: the owner of the directory when
 * it exists (PostgreSQL insists on that), else `nobody`. It is looked up in /etc/passwd because initdb wants a name for it.
 */
export function serverAccount(dataDirectory: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const owner = statSync(dataDirectory, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const accounts = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : ''
  const nobody = /^nobody:[^:]*:(-?\d+):(-?\d+):/m.exec(accounts)
  return { uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) }
}

/** Whether the account can enter the directory. It is tried, not computed: mode bits do not tell about access lists. */
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

/** Refuses a folder that the server's account cannot enter; says where it could be instead. */
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

/** The path without symbolic links, also of a file that does not exist yet. */
export function realPath(path: string): string {
  const existing = nearestExisting(path)
  return join(realpathSync(existing), path.slice(existing.length))
}

/**
 * Where the data directory wanted at `preferred` (absolute) can be: `preferred` itself when the server's account can reach
 * it, which is always so unless we are root; else a folder of our own, the same at each call with the same `preferred`.
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
 * Makes a folder and its missing parents, for us alone whatever the umask. Root's can be entered, and not listed: the
 * server's account must pass.
 */
export function makeFolder(folder: string): void {
  fileWork(`make the folder ${folder}`, () => {
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (first === undefined || process.getuid?.() !== 0) return
    for (let made = folder; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o711)
  })
}

/** Nobody but root and us can rename or replace what is in this folder: true of a sticky /var/tmp, not of a user's folder. */
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
 * Does `use` in a folder that only we can write, and tries the next place when that fails (a read-only or noexec disk).
 * Root's folder is outside of /root, where no other account could read it. Throws the first failure when all fail.
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

/** Removes what killed processes left in a folder: entries that start with `prefix`, untouched for an hour. */
export function sweep(folder: string, prefix: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(prefix))) {
    const left = lstatSync(join(folder, name), { throwIfNoEntry: false })
    if (left === undefined || Date.now() - left.mtimeMs < LEFT_BEHIND_AFTER_MS) continue
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}
