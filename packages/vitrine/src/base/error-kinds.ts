/** What an error of the registry is, and how the lists of errors that end in one way are written. */
import type { ExitName } from './exit.ts'
import type { Remedy } from './remedy.ts'

export interface ErrorKind {
  readonly what: string
  readonly hint: Remedy
  readonly exit: ExitName
  readonly retry: boolean
}
export const RETRY = true
export const NO_RETRY = false
type Texts = Pick<ErrorKind, 'what' | 'hint'>

/** The errors that end the process in one way. */
export const kinds = <Code extends string>(exit: ExitName, retry: boolean, texts: Readonly<Record<Code, Texts>>) =>
  // sound because each code of `texts` gets an entry.
  Object.fromEntries(
    Object.entries<Texts>(texts).map(([code, text]) => [code, Object.freeze({ ...text, exit, retry })]),
  ) as Readonly<Record<Code, ErrorKind>>
