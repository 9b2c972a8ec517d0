/** Which command line of ours a command of a guide is, and what is wrong with it: nothing is run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { impact } from '../../impact/cli/impact.ts'
import { startProgram } from '../../impact/cli/start/program.ts'
import publication from '../../impact/publication/index.ts'
import { run } from '../../impact/test/cli/run.ts'
import { VARIABLES } from '../../packages/vitrine/src/cli/environment.ts'
import type { Program, SingleProgram } from '../../packages/vitrine/src/cli/program.ts'
import { vitrine } from '../../packages/vitrine/src/cli/vitrine.ts'
import { parseAddress } from '../../packages/vitrine/src/postgres/address.ts'
import { chosenTables } from '../../packages/vitrine/src/run/request.ts'
import type { ShellCommand } from './shell.ts'

export const root = join(import.meta.dirname, '../..')

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
)

export type Ours = 'vitrine' | 'impact' | 'start'
const PROGRAMS: Readonly<Record<Ours, Program | SingleProgram>> = { vitrine, impact, start: startProgram }

/** Our program and its arguments, however it is started; null for a command of somebody else. */
export function oursIn(words: readonly string[]): { readonly program: Ours; readonly argv: readonly string[] } | null {
  const [first, ...rest] = words.filter((word) => word !== '--silent' && word !== '--no')
  const [second, ...more] = rest
  if (first === 'vitrine' || first === 'impact') return { program: first, argv: rest }
  // Where a signal must reach it, as npm hands none on.
  if (first === 'node' && second === 'impact/dist/cli/main.js') return { program: 'impact', argv: more }
  const called = first === 'npx' ? second : first === 'npm' && second === 'run' ? more[0] : undefined
  if (called === 'vitrine' || called === 'impact') {
    return { program: called, argv: first === 'npx' ? more : more.slice(more[1] === '--' ? 2 : 1) }
  }
  if (first !== 'npm' || second !== 'start') return null
  return { program: 'start', argv: more[0] === '--' ? more.slice(1) : more }
}

/** Commands of others that the guides use. */
const FOREIGN = ['psql', 'openssl', 'set', '.']

/** Null when every command, option, variable, address and table in it is known. */
export async function problemOf({ environment, words }: ShellCommand): Promise<string | null> {
  const [first = '', second = ''] = words
  const assigned = first === 'export' ? words.slice(1).map((word) => word.split('=', 1)[0] ?? '') : []
  const unknown = [...Object.keys(environment), ...assigned].filter((name) => !(name in VARIABLES))
  if (unknown.length > 0) return `variables that are not known: ${unknown.join(', ')}`
  for (const [name, value] of Object.entries(environment)) if (name.endsWith('_URL')) parseAddress(value, name)
  // Where the package is not installed, npx would fetch and run whatever has its name.
  if (first === 'npx' && second !== '--no') return 'npx without --no'
  const ours = oursIn(words)
  if (ours !== null) return refusal(ours)
  if (first === 'npm' && second === 'run') return (words[2] ?? '') in scripts ? null : `no script ${words[2]}`
  if (first === 'npm') return ['ci', 'install', 'pack'].includes(second) || second in scripts ? null : `npm ${second}`
  if (first === 'npx') return words[2] === 'tsc' ? null : `npx ${words[2]}`
  return first === 'export' || FOREIGN.includes(first) ? null : `the command ${first} is not known`
}

/** What the program's own parser says to the arguments. */
async function refusal({ program, argv }: { readonly program: Ours; readonly argv: readonly string[] }) {
  const { stderr } = await run(idle(PROGRAMS[program]), argv.join(' '), { folder: root })
  return stderr === '' ? null : stderr.trim()
}

/** The program with commands that only look at their arguments. */
function idle(program: Program | SingleProgram): Program | SingleProgram {
  const still = (command: SingleProgram['command']) => ({
    ...command,
    run: async (call: Parameters<typeof command.run>[0]) => {
      chosenTables(publication, call.list('only'))
      return 'ok' as const
    },
  })
  if ('command' in program) return { ...program, command: still(program.command) }
  return { ...program, commands: program.commands.map(still) }
}
