/**
 * What a command is: its definition as data, and its work as a function of a call. `program.ts` turns definitions into a
 * command line, `help.ts` into text. The commands are in `commands/`, one file each.
 */
import { type ExitName, VitrineError } from '../base/errors.ts'
import type { CommandLine, CommandNames } from '../base/remedy.ts'
import type { Publication } from '../publication/publication.ts'
import { type Needs, parseSettings, type SettingsFor } from './environment.ts'
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
  /** Returns the exit status, or throws. */
  readonly run: (call: Call) => Promise<ExitName>
}

/** What a call is made of. */
export interface CallFacts {
  readonly io: Io
  readonly signal: AbortSignal
  readonly command: string
  readonly parameters: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly publication: Publication
  readonly explain: Explain
  readonly names: CommandNames
}

/** One use of a command. */
export class Call {
  readonly io: Io
  readonly signal: AbortSignal
  /** The name of the command, for the sessions it opens. */
  readonly command: string
  readonly parameters: readonly string[]
  readonly publication: Publication
  readonly json: boolean
  /** How the program calls the commands of the tool. */
  readonly names: CommandNames
  readonly #options: Readonly<Record<string, unknown>>
  readonly #explain: Explain

  constructor(facts: CallFacts) {
    this.io = facts.io
    this.signal = facts.signal
    this.command = facts.command
    this.parameters = facts.parameters
    this.publication = facts.publication
    this.names = facts.names
    this.json = facts.options['json'] === true
    this.#options = facts.options
    this.#explain = facts.explain
  }

  /** Throws what `parseSettings` throws. */
  settings<const N extends Needs>(needs: N): SettingsFor<N> {
    return parseSettings(this.io.environment, needs, this.publication)
  }

  /** An option without value. */
  flag(name: string): boolean {
    return this.#options[name] === true
  }

  /** The value of an option, or null. */
  text(name: string): string | null {
    const value = this.#options[name]
    return typeof value === 'string' ? value : null
  }

  /** The values of an option that takes several, apart by blanks or commas, or null when it was not given. */
  list(name: string): readonly string[] | null {
    const value = this.#options[name]
    return Array.isArray(value) ? value.flatMap((part) => String(part).split(',')) : null
  }

  /** A whole number from 1 on, or the one given for an absent option. Throws USAGE. */
  positive(name: string, absent: number): number {
    const text = this.text(name)
    if (text === null) return absent
    if (!/^[1-9]\d{0,8}$/.test(text)) {
      throw new VitrineError('USAGE', { place: `--${name}`, detail: 'It takes a whole number from 1 on.' })
    }
    return Number(text)
  }

  /** Prints the result: `data` with --json, `text` otherwise. */
  answer(data: object, text: () => string): void {
    this.io.stdout.write(this.json ? `${JSON.stringify(data, null, 2)}\n` : text())
  }

  /** Says something beside the result. */
  say(line: string): void {
    this.io.stderr.write(`${line}\n`)
  }

  /** An error as the program prints it. */
  failure(thrown: unknown): Failure {
    return failureOf(thrown, this.#explain, this.names)
  }

  /** Tells an error that does not end the command, or that ends it after its result. */
  tell(thrown: unknown): void {
    this.io.stderr.write(failureText(this.failure(thrown)))
  }
}
