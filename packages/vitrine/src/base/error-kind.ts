/** What the registry says of each code of error. */
import type { ExitName } from './exit.ts'
import type { Remedy } from './remedy.ts'

/** One entry of the registry: what happened, what to do, how the process ends, and whether trying again can help. */
export interface ErrorKind {
  readonly what: string
  readonly hint: Remedy
  readonly exit: ExitName
  readonly retry: boolean
}

/** An entry; trying again cannot help unless it is said. */
export const kind = (what: string, hint: Remedy, exit: ExitName, retry = false): ErrorKind =>
  Object.freeze({ what, hint, exit, retry })
