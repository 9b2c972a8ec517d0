/**
 * What a command is: its definition as data, and its work as a function of a call. `program.ts` turns definitions into a
 * command line, `help.ts` into text. The commands are in `commands/`, one file each.
 */
import { once } from 'node:events'
import { type ExitName, type Problem, VitrineError } from '../base/errors.ts'
import type { CommandLine, CommandNames } from '../base/remedy.ts'
import type { Publication } from '../publication/publication.ts'
import { type Environment, type Needs, parseSettings, type SettingsFor } from './environment.ts'
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
  /** It stays up, and what it says is a log: see `log-time.ts`. */
  readonly logs?: boolean
  /** It comes before there is a publication, and is given an empty one. */
  readonly withoutPublication?: boolean
  /** Returns the exit status, or throws. */
  readonly run: (call: Call) => Promise<ExitName>
}

/** What a call is made of. */
export interface CallFacts {
  readonly io: Io
  readonly signal: AbortSignal
  /** Aborted when code fails where nobody can catch it: the run under way ends, alarms are still sent. */
  readonly fault: AbortSignal
  /** The name of the command, for the sessions it opens. */
  readonly command: string
  readonly parameters: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly publication: Publication
  /** Puts errors of other packages into words. */
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
    /** What it is made of, for a call about another publication. */
    made,
    json,
    text,
    failure,
    /** Throws what `parseSettings` throws. */
    settings: <const N extends Needs>(needs: N): SettingsFor<N> => parseSettings(io.environment, needs, publication),
    /** An option without value. */
    flag: (name: string): boolean => options[name] === true,
    /** The values of an option that takes several, apart by blanks or commas, or null when it was not given. */
    list(name: string): readonly string[] | null {
      const value = options[name]
      return Array.isArray(value) ? value.flatMap((part) => String(part).split(',')) : null
    },
    /** The same, of which each is one value whatever it holds. */
    texts(name: string): readonly string[] {
      const value = options[name]
      return Array.isArray(value) ? value.map(String) : []
    },
    /** A whole number from 1 on, or the one given for an absent option. Throws USAGE. */
    positive: (name: string, absent: number): number => wholeNumber(text(name) ?? String(absent), `--${name}`),
    /** Prints the result: `data` with --json, `text` otherwise. */
    answer: (data: object, text: () => string): void =>
      io.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : text()),
    /** For a command that stays up: until it is interrupted, or code fails. */
    async untilStopped(): Promise<void> {
      const both = AbortSignal.any([made.signal, made.fault])
      if (!both.aborted) await once(both, 'abort')
    },
    /** What a person types for an answer, where there is a terminal. Throws NOT_CONFIRMED for anything else. */
    async confirm(question: string, answer: string, problems: readonly Problem[] = []): Promise<void> {
      const given = io.ask === null ? null : await io.ask(question, made.signal)
      if (given?.trim() !== answer) throw new VitrineError('NOT_CONFIRMED', { place: publication.schema, problems })
    },
    /** Says something beside the result. */
    say: (line: string): void => io.stderr.write(`${line}\n`),
    /** Tells an error that does not end the command, or that ends it after its result. */
    tell: (thrown: unknown): void => io.stderr.write(failureText(failure(thrown))),
  })
}

/** The same call with further variables in its environment: for systems that make what a variable would name. */
export function withVariables(call: Call, more: Environment): Call {
  const io = { ...call.io, environment: { ...call.io.environment, ...more } }
  const settings = <const N extends Needs>(needs: N) => parseSettings(io.environment, needs, call.publication)
  return Object.freeze({ ...call, io, settings })
}

/** Throws USAGE. */
function wholeNumber(text: string, place: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new VitrineError('USAGE', { place, detail: 'It takes a whole number from 1 on.' })
}
