/**
 * A fingerprint of the code that a publication's rules can use: every file of the package that
 * declares the publication and of linked packages, and the package manager's list of what is installed. When in doubt it is
 * null: tables with rules are then read whole.
 */
import { createHash, type Hash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { madeOf, type Publication } from '../publication/publication.ts'

/** Files in which package managers list what they installed: npm, pnpm, Yarn 2 and later, Yarn 1. */
const INSTALLED = ['.package-lock.json', '.pnpm/lock.yaml', '.yarn-state.yml', '.yarn-integrity']
const MODULES = 'node_modules'
const CODE = /\.[cm]?[jt]sx?$/
const IMPORTED = /(?:from|import|require)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g
const MOST_FILES = 20_000
const MOST_BYTES = 256 * 2 ** 20

/** The code cannot be determined. */
class Unsure extends Error {}

class Code {
  readonly #hash: Hash = createHash('sha256')
  readonly #started: number
  readonly #roots: string[] = []
  readonly #folders = new Set<string>()
  #hasPackages = false
  #hasList = false
  #files = 0
  #bytes = 0

  constructor(module: string, started: number) {
    this.#started = started
    this.#add(dirname(realpathSync(module)))
    for (const root of this.#roots) this.#package(root)
    if (this.#hasPackages && !this.#hasList) throw new Unsure()
  }

  get print(): string {
    return this.#hash.digest('hex')
  }

  /** Adds the package of a folder. An installed one is covered by the package manager's list. */
  #add(folder: string): void {
    let root = folder
    for (; !existsSync(join(root, 'package.json')); root = dirname(root)) {
      if (dirname(root) === root) throw new Unsure()
    }
    if (!root.split(/[/\\]/).includes(MODULES) && !this.#roots.includes(root)) this.#roots.push(root)
  }

  #package(root: string): void {
    this.#hash.update(`\n# ${this.#roots.indexOf(root)}`)
    this.#folder(root, root)
    for (let at = root; ; at = dirname(at)) {
      this.#modules(join(at, MODULES))
      if (dirname(at) === at) return
    }
  }

  #folder(root: string, folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.name.startsWith('.') || entry.name === MODULES) continue
      this.#isOld(lstatSync(folder))
      if (entry.isDirectory()) this.#folder(root, path)
      else if (entry.isFile()) this.#file(root, path)
      // A symbolic link may lead anywhere.
      else throw new Unsure()
    }
  }

  #file(root: string, path: string): void {
    const stats = lstatSync(path)
    this.#isOld(stats)
    this.#files += 1
    this.#bytes += stats.size
    if (this.#files > MOST_FILES || this.#bytes > MOST_BYTES) throw new Unsure()
    const content = readFileSync(path)
    this.#hash.update(`\n${relative(root, path)} ${content.length}\n`).update(content)
    if (!CODE.test(path)) return
    for (const [, name = ''] of content.toString().matchAll(IMPORTED)) {
      const used = resolve(dirname(path), name)
      if (relative(root, used).startsWith('..') && existsSync(used)) this.#add(dirname(realpathSync(used)))
    }
  }

  /** Files newer than the start of the process may differ from what it loaded. */
  #isOld({ mtimeMs, ctimeMs }: Stats): void {
    if (Math.max(mtimeMs, ctimeMs) >= this.#started) throw new Unsure()
  }

  /** Adds a node_modules folder: its list, and packages that are linked from elsewhere. */
  #modules(folder: string): void {
    if (this.#folders.has(folder) || !existsSync(folder)) return
    this.#folders.add(folder)
    const lists = INSTALLED.map((name) => join(folder, name)).filter((path) => existsSync(path))
    for (const path of lists) {
      this.#isOld(lstatSync(path))
      this.#hash.update(readFileSync(path))
    }
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
    const all = names.flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => join(name, inner)) : [name],
    )
    const links = all.map((name) => join(folder, name)).filter((path) => lstatSync(path).isSymbolicLink())
    for (const link of links) this.#add(realpathSync(link))
    if (lists.length > 0) this.#hasList = true
    if (links.length < all.length) this.#hasPackages = true
  }
}

/** Null when it cannot be determined, or is not needed. `started`: when this process began to load code. */
export function codeOf(publication: Publication, started: number = performance.timeOrigin): string | null {
  const module = madeOf(publication)?.place?.replace(/:\d+$/, '') ?? ''
  if (!publication.pureRules || !existsSync(module)) return null
  try {
    return new Code(module, started).print
  } catch (error) {
    if (error instanceof Unsure || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}
