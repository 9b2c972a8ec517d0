/**
 * A publication whose files are being edited: they are loaded again when one of them changes. What does not load is told, and
 * the last one that did stays; what `check` says of its dashboards stands beside each question.
 */
import { readFileSync, statSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { asVitrineError, type Problem, type VitrineError } from '../base/errors.ts'
import { checkDashboards } from '../dashboards/check.ts'
import type { Publication } from '../publication/publication.ts'
import { publicationOf } from './publication-file.ts'

const LOOK_MS = 100
const MARK = 'vitrine-edition'

/** Gives each file that an edition imports by a relative path the same edition; packages stay as they are loaded. */
const HOOK = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  const edition = context.parentURL?.match(/[?&]${MARK}=\\d+/)?.[0].slice(1)
  return edition !== undefined && /^\\.{0,2}\\//.test(specifier) ? { ...found, url: found.url + '?' + edition } : found
}`

const IMPORTED = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** The file and those that it imports by relative paths, in the order in which they are found. */
function filesOf(entry: string): readonly string[] {
  const found = new Set([entry])
  for (const path of found) {
    for (const [, name = ''] of textOf(path).matchAll(IMPORTED)) found.add(resolve(dirname(path), name))
  }
  return [...found]
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const stampOf = (paths: readonly string[]): string =>
  paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0).join(' ')

export class WatchedPublication {
  readonly #path: string
  #files: readonly string[]
  #stamp: string
  #timer: NodeJS.Timeout
  #problems: readonly Problem[] = []
  current: Publication
  /** Counts what was loaded, or did not load. */
  edition = 0
  /** Why the files as they are now do not load. */
  failure: VitrineError | null = null

  constructor(path: string, given: Publication) {
    this.#path = path
    this.current = given
    nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOK)}`)
    this.#files = filesOf(path)
    this.#stamp = stampOf(this.#files)
    this.#timer = this.#again()
  }

  /** What is wrong with a question or a dashboard, as `check` says it. */
  problems = (place: string): readonly Problem[] => this.#problems.filter((problem) => problem.place === place)

  close(): void {
    clearTimeout(this.#timer)
  }

  #again(): NodeJS.Timeout {
    return setTimeout(async () => {
      await this.#look()
      this.#timer = this.#again()
    }, LOOK_MS).unref()
  }

  async #look(): Promise<void> {
    const stamp = stampOf(this.#files)
    if (stamp === this.#stamp) return
    this.#files = filesOf(this.#path)
    this.#stamp = stampOf(this.#files)
    const edition = this.edition + 1
    try {
      const publication = await publicationOf(this.#path, `${pathToFileURL(this.#path).href}?${MARK}=${edition}`)
      this.#problems = (await checkDashboards(publication)).problems
      this.current = publication
      this.failure = null
    } catch (thrown) {
      this.failure = asVitrineError(thrown)
    }
    this.edition = edition
  }
}
