/**
 * What a command may touch outside of the library: two streams, the environment, the clock, a person's answer and
 * interrupts. A value, so that tests run commands in-process; `process-io.ts` makes the real one.
 */
import type { Clock } from '../base/clock.ts'
import type { Environment } from './environment.ts'

export interface Output {
  write(text: string): void
  readonly isTerminal: boolean
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number
}

export interface Io {
  /** The result, and nothing else. */
  readonly stdout: Output
  /** The talk: progress, notices, errors. */
  readonly stderr: Output
  readonly environment: Environment
  readonly folder: string
  readonly clock: Clock
  /** Asks a person for a line; null when nobody sits at a terminal. Throws when the signal aborts. */
  readonly ask: ((question: string, signal: AbortSignal) => Promise<string>) | null
  /** All of standard input, to its end. */
  readonly input: () => Promise<string>
  /** Calls `listener` at each signal that asks the process to end, until the function given back is called. */
  onInterrupt(listener: () => void): () => void
  /** Calls `listener` with what is thrown where nobody catches it, for as long as the process lives. */
  onFault(listener: (thrown: unknown) => void): void
  /** Waits until what was written has left. Returns the system's code where the result could not be written. */
  written(): Promise<string | null>
  /** Ends the process at once. */
  exit(status: number): void
}
