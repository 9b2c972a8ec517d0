/** `migrate`: approves what the plan shows; the next run brings it. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Target } from '../../catalogue/target.ts'
import { requireSound } from '../../lineage/check.ts'
import { type MigrationPlan, planFor } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import type { Address } from '../../postgres/address.ts'
import type { Session } from '../../postgres/connect.ts'
import type { DatabaseIdentity } from '../../postgres/identity.ts'
import type { Publication } from '../../publication/publication.ts'
import { checkSource } from '../../run/check.ts'
import { migrate as approve } from '../../run/migrate.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { duration } from '../language.ts'
import { withSession, withWritableTarget } from '../sessions.ts'

export interface MigrateWords extends CommandWords {
  readonly options: Readonly<Record<'newSource' | 'yes', string>>
  readonly done: (time: string) => string
  readonly question: (schema: string) => string
}

export const migrateEnglish: MigrateWords = {
  summary: 'approve what the publication changes; the next run brings it',
  description:
    'Checks the publication, shows what plan shows, and records that this definition may be published. No published table is ' +
    'altered: the first run afterwards brings structure and data at once, and a rollback takes both back. Where nothing is ' +
    'published yet, the tables are made, empty. It asks before anything that people look at is withdrawn.',
  options: {
    yes: 'withdraw tables and columns without asking',
    newSource: 'fill the schema from this source from now on, instead of the one that filled it',
  },
  examples: [
    { line: 'migrate', says: 'after each change of the publication, before the next sync' },
    { line: 'migrate --yes', says: 'in a deployment, where nobody can answer' },
    { line: 'migrate --new-source', says: 'when the operational database has moved to a new server' },
  ],
  question: (schema) => `Type the name of the schema (${schema}) to withdraw this: `,
  done: (time) => `Approved in ${time}; the next run publishes it.`,
}

export const defineMigrate = (words: MigrateWords): Command =>
  defineCommand('migrate', words, { yes: '--yes', newSource: '--new-source' }, (call) => migrate(call, words))

/** Called by other command lines too, which name the command otherwise. */
export async function migrate(call: Call, words: MigrateWords): Promise<ExitName> {
  const publication = await call.publication()
  requireSound(publication)
  const newSource = call.flag('newSource')
  const needs = { source: newSource ? 'required' : 'optional', target: 'required' } as const
  const { source, target } = call.settings(publication, needs)
  const started = call.io.clock.monotonicMs()
  if (source !== null) await checkAgainst(call, publication, source)
  const work = async (session: Session, identity: DatabaseIdentity | null) =>
    approvePlan(call, { session, publication }, words, newSource ? identity : null)
  const plan = await withWritableTarget(call, publication, target, source, work, { newSource })
  const time = duration(call.language, call.io.clock.monotonicMs() - started)
  call.answer({ ...plan, approved: true }, () => `${words.done(time)}\n`)
  return 'ok'
}

const checkAgainst = (call: Call, publication: Publication, address: Address) =>
  withSession(call, publication, { side: 'source', address, readOnly: true }, (session) =>
    checkSource(session, publication),
  )

/** Shows the plan, asks when something is withdrawn, and approves it. */
export async function approvePlan(
  call: Call,
  target: Target,
  words: MigrateWords,
  newSource: DatabaseIdentity | null,
): Promise<MigrationPlan> {
  const { plan } = await planFor(target)
  if (plan.steps.length > 0) call.say(call.withOwnNames(planText(plan)))
  if (plan.conflicts.length === 0 && !plan.approved) await confirm(call, plan, words)
  await approve(target, { plan, newSource })
  return plan
}

async function confirm(call: Call, { schema, steps }: MigrationPlan, words: MigrateWords): Promise<void> {
  const withdrawn = steps.filter(({ withdraws }) => withdraws)
  if (withdrawn.length === 0 || call.flag('yes')) return
  const answer = call.io.ask === null ? null : await call.io.ask(words.question(schema), call.signal)
  if (answer?.trim() === schema) return
  const problems = withdrawn.map(({ place, text }) => ({ place, detail: text }))
  throw new VitrineError('NOT_CONFIRMED', { place: schema, problems })
}
