/**
 * The outside world of a command: two streams, the environment, the clock, a person's answers and
 * signals. It is a parameter, so that tests can run commands in-process; `process-io.ts` makes the real one.
 */
import type { Clock } from '../base/clock.ts'
import type { Environment } from './environment.ts'

export interface TextOutput {
  write(text: string): void
  readonly isTerminal: boolean
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number
}

export interface Io {
  /** The result, and nothing else. */
  readonly stdout: TextOutput
  /** Messages: progress, notices, errors. */
  readonly stderr: TextOutput
  readonly environment: Environment
  readonly folder: string
  readonly clock: Clock
  /** Asks a person for a line; null without a terminal. Throws when the signal aborts. */
  readonly ask: ((question: string, signal: AbortSignal) => Promise<string>) | null
  /** All of standard input, to its end. */
  readonly input: () => Promise<string>
  /** Calls `listener` for each signal to end, until the returned function is called. */
  onInterrupt(listener: () => void): () => void
  /** Calls `listener` for each uncaught exception. */
  onFault(listener: (thrown: unknown) => void): void
  /** Waits until all output is written. Returns the system's error code when the result could not be written. */
  written(): Promise<string | null>
  /** Ends the process at once. */
  exit(status: number): void
}
