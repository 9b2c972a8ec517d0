/** What commander's own help does not say: examples, environment variables, exit statuses. Pure. */
import { Help } from 'commander'
import { EXIT, type ExitName } from '../base/errors.ts'
import { type CommandNames, remedyText } from '../base/remedy.ts'
import type { Command } from './command.ts'
import { VARIABLES } from './environment.ts'

export const HELP_WIDTH = 100

/** What each exit status means. */
export const STATUSES: Readonly<Record<ExitName, string>> = Object.freeze({
  ok: 'done',
  internal: 'a case that the tool does not know',
  usage: 'the command line or a setting is wrong',
  different: 'what is there is not what is wanted',
  definition: 'the publication is wrong',
  connection: 'a database cannot be reached',
  privilege: 'a privilege is missing',
  drift: 'a database is not what was expected',
  data: 'the data was refused; the previous version stays',
  busy: 'another run or session is in the way; try again',
  stale: 'the published version is too old',
  missing: 'readers do not find, or may not read, what was published',
  left: 'what should be erased is still there',
  interrupted: 'interrupted',
})

/** Two columns under a title. */
function section(title: string, entries: readonly (readonly [string, string])[]): string {
  const helper = Object.assign(new Help(), { helpWidth: HELP_WIDTH })
  const width = Math.max(...entries.map(([name]) => name.length))
  return `\n${title}:\n${entries.map(([name, text]) => helper.formatItem(name, width, text, helper)).join('\n')}`
}

/** After the help of a command line as a whole. */
export const aboutProgram = (): string =>
  [
    section('Environment', Object.entries(VARIABLES)),
    section(
      'Exit statuses',
      // sound because the keys of EXIT are its names.
      (Object.keys(EXIT) as ExitName[]).map((status) => [String(EXIT[status]), STATUSES[status]]),
    ),
  ].join('\n')

/** After the help of one command. Each example can be pasted as it stands. */
export function examplesText(program: string, { examples }: Command, names: CommandNames): string {
  const lines = examples.map(({ line, says }) => {
    const text = typeof line === 'string' ? `${program} ${line}`.trimEnd() : remedyText(line, names)
    return `  # ${says}\n  ${text}`
  })
  return `\nExamples:\n${lines.join('\n')}`
}
