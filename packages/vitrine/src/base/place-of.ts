/** Where in somebody's code a thing was thrown: a file and a line are no value of a row, its message may be. */

/** The files of the tool, as sources or as the bundle. */
const OURS = /[/\\]vitrine[/\\](?:src|dist)[/\\]/

/**
 * `file:line` of the innermost frame that is neither Node's nor ours, or null. Frames come from the engine, not from the text
 * of `stack`, into which a message can write what it likes.
 */
export function placeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null
  const prepare = Error.prepareStackTrace
  Error.prepareStackTrace = (_, sites) => sites
  try {
    const sites: unknown = thrown.stack
    const theirs = Array.isArray(sites)
      ? (sites as NodeJS.CallSite[]).find((site) => isTheirs(site.getFileName()))
      : null // sound because it is what we returned above.
    return theirs ? `${theirs.getFileName()?.replace(/^file:\/\//, '')}:${theirs.getLineNumber()}` : null
  } finally {
    Error.prepareStackTrace = prepare
  }
}

const isTheirs = (file: string | null | undefined): boolean =>
  typeof file === 'string' && /^(?:file:|[/\\]|[A-Z]:)/.test(file) && !OURS.test(file)
