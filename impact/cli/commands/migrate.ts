/**
 * `migrate`: migrates the operational database, or the published schema when called with the names that the team knows from Django:
 * `migrate metabase --database metabase`.
 */

import { type Call, type Command, countText, migrateCommand as migratePublished, writing } from 'vitrine/cli'
import { type ExitName, VitrineError } from 'vitrine/run'
import { type AppliedMigration, migrateOperational } from '../../database/migrate.ts'
import { applicationAddress } from '../application.ts'

export const migrate: Command = {
  name: 'migrate',
  parameters: '[application]',
  summary: 'migre la base opérationnelle, ou approuve les tables publiées : migrate metabase',
  description:
    'Sans application, amène la base opérationnelle (DATABASE_ADMIN_URL, ou DATABASE_URL sans elle) au schéma d’Impact ; une base faite par Django est ' +
    'reconnue, rien n’y est refait. Avec « metabase », approuve ce que la publication change dans le schéma publié ' +
    '(METABASE_DATABASE_URL) ; la prochaine version publiée l’apporte.',
  options: {
    '--database <name>': 'base à migrer, comme avec Django : default ou metabase',
    '--yes': 'metabase : approuve sans demander le retrait de tables et de colonnes',
    '--new-source': 'metabase : remplit désormais le schéma depuis cette base opérationnelle, au lieu de celle d’avant',
  },
  examples: [
    { line: 'migrate', says: 'la base opérationnelle' },
    { line: 'migrate metabase --database metabase', says: 'ce que la publication change dans le schéma publié' },
  ],
  run: (call) => (isPublished(call) ? migratePublished.run(call) : run(call)),
}

/** What `impact migrate --json` prints; `migrate metabase --json` prints what `vitrine migrate --json` does. */
export interface OperationalAnswer {
  readonly applied: readonly AppliedMigration[]
}

/** Whether the published schema is meant. Throws USAGE when application and database contradict each other or are unknown. */
function isPublished(call: Call): boolean {
  const application = call.parameters[0] ?? null
  const database = call.text('database')
  const wrong = (detail: string): never => {
    throw new VitrineError('USAGE', { place: 'migrate', detail })
  }
  if (application !== null && application !== 'metabase') wrong('The only application that can be named is metabase.')
  if (database !== null && database !== 'metabase' && database !== 'default')
    wrong('The database is default or metabase.')
  if (application === 'metabase' && database === 'default') {
    wrong('The application metabase is never in the operational database.')
  }
  const published = application === 'metabase' || database === 'metabase'
  if (!published && call.flag('newSource'))
    wrong('Only the published schema has a source: migrate metabase --new-source.')
  return published
}

async function run(call: Call): Promise<ExitName> {
  const applied = await writing(call, 'source', applicationAddress(call), ({ client }) => migrateOperational(client))
  call.answer({ applied } satisfies OperationalAnswer, () => {
    if (applied.length === 0) return 'Base opérationnelle : rien à migrer.\n'
    const lines = applied.map(({ name, baselined }) =>
      baselined ? `  = ${name} (les tables existaient déjà)\n` : `  + ${name}\n`,
    )
    return `${lines.join('')}Base opérationnelle migrée : ${countText(applied.length, 'fr-FR')}.\n`
  })
  return 'ok'
}
