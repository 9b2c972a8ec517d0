/**
 * The reference pages (`docs/reference/`), made of the registry of errors and of the definitions of the command lines. The test
 * compares them with the files; `npm run reference` writes the files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { impact } from '../../impact/cli/impact.ts'
import { startProgram } from '../../impact/cli/start/program.ts'
import { DATABASE_ERRORS } from '../../impact/database/database-error.ts'
import { FEED_ERRORS } from '../../impact/feeds/feed-error.ts'
import { run } from '../../impact/test/cli/run.ts'
import { ERRORS, EXIT, type ExitName } from '../../packages/vitrine/src/base/errors.ts'
import { type Remedy, remedyText } from '../../packages/vitrine/src/base/remedy.ts'
import { VARIABLES } from '../../packages/vitrine/src/cli/environment.ts'
import { STATUSES } from '../../packages/vitrine/src/cli/help.ts'
import type { Program, SingleProgram } from '../../packages/vitrine/src/cli/program.ts'
import { vitrine } from '../../packages/vitrine/src/cli/vitrine.ts'
import { DICTIONARY_SCHEMA } from '../../packages/vitrine/src/dictionary/schema.ts'
import { CODES_OF_STATES } from '../../packages/vitrine/src/postgres/server-error.ts'
import type { Side } from '../../packages/vitrine/src/postgres/settings.ts'
import { root } from './commands.ts'

const MADE = '<!-- Written by `npm run reference`: do not edit. -->\n'

const row = (cells: readonly string[]): string =>
  // A bar would end a cell.
  `| ${cells.map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n')

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text.trim()}\n\`\`\`\n`

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

interface Kind {
  readonly what: string
  readonly hint: Remedy
  readonly exit: ExitName
  readonly retry?: boolean
}
const TITLES = ['code', 'what happened', 'what to do'] as const
const rowOf = ([code, { what, hint }]: readonly [string, Kind]) => [`\`${code}\``, what, remedyText(hint)] as const
const again = ({ retry }: Kind): string => (retry === true ? 'yes' : 'no')

const ofImpact = (kinds: Readonly<Record<string, Kind>>): string =>
  table(
    [...TITLES, 'exit status', 'retry'],
    Object.entries(kinds).map((entry) => [...rowOf(entry), String(EXIT[entry[1].exit]), again(entry[1])]),
  )

/** Which states of PostgreSQL each code stands for. */
function statesTable(): string {
  const states = (side: Side, code: string) =>
    [...CODES_OF_STATES[side]].flatMap(([state, its]) => (its === code ? [`\`${state}\``] : [])).join(' ')
  const codes = [...new Set([...CODES_OF_STATES.source.values(), ...CODES_OF_STATES.target.values()])].toSorted()
  const rows = codes.map((code) => [`\`${code}\``, states('source', code), states('target', code)])
  return table(['code', 'on the source', 'on the target'], rows)
}

/** Errors of the tool by exit status, then those of Impact. */
export function errorsPage(): string {
  const statuses: Readonly<Record<string, string>> = STATUSES
  const sections = Object.entries(EXIT).flatMap(([name, status]) => {
    const own = Object.entries<Kind>(ERRORS).filter(([, { exit }]) => exit === name)
    if (own.length === 0) return []
    const rows = own.map((entry) => [...rowOf(entry), again(entry[1])])
    return [
      `## Exit status ${status}\n`,
      `${sentence(statuses[name] ?? '')}\n`,
      `${table([...TITLES, 'retry'], rows)}\n`,
    ]
  })
  return [
    MADE,
    '# Errors\n',
    'An error is printed on stderr as `error CODE: what happened`, where it happened, each problem, and what to do; with',
    '`--json` it is an object on stdout as well. The message often knows more than the last column here: the SQL to run,',
    'the table, the session in the way. No error quotes a row or a password.\n',
    '*retry*: the same command can succeed later without any change.\n',
    ...sections,
    '## What a SQLSTATE becomes\n',
    'A class of SQLSTATEs has two characters; a state of five wins over its class. A state that is in no line is told as',
    '`QUERY_FAILED`, with the state and the side.\n',
    `${statesTable()}\n`,
    '## Errors of `impact migrate` and `impact sample`\n',
    'They are about the operational database.\n',
    `${ofImpact(DATABASE_ERRORS)}\n`,
    '## Errors of `impact sync_egapro` and `impact sync_bges`\n',
    'They are about the external sources. The failure of a single company is no error: its fact is unknown, with a reason.\n',
    `${ofImpact(FEED_ERRORS)}\n`,
  ].join('\n')
}

/** Where commands say what `--json` prints: interfaces called …Answer, in folders of commands; and three others. */
const COMMANDS = [
  'packages/vitrine/src/cli',
  'packages/vitrine/src/cli/commands',
  'impact/cli/commands',
  'impact/cli/start',
]
const OTHERS = [
  ['impact/database/sample.ts', 'SampleSummary', 'What `impact sample --json` prints.'],
  ['impact/feeds/feed-run.ts', 'FeedSummary', 'What `impact sync_egapro --json` and `impact sync_bges --json` print.'],
  ['packages/vitrine/src/cli/failure.ts', 'Failure', 'An error.'],
] as const

/** Interfaces as the file has them, with the comment of one line before each. */
function shapesIn(path: string, name: string, says?: string): readonly string[] {
  const pattern = new RegExp(`(?:^/\\*\\* (.+) \\*/\n)?^export (interface ${name}\\b[^]*?^})$`, 'gm')
  return [...readFileSync(join(root, path), 'utf8').matchAll(pattern)].map(
    ([, comment = '', text = '']) =>
      `${says ?? comment} From [\`${path}\`](../../${path}).\n\n${fence('ts', text.replaceAll('readonly ', ''))}`,
  )
}

function jsonSection(): readonly string[] {
  const answers = COMMANDS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.ts'))
      .toSorted()
      .flatMap((file) => shapesIn(`${folder}/${file}`, '\\w+Answer')),
  )
  return [
    '## What `--json` prints\n',
    'One object on stdout, in the shapes below as TypeScript writes them; the other types that they name are imported by the',
    'file. A `Date` is a text in ISO 8601, in UTC. After a failure the object is `{ "error": Failure }`; `doctor` prints its',
    'findings and `status` its answer whatever the exit status.\n',
    ...answers,
    ...OTHERS.flatMap(([path, name, says]) => shapesIn(path, name, says)),
  ]
}

const PROGRAMS: readonly (readonly [Program | SingleProgram, string, string])[] = [
  [vitrine, 'vitrine', 'In this repository: `npm run vitrine -- COMMAND`.'],
  [
    impact,
    'impact',
    'In this repository: `npm run impact -- COMMAND`. Its own commands are in French; the others are those above.',
  ],
  [startProgram, 'npm start', 'The whole system on one machine.'],
]

/** The help of every command of every program, the exit statuses by name, and the shapes of `--json`. */
export async function commandsPage(): Promise<string> {
  const sections: string[] = []
  for (const [program, title, says] of PROGRAMS) {
    const help = async (line: string) => fence('text', (await run(program, line)).stdout)
    sections.push(`## ${title}\n`, `${says}\n`, await help('--help'))
    for (const { name, summary } of 'command' in program ? [] : program.commands) {
      const isShown = program !== vitrine && vitrine.commands.some((command) => command.summary === summary)
      if (isShown) continue
      sections.push(`### \`${program.name} ${name}\`\n`, await help(`${name} --help`))
    }
  }
  const statuses = Object.entries(EXIT).map(([name, status]) => [
    String(status),
    `\`${name}\``,
    status === 0 ? 'none' : `[list](errors.md#exit-status-${status})`,
  ])
  return [
    MADE,
    '# Commands\n',
    'The result goes to stdout, the talk (progress, notes, errors) to stderr. Arguments and settings are checked before any',
    'connection is made. Ctrl-C ends a command in good order: the previous version stays served.\n',
    '## Exit statuses\n',
    `${table(['status', 'name in `--json`', 'errors'], statuses)}\n`,
    ...sections,
    ...jsonSection(),
  ].join('\n')
}

/** What `dictionary --json` prints, as JSON Schema. */
export const dictionarySchema = (): string =>
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'vitrine dictionary', ...DICTIONARY_SCHEMA }, null, 2)}\n`

/** The members of an interface or an object with their comments, as the file has them: a line of its own for each name. */
function membersIn(path: string, begin: string): readonly (readonly [name: string, rest: string, says: string])[] {
  const text = readFileSync(join(root, path), 'utf8')
  const body = text.slice(text.indexOf(begin)).split(/\n}/, 1)[0] ?? ''
  const MEMBER = /(?:^ {2}\/\*\*([\s\S]*?)\*\/\n)?^ {2}(?:readonly )?(\w+): (.*?),?$/gm
  return [...body.matchAll(MEMBER)].map(([, comment = '', name = '', rest = '']) => [
    name,
    rest,
    comment.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim(),
  ])
}

/** Everything that can be set, and where: variables, the publication, its limits. */
export function settingsPage(): string {
  const variables = Object.entries(VARIABLES).map(([name, says]) => [`\`${name}\``, says])
  const ofPublication = membersIn('packages/vitrine/src/publication/publication.ts', 'export interface Publication {')
  const limits = membersIn('packages/vitrine/src/base/limits.ts', 'const DEFAULTS')
  return [
    MADE,
    '# Settings\n',
    'There are three places, each for its kind:\n',
    table(
      ['where', 'what'],
      [
        [
          'variables of the process, or `.env` beside `vitrine.config.js`',
          'addresses, passwords, keys: what differs between machines',
        ],
        ['`definePublication({ … })`', 'what is published, for whom, when: reviewed like code'],
        ['options of a command', 'what one call asks for: [commands](commands.md)'],
      ],
    ),
    '\n`.env` has lines `NAME=value`, as Node reads them. A variable of the process wins over it, and an empty one counts as not',
    'set. A name in either that can only be meant for us and is not known is refused, with the one that was probably meant. The',
    'file is never printed and changes nothing in the environment of the process; PGPASSWORD and its like are not read.\n',
    '## Variables\n',
    `${table(['variable', 'for'], variables)}\n`,
    '## The publication\n',
    'The fields of `definePublication`; [adopting](../adopting.md) shows them in use.\n',
    `${table(
      ['field', 'type', 'meaning'],
      ofPublication.map(([name, type, says]) => [`\`${name}\``, `\`${type}\``, says]),
    )}\n`,
    '## `limits`\n',
    'Times end in their unit. `definePublication({ limits: { copyStreams: 4 } })` changes one.\n',
    `${table(
      ['limit', 'default', 'why'],
      limits.map(([name, value, says]) => [`\`${name}\``, `\`${value}\``, says]),
    )}\n`,
  ].join('\n')
}
