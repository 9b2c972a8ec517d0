/** What a switch changes: which names of ours leave, and what comes. Data, shared by `carry.ts`, the switches and `plan`. */
import type { TableShape } from '../publication/shape.ts'

/** One version takes the place of another. */
export interface Change {
  /** Names of what is ours in the published schema, and leaves. */
  readonly outgoing: readonly string[]
  readonly incoming: Incoming
}

export interface Incoming {
  /** Where it stands, or will stand. */
  readonly schema: string
  readonly shapes: readonly TableShape[]
  readonly views: readonly string[]
}
