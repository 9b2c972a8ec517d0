/** The file and line in the user's code that threw. Unlike a message, they hold no row value. */

import { fileURLToPath } from 'node:url'

/** The folder of the tool, as sources or as the bundle: somebody's own project may be called vitrine too. */
const OURS = /^.*[/\\](?:src|dist)[/\\]/.exec(fileURLToPath(import.meta.url))?.[0] ?? ''

/**
 * `file:line` of the innermost frame that is neither Node's nor ours, or null. Frames come from the engine, not from the text
 * of `stack`, into which a message can write what it likes.
 */
export function codePlaceOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = (_, sites) => sites
  try {
    const sites: unknown = thrown.stack
    const theirs = Array.isArray(sites)
      ? (sites as NodeJS.CallSite[]).find((site) => isTheirs(site.getFileName()))
      : null // sound because it is what we returned above.
    return theirs ? `${pathOf(theirs.getFileName() ?? '')}:${theirs.getLineNumber()}` : null
  } finally {
    Error.prepareStackTrace = prepare
  }
}

const pathOf = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file)

/** Frames of packages are skipped: the user's frame that called them is shown. */
function isTheirs(file: string | null | undefined): boolean {
  if (typeof file !== 'string' || !/^(?:file:|[/\\]|[A-Z]:)/.test(file)) return false
  const path = pathOf(file)
  return !path.startsWith(OURS) && !/[/\\]node_modules[/\\]/.test(path)
}
