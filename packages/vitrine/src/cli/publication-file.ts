/** Finds and loads the module that exports the publication. Called by the commands, once each. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codePlaceOf } from '../base/code-place.ts'
import { VitrineError } from '../base/errors.ts'
import { definePublication, madeOf, type Publication, THIS_COPY } from '../publication/publication.ts'
import { register } from '../publication/register.ts'

const FILES = ['vitrine.config.js', 'vitrine.config.mjs'] as const

/** An empty publication, for commands that need none. */
export const NO_PUBLICATION: Publication = definePublication({
  ...{ name: 'init', schema: 'init', source: register('public', {}), tables: [], writer: '', reader: '' },
})

/** The configuration file in `folder` or the nearest folder above it, or null. */
export function findPublicationFile(folder: string): string | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = FILES.map((name) => join(at, name)).find((path) => existsSync(path))
    if (found !== undefined) return found
    if (dirname(at) === at) return null
  }
}

/** Loads the publication that a module exports as its default. Throws PUBLICATION_NOT_FOUND. */
export async function loadPublication(given: string | null, folder: string): Promise<Publication> {
  const path = given === null ? findPublicationFile(folder) : resolve(folder, given)
  if (path === null) {
    throw new VitrineError('PUBLICATION_NOT_FOUND', { detail: `No ${FILES.join(' or ')} in ${folder} or above it.` })
  }
  if (!existsSync(path)) {
    throw new VitrineError('PUBLICATION_NOT_FOUND', { place: path, detail: 'There is no such file.' })
  }
  return publicationOf(path, pathToFileURL(path).href)
}

/** The publication of a file, loaded by this URL of it. Throws PUBLICATION_NOT_FOUND. */
export async function publicationOf(path: string, url: string): Promise<Publication> {
  let module: { readonly default?: unknown }
  try {
    module = await import(url)
  } catch (error) {
    if (error instanceof VitrineError) throw error
    throw new VitrineError('PUBLICATION_NOT_FOUND', { place: path, cause: error, ...importDetail(error, path) })
  }
  const publication = exportedBy(module)
  if (isPublication(publication)) {
    requireOneCopy(publication, path)
    return publication
  }
  throw new VitrineError('PUBLICATION_NOT_FOUND', {
    place: path,
    detail: 'Its default export is not a publication.',
    remedy: 'Write: export default definePublication({ … }).',
  })
}

/** A module compiled to CommonJS has its default export inside the default that Node makes. */
function exportedBy({ default: made }: { readonly default?: unknown }): unknown {
  const isCompiled = typeof made === 'object' && made !== null && '__esModule' in made && 'default' in made
  return isCompiled ? made.default : made
}

/** Two copies of the package do not see each other's treatments, so a publication made by another copy is refused. */
function requireOneCopy(publication: Publication, path: string): void {
  const copy = madeOf(publication)?.copy
  if (copy === undefined || copy === THIS_COPY) return
  const [theirs, ours] = [copy, THIS_COPY].map((url) => fileURLToPath(url).replace(/[/\\](?:src|dist)[/\\].*$/, ''))
  const problems = [
    { place: 'the publication', detail: `uses ${theirs}` },
    { place: 'this command', detail: `is ${ours}` },
  ]
  throw new VitrineError('PACKAGE_TWICE', { place: path, problems })
}

const TEXTS = ['name', 'schema', 'writer', 'reader', 'zone', 'schedule'] as const

/** Whether a value is what `definePublication` returns. Its content is checked by `check`. */
export function isPublication(value: unknown): value is Publication {
  if (typeof value !== 'object' || value === null) return false
  const facts: Readonly<Record<string, unknown>> = { ...value }
  const { tables, source, limits, freshness } = facts
  return (
    TEXTS.every((name) => typeof facts[name] === 'string') &&
    Array.isArray(tables) &&
    [source, limits, freshness].every((part) => typeof part === 'object' && part !== null)
  )
}

/** Node's message about a missing module quotes only the import, so it may be shown. */
const NOT_FOUND = /^Cannot find (?:module|package) '[^'\n]*'(?: imported from [^\n]*)?$/

/** V8's message about an undefined name. */
const UNDEFINED = /^[\w$]{1,80} is not defined$/

const UNREAD = `Node ${process.versions.node} reads no TypeScript.`
const READ_IT = 'Run it with Node 22.18 or later, or build with tsc and name the .js that it writes.'

/** Why a module did not load, and where. A message may hold anything that the module has read, so it is not shown. */
function importDetail(error: unknown, path: string): { detail: string; remedy?: string } {
  if (!(error instanceof Error)) return { detail: 'Loading it failed.' }
  if ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && NOT_FOUND.test(error.message)) {
    return { detail: `${error.message}.`, remedy: 'Build the publication first, or correct the import.' }
  }
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?ts$/.test(path)) return { detail: UNREAD, remedy: READ_IT }
  if (/^ERR_(?:UNSUPPORTED|INVALID)_TYPESCRIPT_SYNTAX$/.test(code)) {
    const remedy =
      'Node takes types out and nothing else: write no enum, namespace or parameter property, or build with tsc.'
    return { detail: 'It has TypeScript that Node cannot read.', remedy }
  }
  const place = codePlaceOf(error)
  if (place !== null && error instanceof ReferenceError && UNDEFINED.test(error.message)) {
    return { detail: `${error.message}, at ${place}.`, remedy: 'Import it, or correct the name.' }
  }
  if (place === null && error instanceof SyntaxError) {
    // Node tells the line of such an error only in its own output.
    return { detail: 'It, or a file that it imports, has a syntax error.', remedy: `To see where: node ${path}` }
  }
  return { detail: `Loading it failed${place === null ? '' : `, at ${place}`}.`, remedy: 'Correct what is there.' }
}
