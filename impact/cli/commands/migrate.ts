/**
 * `migrate`: the operational database, or the published schema under the names that the team types since Django:
 * `migrate metabase --database metabase`.
 */

import {
  type Call,
  type Command,
  count,
  defineCommand,
  type MigrateWords,
  migrate as migratePublished,
  withSession,
} from 'vitrine/cli'
import { type ExitName, VitrineError } from 'vitrine/run'
import { type AppliedMigration, migrateOperational } from '../../database/migrate.ts'

const WORDS = {
  database: 'base à migrer, comme avec Django : default ou metabase',
  nothing: 'Base opérationnelle : rien à migrer.',
  applied: (name: string) => `  + ${name}`,
  baselined: (name: string) => `  = ${name} (les tables existaient déjà)`,
  done: (migrations: string) => `Base opérationnelle migrée : ${migrations}.`,
}

/** What `impact migrate --json` prints; `migrate metabase --json` prints what `vitrine migrate --json` does. */
export interface OperationalAnswer {
  readonly applied: readonly AppliedMigration[]
}

export function defineImpactMigrate(words: MigrateWords): Command {
  const own = { ...words, options: { database: WORDS.database, ...words.options } }
  const flags = { database: '--database <name>', newSource: '--new-source', yes: '--yes' }
  const command = defineCommand('migrate', own, flags, (call) =>
    isPublished(call) ? migratePublished(call, words) : migrate(call),
  )
  return Object.freeze({ ...command, parameters: '[application]' })
}

/** Whether the published schema is meant. Throws USAGE when application and database disagree or are not known. */
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

async function migrate(call: Call): Promise<ExitName> {
  const publication = await call.publication()
  const { source } = call.settings(publication, { source: 'required' })
  const wish = { side: 'source', address: source, readOnly: false } as const
  const applied = await withSession(call, publication, wish, ({ client }) => migrateOperational(client))
  call.answer({ applied } satisfies OperationalAnswer, () => {
    if (applied.length === 0) return `${WORDS.nothing}\n`
    const lines = applied.map(({ name, baselined }) => (baselined ? WORDS.baselined(name) : WORDS.applied(name)))
    return `${lines.join('\n')}\n${WORDS.done(count(call.language, applied.length))}\n`
  })
  return 'ok'
}
