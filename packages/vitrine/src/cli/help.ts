/** Help texts, as pure functions of the definitions. Called by `program.ts`; compared by tests. */
import type { Command, Example, Option } from './command.ts'
import { VARIABLES } from './environment.ts'
import type { Language } from './language.ts'

/** What the texts need to know of a command line. */
export interface HelpFacts {
  readonly name: string
  readonly language: Language
  /** Options that every command takes. */
  readonly options: readonly Option[]
}

const WIDTH = 100

/** Two columns under a title, the right one wrapped at WIDTH. */
function section(title: string, entries: readonly (readonly [string, string])[]): string {
  if (entries.length === 0) return ''
  const left = Math.max(...entries.map(([name]) => name.length)) + 4
  const lines = entries.map(
    ([name, text]) => `  ${name.padEnd(left - 2)}${wrapped(text, WIDTH - left).join(`\n${' '.repeat(left)}`)}`,
  )
  return `\n${title}\n${lines.join('\n')}\n`
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

const optionEntries = (options: readonly Option[]) =>
  options.map(({ flags, description }) => [flags, description] as const)

/** An example under what it does; it can be pasted as it stands. */
function examplesSection(title: string, program: string, examples: readonly Example[]): string {
  if (examples.length === 0) return ''
  const lines = examples.map(({ line, says }) => `  # ${says}\n  ${line === '' ? program : `${program} ${line}`}`)
  return `\n${title}\n${lines.join('\n')}\n`
}

const variableEntries = (language: Language) => VARIABLES.map((name) => [name, language.help.variables[name]] as const)

export interface ProgramFacts extends HelpFacts {
  readonly summary: string
  readonly commands: readonly Command[]
}

/** The help of the command line as a whole. */
export function programHelp({ name, summary, commands, language, options }: ProgramFacts): string {
  const { help } = language
  return [
    `${help.usage} ${name} ${help.command} ${help.parameters}\n\n${wrapped(summary, WIDTH).join('\n')}\n`,
    section(
      help.commands,
      commands.map((command) => [command.name, command.summary]),
    ),
    section(help.options, optionEntries(options)),
    section(help.environment, variableEntries(language)),
    section(help.exitStatuses, Object.entries(help.statuses)),
  ].join('')
}

/** The help of one command. `program` is what stands before its options on a command line. */
export function commandHelp({ name, language, options }: HelpFacts, command: Command, program: string): string {
  const { help } = language
  const usage = [program, command.parameters, help.parameters].filter((part) => part !== undefined).join(' ')
  return [
    `${help.usage} ${usage}\n\n${wrapped(command.description, WIDTH).join('\n')}\n`,
    section(help.options, optionEntries([...command.options, ...options])),
    examplesSection(help.examples, name, command.examples),
  ].join('')
}
