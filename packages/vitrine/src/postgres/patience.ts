/**
 * The one loop of the tool that waits for locks: try, and while somebody blocks, pause and try again; after the last try the
 * error names who is in the way. Readers never wait long behind us, because each try has a lock timeout of its own.
 */

import { VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { namingBlockers } from './blockers.ts'
import type { Session } from './connect.ts'

export interface Patience {
  readonly tries: number
  /** After the try of that number, from 1 on. */
  readonly pauseMs: (tried: number) => number
}

export const ONCE: Patience = { tries: 1, pauseMs: () => 0 }

/** XX000 is `tuple concurrently updated`: somebody changed a right on the schema at the same moment. */
const isBlocked = (error: unknown): boolean =>
  error instanceof VitrineError &&
  (error.code === 'SWITCH_BLOCKED' || error.code === 'SERIALIZATION' || error.sqlState === 'XX000')

/**
 * Runs `work`, which must leave no transaction open when it fails. Throws the error of the last try; SWITCH_BLOCKED then names the
 * sessions that keep one of the `relations`, given by qualified names.
 */
export async function patiently<T>(
  session: Session,
  relations: readonly string[],
  { tries, pauseMs }: Patience,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  const begun = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (!isBlocked(error) || attempt >= tries) {
        throw await namingBlockers(session, error, relations, {
          tries: attempt,
          milliseconds: performance.now() - begun,
        })
      }
      await pause(pauseMs(attempt))
    }
  }
}
