/** An `Io` that keeps what is written, for commands run in-process. */
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Environment } from '../../src/cli/environment.ts'
import type { Io } from '../../src/cli/io.ts'
import { type Program, runProgram, type SingleProgram } from '../../src/cli/program.ts'

export interface Setting {
  readonly environment?: Environment
  readonly folder?: string
  readonly terminal?: boolean
  readonly clock?: Clock
  /** What a person answers; nobody sits there when absent. */
  readonly answer?: string
  /** What that person answers to each question, where it is not always the same. */
  readonly ask?: (question: string) => Promise<string>
  /** What stands on standard input. */
  readonly input?: string
  /** Called once the command listens to interrupts, with the function that interrupts it. */
  readonly interrupt?: (now: () => void) => void
}

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** Statuses of `exit`, which ends a process at once. */
  readonly exits: readonly number[]
}

/** Runs one command line of the tool and gives what it wrote. `line` is split at blanks. */
export const run = (program: Program | SingleProgram, line: string, setting: Setting = {}): Promise<Outcome> =>
  capture((argv, io) => runProgram(program, argv, io), line, setting)

/** The same for whatever runs a command line. */
export async function capture(
  start: (argv: readonly string[], io: Io) => Promise<number>,
  line: string,
  setting: Setting,
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' }
  const exits: number[] = []
  const listeners = new Set<() => void>()
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text
    },
    isTerminal: setting.terminal === true,
    columns: 100,
  })
  const { answer } = setting
  const io: Io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: setting.environment ?? {},
    folder: setting.folder ?? '/',
    clock: setting.clock ?? systemClock,
    ask: setting.ask ?? (answer === undefined ? null : async () => answer),
    input: async () => setting.input ?? '',
    onInterrupt(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onFault: () => undefined,
    written: async () => null,
    exit: (status) => exits.push(status),
  }
  const running = start(line === '' ? [] : line.split(' '), io)
  setting.interrupt?.(() => {
    for (const listener of listeners) listener()
  })
  const status = await running
  if (listeners.size > 0) throw new Error('a command still listens to interrupts')
  return { status, ...written, exits }
}

/** A clock that always shows the same. */
export const stoppedClock = (instant: string): Clock => ({ now: () => new Date(instant), monotonicMs: () => 0 })
