/** The command line `impact`, as a value: Impact's own commands, in French, and the tool's commands for its publication. */

import { COMMANDS, type Program } from 'vitrine/cli'
import publication from '../publication/index.ts'
import { migrate } from './commands/migrate.ts'
import { nuit, schedule } from './commands/nuit.ts'
import { RELEVE_COMMANDS } from './commands/releve.ts'
import { sample } from './commands/sample.ts'
import { syncMetabase } from './commands/sync-metabase.ts'
import { explain } from './failures.ts'

const OWN = [migrate, syncMetabase, nuit, schedule, ...RELEVE_COMMANDS, sample]

/** The tool's commands that have another name or form in Impact. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['migrate', 'migrate metabase'],
  ['sync', 'sync_metabase'],
])

/** How the team types a command of the tool. */
export const names = (command: string): string => `impact ${RENAMED.get(command) ?? command}`

export const impact: Program = Object.freeze({
  name: 'impact',
  summary: 'Publie une copie sûre de la base opérationnelle d’Impact pour Metabase.',
  commands: [
    ...OWN,
    ...COMMANDS.filter(({ name }) => !RENAMED.has(name) && !OWN.some((command) => command.name === name)),
  ],
  publication,
  explain,
  names,
})
