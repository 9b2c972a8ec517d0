/** `migrate`: brings the published schema to what the publication describes, by the steps that `plan` shows. */
import type { ExitName } from '../../base/errors.ts'
import { applyPlan, planFor } from '../../migration/migrate.ts'
import type { MigrationPlan } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import type { Session } from '../../postgres/connect.ts'
import type { DatabaseIdentity } from '../../postgres/identity.ts'
import { recordSource } from '../../record/installation.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { duration } from '../language.ts'
import { withWritableTarget } from '../sessions.ts'
import { answerOf } from './plan.ts'

export interface MigrateWords extends CommandWords {
  readonly options: Readonly<Record<'newSource', string>>
  readonly done: (time: string) => string
}

export const migrateEnglish: MigrateWords = {
  summary: 'bring the published schema to what the publication describes',
  description:
    'Applies the steps that plan shows, in one transaction. Rows are published by sync only: tables that are new stay empty until then.',
  options: { newSource: 'fill the schema from this source from now on, instead of the one that filled it' },
  examples: [
    { line: 'migrate', says: 'after each change of the publication, before the next sync' },
    { line: 'migrate --new-source', says: 'when the operational database has moved to a new server' },
  ],
  done: (time) => `Migrated in ${time}.`,
}

export const defineMigrate = (words: MigrateWords): Command =>
  defineCommand('migrate', words, { newSource: '--new-source' }, (call) => migrate(call, words))

/** Called by other command lines too, which name the command otherwise. */
export async function migrate(call: Call, words: MigrateWords): Promise<ExitName> {
  const publication = await call.publication()
  const newSource = call.flag('newSource')
  const needs = { source: newSource ? 'required' : 'optional', target: 'required' } as const
  const { source, target } = call.settings(publication, needs)
  const started = call.io.clock.monotonicMs()
  const work = async (session: Session, identity: DatabaseIdentity | null) => {
    const planned = await planFor(session, publication)
    // Applied even without a step: the bookkeeping may be missing, and what was applied is recorded again.
    await applyPlan(session, publication, planned, async () => {
      if (newSource && identity !== null) await recordSource(session, publication.schema, identity)
    })
    return planned
  }
  const plan = await withWritableTarget(call, publication, target, source, work, { newSource })
  const time = duration(call.language, call.io.clock.monotonicMs() - started)
  call.answer(answerOf(plan, true), () => `${migratedText(plan)}${words.done(time)}\n`)
  return 'ok'
}

const migratedText = (plan: MigrationPlan): string => (plan.steps.length === 0 ? '' : `${planText(plan)}\n`)
