/**
 * Sources that were edited after the build that runs, by the times of files: found by the tsconfig.json above the module of the
 * publication. A warning and no refusal, because a checkout gives files the times that it likes.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { madeOf, type Publication } from '../publication/publication.ts'

/** What one second of a file system with coarse times may hide. */
const TOLERANCE_MS = 1_000
const BUILT = /\.([cm]?)js$/

/** Names of the sources that are newer than what runs, relative to `folder`. */
export function editedSources(publication: Publication, folder: string): readonly string[] {
  const module = madeOf(publication)?.place?.replace(/:\d+$/, '') ?? ''
  if (!BUILT.test(module)) return []
  const home = above(dirname(module))
  if (home === null) return []
  const text = readFileSync(join(home, 'tsconfig.json'), 'utf8')
  const setting = (name: string) => new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(text)?.[1]
  const [from, to] = [resolve(home, setting('rootDir') ?? '.'), resolve(home, setting('outDir') ?? '.')]
  // A project that is built in place has each module beside its source.
  if (relative(to, module).startsWith('..') || !existsSync(from)) return []
  const pairs = readdirSync(dirname(module), { recursive: true, encoding: 'utf8' })
    .filter((name) => BUILT.test(name) && !/(?:^|[/\\])node_modules[/\\]/.test(name))
    .flatMap((name) => {
      const built = join(dirname(module), name)
      const source = join(from, relative(to, built).replace(BUILT, '.$1ts'))
      const edited = statSync(source, { throwIfNoEntry: false })?.mtimeMs
      return edited === undefined ? [] : [{ source, isNewer: edited > statSync(built).mtimeMs + TOLERANCE_MS }]
    })
  const newer = pairs.filter(({ isNewer }) => isNewer)
  // All at once is no edit, but a checkout.
  return newer.length === pairs.length ? [] : newer.map(({ source }) => relative(folder, source))
}

/** The nearest folder with a tsconfig.json. */
function above(folder: string): string | null {
  if (existsSync(join(folder, 'tsconfig.json'))) return folder
  return dirname(folder) === folder ? null : above(dirname(folder))
}
