/** The command line `impact`, as a value: the commands of the tool about Impact's publication, in French, and its own. */

import type { Program } from 'vitrine/cli'
import { defineCommands } from 'vitrine/cli'
import publication from '../publication/index.ts'
import { defineImpactMigrate } from './commands/migrate.ts'
import { defineImpactSchedule, defineNuit } from './commands/nuit.ts'
import { defineReleves } from './commands/releve.ts'
import { defineSample } from './commands/sample.ts'
import { defineSyncMetabase } from './commands/sync-metabase.ts'
import { explain } from './failures.ts'
import { french } from './french.ts'
import { frenchWords } from './french-words.ts'

const { check, plan, provision, sync, status, runs, rollback, doctor, history, drop, rebuild } =
  defineCommands(frenchWords)

/** How the team calls the commands of the tool. */
export const nameOf = (command: string): string =>
  ({ migrate: 'impact migrate metabase', sync: 'impact sync_metabase' })[command] ?? `impact ${command}`

export const impact: Program = Object.freeze({
  name: 'impact',
  summary: 'Publie une copie sûre de la base opérationnelle d’Impact pour Metabase.',
  commands: [
    defineImpactMigrate(frenchWords.migrate),
    defineSyncMetabase(sync, frenchWords.sync),
    defineNuit(frenchWords.sync),
    defineImpactSchedule(frenchWords.schedule, frenchWords.sync),
    ...defineReleves(),
    status,
    runs,
    rollback,
    check,
    plan,
    provision,
    doctor,
    history,
    drop,
    rebuild,
    defineSample(),
  ],
  language: french,
  publication,
  explain,
  nameOf,
})
