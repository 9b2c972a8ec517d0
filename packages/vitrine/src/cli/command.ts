/**
 * What a command is: its definition as data, and its work as a function of a call. `program.ts` turns definitions into a
 * command line, `help.ts` into text. The commands are in `commands/`, one file each.
 */
import { type ExitName, VitrineError } from '../base/errors.ts'
import type { Publication } from '../publication/publication.ts'
import { type Needs, parseSettings, type SettingsFor } from './environment.ts'
import { type Failure, failureText } from './failure.ts'
import type { Io } from './io.ts'
import type { Language } from './language.ts'

export interface Option {
  /** In commander's form: `--only <tables...>`. */
  readonly flags: string
  readonly description: string
}

export interface Example {
  /** What follows the name of the program. */
  readonly line: string
  readonly says: string
}

export interface Command {
  readonly name: string
  /** Positional parameters, in commander's form: `[application]`. */
  readonly parameters?: string
  readonly summary: string
  /** More about it, in sentences, for its own help. */
  readonly description: string
  readonly options: readonly Option[]
  readonly examples: readonly Example[]
  /** Gives the exit status, or throws. */
  readonly run: (call: Call) => Promise<ExitName>
}

/** The words of one command: everything in a definition but its name, its flags and its work. */
export interface CommandWords {
  readonly summary: string
  readonly description: string
  readonly options: Readonly<Record<string, string>>
  readonly examples: readonly Example[]
}

/** A definition from the words of a language; every flag must have its description. */
export function defineCommand<W extends CommandWords>(
  name: string,
  words: W,
  flags: Readonly<Record<keyof W['options'] & string, string>>,
  run: Command['run'],
): Command {
  const options = Object.entries<string>(flags).map(([key, text]) => ({
    flags: text,
    description: words.options[key] ?? '',
  }))
  return Object.freeze({
    name,
    summary: words.summary,
    description: words.description,
    options,
    examples: words.examples,
    run,
  })
}

/** What a call is made of. */
export interface CallFacts {
  readonly io: Io
  readonly language: Language
  readonly signal: AbortSignal
  readonly command: string
  readonly parameters: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly publication: () => Promise<Publication>
  /** Puts an error into the words of the program. */
  readonly failure: (thrown: unknown) => Failure
  /** Puts the names of the program's commands in place of those of `vitrine`. */
  readonly withOwnNames: (text: string) => string
}

/** One use of a command. */
export class Call {
  readonly io: Io
  readonly language: Language
  readonly signal: AbortSignal
  /** The name of the command, for the sessions it opens. */
  readonly command: string
  readonly parameters: readonly string[]
  readonly json: boolean
  readonly #facts: CallFacts

  constructor(facts: CallFacts) {
    this.io = facts.io
    this.language = facts.language
    this.signal = facts.signal
    this.command = facts.command
    this.parameters = facts.parameters
    this.json = facts.options['json'] === true
    this.#facts = facts
  }

  publication(): Promise<Publication> {
    return this.#facts.publication()
  }

  /** Throws what `parseSettings` throws. */
  settings<const N extends Needs>(publication: Publication, needs: N): SettingsFor<N> {
    return parseSettings(this.io.environment, needs, publication)
  }

  /** An option without value. */
  flag(name: string): boolean {
    return this.#facts.options[name] === true
  }

  /** The value of an option, or null. */
  text(name: string): string | null {
    const value = this.#facts.options[name]
    return typeof value === 'string' ? value : null
  }

  /** The values of an option that takes several, apart by blanks or commas, or null when it was not given. */
  list(name: string): readonly string[] | null {
    const value = this.#facts.options[name]
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

  /** A text of the library that may name commands, with the names that this program has for them. */
  withOwnNames(text: string): string {
    return this.#facts.withOwnNames(text)
  }

  /** Tells an error that does not end the command, or that ends it after its result. */
  tell(thrown: unknown): void {
    this.io.stderr.write(failureText(this.#facts.failure(thrown)))
  }
}
