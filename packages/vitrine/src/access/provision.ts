/**
 * Provision: compares the roles and rights on the target with what a publication needs, then does what the role of the
 * session may do. The rest is handed over as SQL for somebody who may. Roles that exist keep their password and their
 * attributes. The steps are in `step.ts`, the script for pasting is in `provision-script.ts`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, literal } from '../sql/quote.ts'
import { readFacts } from './facts.ts'
import { requirePlainPassword, scramVerifier } from './scram.ts'
import { asMember, asWriter } from './statement.ts'
import { PASSWORD_PLACEHOLDER, type ProvisionOptions, type ProvisionStep, stepsFor } from './step.ts'

export type { ProvisionOptions, ProvisionPart, ProvisionStep } from './step.ts'

export interface ProvisionPlan {
  readonly publication: Publication
  readonly database: string
  readonly steps: readonly ProvisionStep[]
  readonly options: ProvisionOptions
}

/** Something that a promise of the tool depends on is not there. */
export const isLacking = ({ done, optional }: ProvisionStep): boolean => !done && !optional

/**
 * Compares the target with what the publication needs. `session` is on the target, as an administrator or as the writer
 * itself. Changes nothing. Throws SETTINGS_INVALID when a role is to be made with a password that drivers could understand
 * differently.
 */
export async function planProvision(
  session: Session,
  publication: Publication,
  options: ProvisionOptions,
): Promise<ProvisionPlan> {
  const facts = await readFacts(session, publication)
  // Roles that exist keep the password that they have, whatever it is.
  for (const kind of ['writer', 'reader'] as const) {
    const password = options[`${kind}Password`]
    if (facts[kind] === null && password !== null) requirePlainPassword(password, publication[kind])
  }
  const database = facts.database.name
  const steps = stepsFor(publication, database, facts, options).map(({ script: _, ...step }) => Object.freeze(step))
  return Object.freeze({ publication, database, steps: Object.freeze(steps), options })
}

/**
 * Does the steps that are possible, in one transaction, and returns them; a second run finds nothing to do. Throws
 * PRIVILEGE_MISSING when something is lacking: its remedy is the SQL to paste, grouped by who may run it, passwords as
 * `'<password>'`.
 */
export async function applyProvision(session: Session, plan: ProvisionPlan): Promise<readonly ProvisionStep[]> {
  const executed = plan.steps.filter(({ done, possible }) => !done && possible)
  if (executed.length > 0) await session.transaction(() => execute(session, plan, executed))
  // Read again instead of believed: a grant without effect is only a warning to PostgreSQL.
  const after = executed.length === 0 ? plan : await planProvision(session, plan.publication, plan.options)
  if (after.steps.some(isLacking)) throw leftToOthers(after)
  return executed
}

async function execute(session: Session, plan: ProvisionPlan, steps: readonly ProvisionStep[]): Promise<void> {
  const { publication } = plan
  const inSchema = steps.filter(({ part }) => part === 'schema')
  const [borrow = '', giveBack = ''] = asMember(publication, [])
  const membership = `grant ${identifier(publication.writer)} to current_user`
  const run = (step: ProvisionStep, sql: string, shown = step.sql) =>
    session.execute(sql).catch((error: unknown) => {
      const isRefused = error instanceof VitrineError && error.code === 'PRIVILEGE_MISSING'
      throw isRefused ? leftToOthers(plan, { step, shown, error }) : error
    })
  for (const step of steps) {
    if (step === inSchema[0]) await run(step, borrow, membership)
    const sql = `${withVerifier(step, plan)};`
    await run(step, step.as === 'writer' ? asWriter(publication, sql) : sql)
    if (step === inSchema.at(-1)) await run(step, giveBack, membership)
  }
}

/** The statement of a role that is made, with a verifier in place of the password. */
function withVerifier({ sql, password: whose }: ProvisionStep, { options }: ProvisionPlan): string {
  const password = whose === null ? null : options[`${whose}Password`]
  return password === null ? sql : sql.replace(PASSWORD_PLACEHOLDER, () => literal(scramVerifier(password)))
}

/** The SQL of the steps that are left, grouped by who may run it. */
const handOver = (steps: readonly ProvisionStep[]): string =>
  steps
    .flatMap(({ by, sql }, index) => [...(steps[index - 1]?.by === by ? [] : [`-- by ${by}:`]), `${sql};`])
    .join('\n')

/** `refusal`: the statement that the server did not allow. */
function leftToOthers(
  { database, steps }: ProvisionPlan,
  refusal?: { readonly step: ProvisionStep; readonly shown: string; readonly error: VitrineError },
): VitrineError {
  const left = steps.filter(({ done }) => !done)
  const count = `${left.length === 1 ? 'One step is' : `${left.length} steps are`} left to somebody else.`
  return new VitrineError('PRIVILEGE_MISSING', {
    place: `database ${database}`,
    detail: refusal === undefined ? count : `The server refused \`${refusal.shown}\`, so nothing was done. ${count}`,
    remedy: handOver(left),
    problems: left.map((step) => ({
      place: step.text,
      detail: `not yet: ${step.why ?? (step === refusal?.step ? 'the server refused it' : 'nothing was done')}`,
      remedy: `${step.sql};`,
    })),
    ...(refusal?.error.sqlState === undefined ? {} : { cause: refusal.error, sqlState: refusal.error.sqlState }),
  })
}
