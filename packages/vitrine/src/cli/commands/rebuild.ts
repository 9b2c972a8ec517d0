/** `rebuild`: puts everything in the target back, in whatever state it is: rights, schema, history, data. */

import { applyProvision, isLacking, planProvision } from '../../access/provision.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'
import { approvePlan, migrateEnglish } from './migrate.ts'
import { type ProvisionWords, stepsText } from './provision.ts'
import { publishNow, type SyncAnswer, type SyncWords, syncAnswer, syncText } from './sync.ts'

export interface RebuildWords extends CommandWords {
  readonly options: Readonly<Record<'allowShrink' | 'yes', string>>
  /** Rights that somebody else must give. */
  readonly left: (steps: number) => string
}

export const rebuildEnglish: RebuildWords = {
  summary: 'put roles, rights, schema, history and data of the target back',
  description:
    'Does what provision, migrate and sync do, in this order, from whatever state the target is in: after a drop, after a ' +
    'DROP SCHEMA by hand, on a new server. What still stands is served until the new version is whole. The days of history ' +
    'tables come from the ledger. Roles and rights are made as METABASE_ADMIN_URL when it is set, as the writer otherwise; ' +
    'when some are left to somebody else, it publishes all the same and exits with 5.',
  options: {
    allowShrink: 'accept that a table loses more rows than the publication allows',
    yes: 'withdraw tables and columns without asking',
  },
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
  /** Rights that somebody else must give. The version is published all the same, and the exit status is 5. */
  readonly left: readonly string[]
  readonly migrated: readonly string[]
}

export const defineRebuild = (words: RebuildWords, provisionWords: ProvisionWords, syncWords: SyncWords): Command =>
  defineCommand('rebuild', words, { allowShrink: '--allow-shrink', yes: '--yes' }, (call) =>
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
  const { provisioned, left } = await withWritableTarget(
    call,
    publication,
    admin ?? target,
    source,
    async (session) => {
      const plan = await planProvision(session, publication, passwords)
      await applyProvision(session, plan).catch((error: unknown) => {
        if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
        // The data must not wait for somebody who can give a right: it is told, and how the command ends says it again.
        call.tell(error)
      })
      const after = await planProvision(session, publication, passwords)
      const undone = after.steps.filter(({ done }) => !done)
      const made = plan.steps.filter(({ done, text }) => !done && undone.every((step) => step.text !== text))
      const told = [...made, ...undone.filter((step) => !isLacking(step))]
      if (told.length > 0) call.say(stepsText(told, made, call, provisionWords).trimEnd())
      return { provisioned: made.map(({ text }) => text), left: undone.filter(isLacking).map(({ text }) => text) }
    },
  )
  const migrated = await withWritableTarget(call, publication, target, source, async (session) => {
    const plan = await approvePlan(call, { session, publication }, migrateEnglish, null)
    return plan.steps.map(({ text }) => text)
  })
  const wish = { only: null, dryRun: false, allowShrink: call.flag('allowShrink'), trigger: 'command' } as const
  const published = await publishNow(call, publication, { source, target, pseudonymKey }, wish, syncWords)
  const answer: RebuildAnswer = { provisioned, left, migrated, ...syncAnswer(published) }
  call.answer(answer, () => syncText(published, publication, call.language, syncWords))
  if (left.length === 0) return 'ok'
  call.say(call.withOwnNames(words.left(left.length)))
  return 'privilege'
}
