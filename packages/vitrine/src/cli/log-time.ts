/** Adds the instant in UTC to each message of a long-running command, unless stderr is a terminal. */
import type { Io } from './io.ts'

export function timed(io: Io): Io {
  if (io.stderr.isTerminal) return io
  const write = (text: string) => io.stderr.write(text.replaceAll(/^(?=.)/gm, `${io.clock.now().toISOString()} `))
  return { ...io, stderr: { ...io.stderr, write } }
}
