/** The talk of a command that stays up is a log: each line begins with its instant, in UTC, unless a person looks at it. */
import type { Io } from './io.ts'

export function timed(io: Io): Io {
  if (io.stderr.isTerminal) return io
  const write = (text: string) => io.stderr.write(text.replaceAll(/^(?=.)/gm, `${io.clock.now().toISOString()} `))
  return { ...io, stderr: { ...io.stderr, write } }
}
