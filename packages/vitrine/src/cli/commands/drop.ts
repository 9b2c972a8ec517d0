/** `drop`: takes away what the tool made in the target, after showing it and being told to. */
import type { ExitName } from '../../base/errors.ts'
import { applyDrop, type DropPlan, planDrop } from '../../run/drop.ts'
import type { Call, Command } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'

export const dropCommand: Command = {
  name: 'drop',
  summary: 'remove what the tool made in the target',
  description:
    'Removes the published tables, the views about them, the kept version and what runs left behind. The schema with its ' +
    'rights, the record of runs, the history, and everything that others made stay. Dashboards are empty until the next rebuild.',
  options: {
    '--yes': 'do it without asking',
    '--history': 'forget the recorded days of history tables too; they cannot be computed again',
  },
  examples: [
    { line: 'drop', says: 'see what would go, and be asked' },
    { line: 'drop --yes', says: 'without a question; then rebuild makes it anew, and the history is back' },
    { line: 'drop --history', says: 'end the installation: export the history first' },
  ],
  run,
}

/** What `drop --json` prints. */
export interface DropAnswer {
  readonly removed: readonly string[]
  readonly kept: readonly string[]
}

async function run(call: Call): Promise<ExitName> {
  const { source, target } = call.settings({ source: 'optional', target: 'required' })
  const plan = await withWritableTarget(call, { target, source }, async (session) => {
    const planned = await planDrop({ session, publication: call.publication }, { history: call.flag('history') })
    call.io.stderr.write(planText(planned))
    if (planned.steps.length > 0 && planned.blockers.length === 0) await confirm(call, planned)
    await applyDrop({ session, publication: call.publication }, planned)
    return planned
  })
  const answer: DropAnswer = { removed: plan.steps.map(({ text }) => text), kept: plan.kept }
  call.answer(answer, () => (plan.steps.length === 0 ? 'Nothing to remove.\n' : 'Removed.\n'))
  return 'ok'
}

async function confirm(call: Call, { publication, history, days }: DropPlan): Promise<void> {
  if (call.flag('yes')) return
  const { schema } = publication
  await call.confirm(`Type the name of the schema (${schema}) to remove this: `, schema)
  if (!history || days === 0) return
  await call.confirm(`Type the number of recorded days (${days}) to forget them for ever: `, String(days))
}

function planText({ publication, steps, kept, blockers }: DropPlan): string {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`
  return [
    part(
      `This removes from ${publication.schema}:`,
      steps.map(({ text }) => `- ${text}`),
    ),
    part('This stays:', kept),
    part(
      'In the way:',
      blockers.map(({ place, detail }) => `! ${place}: ${detail}`),
    ),
  ].join('')
}
