/**
 * What a command is: its definition as data, and its work as a function of a call. `program.ts` turns definitions into a
 * command line, `help.ts` into text. The commands are in `commands/`, one file each.
 */
import { once } from 'node:events'
import { type ExitName, type Problem, VitrineError } from '../base/errors.ts'
import type { CommandLine, CommandNames } from '../base/remedy.ts'
import type { Publication } from '../publication/publication.ts'
import { type ConnectionNeeds, type Environment, parseSettings, type SettingsFor } from './environment.ts'
import { type Explain, type Failure, failureOf, failureText } from './failure.ts'
import type { Io } from './io.ts'

/** Descriptions by flags, these in commander's form: `--only <tables...>`. */
export type Options = Readonly<Record<string, string>>

export interface Example {
  /** What follows the name of the program; a command of the tool where programs may call it otherwise. */
  readonly line: string | CommandLine
  readonly says: string
}

export interface Command {
  readonly name: string
  /** Positional parameters, in commander's form: `[application]`. */
  readonly parameters?: string
  readonly summary: string
  /** More about it, in sentences, for its own help. */
  readonly description: string
  readonly options: Options
  readonly examples: readonly Example[]
  /** It keeps running, and its messages are a log: see `log-time.ts`. */
  readonly logs?: boolean
  /** It needs no publication, and gets an empty one. */
  readonly withoutPublication?: boolean
  /** Returns the exit status, or throws. */
  readonly run: (call: Call) => Promise<ExitName>
}

/** What a call is made of. */
export interface CallFacts {
  readonly io: Io
  readonly signal: AbortSignal
  /** Aborted by an uncaught exception: the current run ends, alarms are still sent. */
  readonly fault: AbortSignal
  /** The name of the command, for the sessions it opens. */
  readonly command: string
  readonly parameters: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly publication: Publication
  /** Explains errors of other packages. */
  readonly explain: Explain
  /** How the program calls the commands of the tool. */
  readonly names: CommandNames
}

/** One use of a command. */
export type Call = ReturnType<typeof callOf>

export function callOf(made: CallFacts) {
  const { options, explain, ...facts } = made
  const { io, publication, names } = facts
  const json = options['json'] === true
  /** The value of an option, or null. */
  const text = (name: string): string | null => {
    const value = options[name]
    return typeof value === 'string' ? value : null
  }
  /** An error as the program prints it. */
  const failure = (thrown: unknown): Failure => failureOf(thrown, explain, names)
  return Object.freeze({
    ...facts,
    /** The facts that it was made of, to make a call with another publication. */
    made,
    json,
    text,
    failure,
    /** Throws what `parseSettings` throws. */
    settings: <const N extends ConnectionNeeds>(needs: N): SettingsFor<N> =>
      parseSettings(io.environment, needs, publication),
    /** An option without value. */
    flag: (name: string): boolean => options[name] === true,
    /** The values of an option, separated by blanks or commas; null when it was not given. */
    list(name: string): readonly string[] | null {
      const value = options[name]
      return Array.isArray(value) ? value.flatMap((part) => String(part).split(',')) : null
    },
    /** The same without splitting at commas. */
    texts(name: string): readonly string[] {
      const value = options[name]
      return Array.isArray(value) ? value.map(String) : []
    },
    /** A whole number from 1 on, or the one given for an absent option. Throws USAGE. */
    positive: (name: string, absent: number): number => wholeNumber(text(name) ?? String(absent), `--${name}`),
    /** Prints the result: `data` with --json, `text` otherwise. */
    answer: (data: object, text: () => string): void =>
      io.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : text()),
    /** Waits until the command is interrupted, or an exception is not caught. */
    async untilStopped(): Promise<void> {
      const both = AbortSignal.any([made.signal, made.fault])
      if (!both.aborted) await once(both, 'abort')
    },
    /** Asks a person at a terminal to type `answer`. Throws NOT_CONFIRMED for anything else. */
    async confirm(question: string, answer: string, problems: readonly Problem[] = []): Promise<void> {
      const given = io.ask === null ? null : await io.ask(question, made.signal)
      if (given?.trim() !== answer) throw new VitrineError('NOT_CONFIRMED', { place: publication.schema, problems })
    },
    /** Writes a line to stderr. */
    say: (line: string): void => io.stderr.write(`${line}\n`),
    /** Writes an error to stderr that does not end the command. */
    tell: (thrown: unknown): void => io.stderr.write(failureText(failure(thrown))),
  })
}

/** The same call with more environment variables: for programs that create what a variable names. */
export function withVariables(call: Call, more: Environment): Call {
  const io = { ...call.io, environment: { ...call.io.environment, ...more } }
  const settings = <const N extends ConnectionNeeds>(needs: N) => parseSettings(io.environment, needs, call.publication)
  return Object.freeze({ ...call, io, settings })
}

/** Throws USAGE. */
function wholeNumber(text: string, place: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new VitrineError('USAGE', { place, detail: 'It takes a whole number from 1 on.' })
}
