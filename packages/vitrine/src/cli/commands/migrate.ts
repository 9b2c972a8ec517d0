/** `migrate`: approves what the plan shows; the next run brings it. */
import type { ExitName } from '../../base/errors.ts'
import { duration } from '../../base/format.ts'
import type { Target } from '../../catalogue/target.ts'
import { requireSound } from '../../lineage/publication-check.ts'
import { type MigrationPlan, planFor } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import type { DatabaseIdentity } from '../../postgres/identity.ts'
import { recordedVersion } from '../../record/versions.ts'
import { checkSource } from '../../run/check.ts'
import { migrate as approve } from '../../run/migrate.ts'
import { keptVersion } from '../../version/kept.ts'
import type { Call, Command } from '../command.ts'
import { reading, withWritableTarget } from '../sessions.ts'
import { planAnswer } from './plan.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'approve what the publication changes; the next run brings it',
  description:
    'Checks the publication, shows what plan shows, and records that this definition may be published. No published table is ' +
    'altered: the first run afterwards brings structure and data at once, and a rollback takes both back. Where nothing is ' +
    'published yet, the tables are made, empty. It asks before anything that people look at is withdrawn.',
  options: {
    '--yes': 'withdraw tables and columns without asking',
    '--new-source': 'fill the schema from this source from now on, instead of the one that filled it',
  },
  examples: [
    { line: 'migrate', says: 'after each change of the publication, before the next sync' },
    { line: 'migrate --yes', says: 'in a deployment, where nobody can answer' },
    { line: 'migrate --new-source', says: 'when the operational database has moved to a new server' },
  ],
  run,
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  await requireSound(publication)
  const newSource = call.flag('newSource')
  const { source, target } = call.settings({ source: newSource ? 'required' : 'optional', target: 'required' })
  const started = call.io.clock.monotonicMs()
  if (source !== null) await reading(call, 'source', source, (session) => checkSource(session, publication))
  const plan = await withWritableTarget(call, { target, source, newSource }, (session, identity) =>
    approvePlan(call, { session, publication }, newSource ? identity : null),
  )
  const time = duration(call.io.clock.monotonicMs() - started)
  const answer = { ...planAnswer(call, plan), approved: true }
  call.answer(answer, () => `Approved in ${time}; the next run publishes it.\n`)
  return 'ok'
}

/** Shows the plan, asks when something is withdrawn, and approves it. */
export async function approvePlan(
  call: Call,
  target: Target,
  newSource: DatabaseIdentity | null,
): Promise<MigrationPlan> {
  const { plan } = await planFor(target)
  if (plan.steps.length > 0) call.say(planText(plan, call.names))
  if (plan.conflicts.length === 0 && !plan.approved) await confirm(call, plan)
  await approve(target, { plan, newSource })
  await tellKept(call, target)
  return plan
}

/** After a deletion by hand the empty tables stand beside a whole copy: both ways on are named. */
async function tellKept(call: Call, target: Target): Promise<void> {
  if ((await recordedVersion(target, 'published'))?.filled !== false) return
  if ((await keptVersion(target)).state !== 'there') return
  const [back, anew] = ['rollback', 'sync'].map((name) => call.names(name))
  call.say(`The tables are empty, and a whole version is kept: \`${back}\` brings it back, \`${anew}\` publishes anew.`)
}

async function confirm(call: Call, { schema, steps }: MigrationPlan): Promise<void> {
  const withdrawn = steps.filter(({ withdraws }) => withdraws)
  if (withdrawn.length === 0 || call.flag('yes')) return
  const problems = withdrawn.map(({ place, text }) => ({ place, detail: text }))
  await call.confirm(`Type the name of the schema (${schema}) to withdraw this: `, schema, problems)
}
