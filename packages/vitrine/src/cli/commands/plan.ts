/** `plan`: what the next run would change in the published schema once it is approved. It changes nothing. */
import type { ExitName } from '../../base/errors.ts'
import { type MigrationPlan, planFor } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import { foreseenWays } from '../../run/foreseen.ts'
import type { Call, Command } from '../command.ts'
import { problemText } from '../failure.ts'
import { tellBroken } from '../metabase-steps.ts'
import { codeOf } from '../rules-code.ts'
import { waysText } from '../run-list.ts'
import { reading } from '../sessions.ts'

export const planCommand: Command = {
  name: 'plan',
  summary: 'show what the publication changes in the published schema',
  description:
    'Compares the published schema with the publication, and prints what the next run changes once migrate has approved it, ' +
    'which tables are read whole, and what stands in its way, the questions and dashboards that would break among it. Where ' +
    'METABASE_URL and METABASE_API_KEY are set, it names those that people made in Metabase, too. Nothing is changed.',
  options: { '--check': 'exit with 6 when the publication is not approved, or something stands in its way' },
  examples: [
    { line: 'plan', says: 'see what changes' },
    { line: 'plan --check', says: 'in a deployment: fail unless the definition is approved' },
  ],
  run,
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const { target } = call.settings({ target: 'required' })
  return reading(call, 'target', target, async (session) => {
    const { plan: found } = await planFor({ session, publication })
    const ways = await foreseenWays({ session, publication }, codeOf(publication))
    call.answer({ ...planAnswer(call, found), ways }, () => `${planText(found, call.names)}\n${waysText(ways)}`)
    await tellBroken(call, session)
    const runs = found.approved && found.conflicts.length === 0
    return runs || !call.flag('check') ? 'ok' : 'drift'
  })
}

/** A plan as `--json` prints it: with the texts of its remedies. */
export const planAnswer = (call: Call, plan: MigrationPlan) => ({
  ...plan,
  conflicts: plan.conflicts.map((problem) => problemText(problem, call.names)),
})
