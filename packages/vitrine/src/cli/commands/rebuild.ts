/** `rebuild`: puts everything in the target back, in whatever state it is: rights, schema, history, data. */

import { isLacking, isMade, type ProvisionStep } from '../../access/provision.ts'
import type { ExitName } from '../../base/errors.ts'
import { command, remedy, remedyText } from '../../base/remedy.ts'
import type { Call, Command } from '../command.ts'
import { publishNow, type SyncAnswer, syncAnswer, syncText } from '../publishing.ts'
import { withWritableTarget } from '../sessions.ts'
import { approvePlan } from './migrate.ts'
import { provisionTarget, stepsText } from './provision.ts'

export const rebuildCommand: Command = {
  name: 'rebuild',
  summary: 'put roles, rights, schema, history and data of the target back',
  description:
    'Does what provision, migrate and sync do, in this order, from whatever state the target is in: after a drop, after a ' +
    'DROP SCHEMA by hand, on a new server. What still stands is served until the new version is whole. The days of history ' +
    'tables come from the ledger. Roles and rights are made as provision makes them; ' +
    'when some that are needed are left to somebody else, it publishes all the same and exits with 5.',
  options: {
    '--allow-shrink': 'accept that a table loses more rows than the publication allows',
    '--yes': 'withdraw tables and columns without asking',
  },
  examples: [
    { line: 'rebuild', says: 'after a drop, or when something was removed by hand' },
    { line: 'doctor', says: 'afterwards: prove it' },
  ],
  run,
}

/** What `rebuild --json` prints. */
export interface RebuildAnswer extends SyncAnswer {
  readonly provisioned: readonly string[]
  /** Rights that somebody else must give. The version is published all the same, and the exit status is 5. */
  readonly left: readonly string[]
  readonly migrated: readonly string[]
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const needs = { source: 'required', target: 'required', reader: 'optional', admin: 'optional' } as const
  const settings = call.settings(needs)
  const { source, target } = settings
  const { answer: provisioning, lack } = await provisionTarget(call, settings)
  // The data must not wait for somebody who can grant a right. The error is printed, and the exit status repeats it.
  if (lack !== null) call.tell(lack)
  const { steps } = provisioning
  if (!steps.every(({ done }) => done)) call.say(stepsText(provisioning).trimEnd())
  const textsOf = (some: readonly ProvisionStep[]) => some.map(({ text }) => text)
  const [provisioned, left] = [textsOf(steps.filter(isMade)), textsOf(steps.filter(isLacking))]
  const migrated = await withWritableTarget(call, { target, source }, async (session) => {
    const plan = await approvePlan(call, { session, publication }, null)
    return plan.steps.map(({ text }) => text)
  })
  const published = await publishNow(call, settings, { allowShrink: call.flag('allowShrink') })
  const answer: RebuildAnswer = { provisioned, left, migrated, ...syncAnswer(published) }
  call.answer(answer, () => syncText(call, published))
  if (left.length === 0) return 'ok'
  const rights = left.length === 1 ? 'One right' : `${left.length} rights`
  const told = remedy`${rights} must be given by somebody else: see ${command('provision', '--sql')}.`
  call.say(remedyText(told, call.names))
  return 'privilege'
}
