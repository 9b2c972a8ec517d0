/** `rebuild`: puts everything in the target back, in whatever state it is: rights, schema, history, data. */
import type { ExitName } from '../../base/errors.ts'
import { applyPlan, planFor } from '../../target/migrate.ts'
import type { MigrationPlan } from '../../target/plan.ts'
import { planText } from '../../target/plan-text.ts'
import { applyProvision, type ProvisionPlan, type ProvisionStep, planProvision } from '../../target/provision.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'
import { type ProvisionWords, stepsText } from './provision.ts'
import { publishNow, type SyncAnswer, type SyncWords, syncAnswer, syncText } from './sync.ts'

export interface RebuildWords extends CommandWords {
  readonly options: Readonly<Record<'allowShrink', string>>
  /** Rights that somebody else must give. */
  readonly left: (steps: number) => string
}

export const rebuildEnglish: RebuildWords = {
  summary: 'put roles, rights, schema, history and data of the target back',
  description:
    'Does what provision, migrate and sync do, in this order, from whatever state the target is in: after a drop, after a ' +
    'DROP SCHEMA by hand, on a new server. What still stands is served until the new version is whole. The days of history ' +
    'tables come from the ledger. Roles and rights are made as METABASE_ADMIN_URL when it is set, as the writer otherwise.',
  options: { allowShrink: 'accept that a table loses more rows than the publication allows' },
  examples: [
    { line: 'rebuild', says: 'after a drop, or when something was removed by hand' },
    { line: 'doctor', says: 'afterwards: prove it' },
  ],
  left: (steps) =>
    steps === 1
      ? 'One right must be given by somebody else: see `vitrine provision --sql`.'
      : `${steps} rights must be given by somebody else: see \`vitrine provision --sql\`.`,
}

/** What `rebuild --json` prints. */
export interface RebuildAnswer extends SyncAnswer {
  readonly provisioned: readonly string[]
  readonly migrated: readonly string[]
}

export const defineRebuild = (words: RebuildWords, provisionWords: ProvisionWords, syncWords: SyncWords): Command =>
  defineCommand('rebuild', words, { allowShrink: '--allow-shrink' }, (call) =>
    rebuild(call, words, provisionWords, syncWords),
  )

async function rebuild(
  call: Call,
  words: RebuildWords,
  provisionWords: ProvisionWords,
  syncWords: SyncWords,
): Promise<ExitName> {
  const publication = await call.publication()
  const needs = { source: 'required', target: 'required', reader: 'optional', admin: 'optional' } as const
  const { source, target, reader, admin, pseudonymKey } = call.settings(publication, needs)
  const passwords = { writerPassword: target.password, readerPassword: reader?.password ?? null }
  const provisioned = await withWritableTarget(call, publication, admin ?? target, source, async (session) => {
    const plan: ProvisionPlan = await planProvision(session, publication, passwords)
    const executed = await applyProvision(session, plan)
    if (executed.length > 0) call.say(stepsText(plan.steps, executed, call, provisionWords).trimEnd())
    const left = plan.steps.filter(({ done, possible }: ProvisionStep) => !done && !possible).length
    if (left > 0) call.say(call.withOwnNames(words.left(left)))
    return executed.map(({ text }) => text)
  })
  const migrated = await withWritableTarget(call, publication, target, source, async (session) => {
    const plan: MigrationPlan = await planFor(session, publication)
    await applyPlan(session, publication, plan)
    if (plan.steps.length > 0) call.say(planText(plan))
    return plan.steps.map(({ text }) => text)
  })
  const wish = { only: null, dryRun: false, allowShrink: call.flag('allowShrink'), trigger: 'command' } as const
  const published = await publishNow(call, publication, { source, target, pseudonymKey }, wish, syncWords)
  const answer: RebuildAnswer = { provisioned, migrated, ...syncAnswer(published) }
  call.answer(answer, () => syncText(published, publication, call.language, syncWords))
  return 'ok'
}
