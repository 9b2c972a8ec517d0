/** `plan`: what the next run would change in the published schema once it is approved. It changes nothing. */
import type { ExitName } from '../../base/errors.ts'
import { planFor } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { withSession } from '../sessions.ts'

export interface PlanWords extends CommandWords {
  readonly options: Readonly<Record<'check', string>>
}

export const planEnglish: PlanWords = {
  summary: 'show what the publication changes in the published schema',
  description:
    'Compares the published schema with the publication, and prints what the next run changes once migrate has approved it, ' +
    'and what stands in its way. Nothing is changed.',
  options: {
    check: 'exit with 6 when the publication is not approved, or something stands in its way',
  },
  examples: [
    { line: 'plan', says: 'see what changes' },
    { line: 'plan --check', says: 'in a deployment: fail unless the definition is approved' },
  ],
}

export const definePlan = (words: PlanWords): Command => defineCommand('plan', words, { check: '--check' }, plan)

async function plan(call: Call): Promise<ExitName> {
  const publication = await call.publication()
  const { target } = call.settings(publication, { target: 'required' })
  return withSession(call, publication, { side: 'target', address: target, readOnly: true }, async (session) => {
    const { plan: found } = await planFor({ session, publication })
    call.answer(found, () => call.withOwnNames(`${planText(found)}\n`))
    const runs = found.approved && found.conflicts.length === 0
    return runs || !call.flag('check') ? 'ok' : 'drift'
  })
}
