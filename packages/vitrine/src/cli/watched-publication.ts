/**
 * A publication whose files are being edited: one that changes is loaded again, with those that import it. What does not load is
 * told, and the last one that did stays; what `check` says of its dashboards stands beside each question.
 */
import { once } from 'node:events'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { asVitrineError, type Problem, type VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { checkDashboards } from '../dashboards/dashboard-check.ts'
import type { Publication } from '../publication/publication.ts'
import { publicationOf } from './publication-file.ts'

const LOOK_MS = 100
/** A browser asks again after it. */
const WAIT_MS = 20_000
const MARK = 'vitrine-edition'

/** Gives each watched file the edition in which it last changed, so that all others stay as they are loaded. */
const HOOK = `let editions = new Map()
export const initialize = (port) => port.on('message', (told) => { editions = told; port.postMessage(null) })
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  const edition = editions.get(found.url)
  return edition === undefined ? found : { ...found, url: found.url + '?${MARK}=' + edition }
}`

const IMPORTED = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

interface WatchedFile {
  readonly stamp: number
  readonly imports: readonly string[]
}

const readFile = (path: string): WatchedFile => {
  try {
    const text = readFileSync(path, 'utf8')
    const imports = [...text.matchAll(IMPORTED)].map(([, name = '']) => real(resolve(dirname(path), name)))
    return { stamp: stampOf(path), imports }
  } catch {
    return { stamp: stampOf(path), imports: [] }
  }
}

/** Node knows a module by where its file is, whatever leads there. */
const real = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const stampOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** The file and those that it imports by relative paths; one that did not change since is as it was read. */
function filesOf(entry: string, before: ReadonlyMap<string, WatchedFile>): ReadonlyMap<string, WatchedFile> {
  const found = new Map<string, WatchedFile>()
  const paths = new Set([entry])
  for (const path of paths) {
    const known = before.get(path)
    const file = known !== undefined && known.stamp === stampOf(path) ? known : readFile(path)
    found.set(path, file)
    for (const each of file.imports) paths.add(each)
  }
  return found
}

/** What changed, and whatever imports it. */
function changedIn(
  files: ReadonlyMap<string, WatchedFile>,
  before: ReadonlyMap<string, WatchedFile>,
): ReadonlySet<string> {
  const changed = new Set([...files].flatMap(([path, file]) => (before.get(path) === file ? [] : [path])))
  // A file that is added is walked too.
  for (const path of changed) for (const [other, { imports }] of files) if (imports.includes(path)) changed.add(other)
  return changed
}

export class WatchedPublication {
  readonly #path: string
  readonly #hook: MessagePort
  readonly #editions = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #files: ReadonlyMap<string, WatchedFile>
  #timer: NodeJS.Timeout
  #problems: readonly Problem[] = []
  current: Publication
  /** Counts what was loaded, or did not load. */
  edition = 0
  /** Why the files as they are now do not load. */
  failure: VitrineError | null = null

  constructor(path: string, given: Publication) {
    this.#path = real(path)
    this.current = given
    const { port1, port2 } = new MessageChannel()
    this.#hook = port1
    port1.unref()
    const data = { data: port2, transferList: [port2] }
    nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOK)}`, data)
    this.#files = filesOf(this.#path, new Map())
    this.#timer = this.#again()
  }

  /** What is wrong with a question or a dashboard, as `check` says it. */
  problems = (place: string): readonly Problem[] => this.#problems.filter((problem) => problem.place === place)

  /** Resolves when another edition is there than this one, and after a while in any case. */
  async after(edition: number): Promise<void> {
    if (edition !== this.edition) return
    const done = new AbortController()
    const changed = () => done.abort()
    this.#waiting.add(changed)
    await pause(WAIT_MS, done.signal)
    this.#waiting.delete(changed)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#hook.close()
    for (const changed of this.#waiting) changed()
  }

  #again(): NodeJS.Timeout {
    return setTimeout(async () => {
      await this.#look()
      this.#timer = this.#again()
    }, LOOK_MS).unref()
  }

  async #look(): Promise<void> {
    if ([...this.#files].every(([path, { stamp }]) => stamp === stampOf(path))) return
    const before = this.#files
    this.#files = filesOf(this.#path, before)
    const edition = this.edition + 1
    for (const path of changedIn(this.#files, before)) this.#editions.set(pathToFileURL(path).href, edition)
    try {
      const isTold = once(this.#hook, 'message')
      this.#hook.postMessage(this.#editions)
      await isTold
      const publication = await publicationOf(this.#path, pathToFileURL(this.#path).href)
      this.#problems = (await checkDashboards(publication)).problems
      this.current = publication
      this.failure = null
    } catch (thrown) {
      this.failure = asVitrineError(thrown)
    }
    this.edition = edition
    for (const changed of this.#waiting) changed()
  }
}
