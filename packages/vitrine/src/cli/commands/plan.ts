/** `plan`: what `migrate` would change in the published schema. It changes nothing. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { planFor, requireMigrated } from '../../migration/migrate.ts'
import type { MigrationPlan } from '../../migration/plan.ts'
import { planText } from '../../migration/plan-text.ts'
import type { Session } from '../../postgres/connect.ts'
import type { Publication } from '../../publication/publication.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { withSession } from '../sessions.ts'

export interface PlanWords extends CommandWords {
  readonly options: Readonly<Record<'sql' | 'check', string>>
}

export const planEnglish: PlanWords = {
  summary: 'show what migrate would change in the published schema',
  description:
    'Compares the published schema with the publication and prints the steps that migrate would take. Nothing is changed.',
  options: {
    sql: 'print the statements under each step',
    check: 'exit with 6 when there is something to migrate',
  },
  examples: [
    { line: 'plan', says: 'see the steps' },
    { line: 'plan --check', says: 'in a deployment: fail unless the target is migrated' },
  ],
}

/** What `plan --json` and `migrate --json` print. */
export interface PlanAnswer extends MigrationPlan {
  /** False while a run would refuse to start. */
  readonly migrated: boolean
}

export const definePlan = (words: PlanWords): Command =>
  defineCommand('plan', words, { sql: '--sql', check: '--check' }, plan)

async function plan(call: Call): Promise<ExitName> {
  const publication = await call.publication()
  const { target } = call.settings(publication, { target: 'required' })
  return withSession(call, publication, { side: 'target', address: target, readOnly: true }, async (session) => {
    const steps = await planFor(session, publication)
    const refusal = await refusalOf(session, publication)
    call.answer(answerOf(steps, refusal === null), () =>
      call.withOwnNames(`${planText(steps, { sql: call.flag('sql') })}\n`),
    )
    return refusal !== null && call.flag('check') ? 'drift' : 'ok'
  })
}

export const answerOf = (steps: MigrationPlan, migrated: boolean): PlanAnswer => ({ ...steps, migrated })

/** Why a run would not start on this target, or null. */
async function refusalOf(session: Session, publication: Publication): Promise<VitrineError | null> {
  try {
    await requireMigrated(session, publication)
    return null
  } catch (error) {
    if (error instanceof VitrineError && error.kind.exit === 'drift') return error
    throw error
  }
}
