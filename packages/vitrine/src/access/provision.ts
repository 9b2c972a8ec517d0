/**
 * Provision: compares the roles, the published schema and the rights on the target with what a publication needs, then makes
 * what the session's role may make. The rest is handed over as SQL for somebody who may. Roles that exist keep their
 * password and their attributes. The steps are in `provision-steps.ts`, the script in `provision-script.ts`.
 */

import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier, literal } from '../sql/quote.ts'
import { readRights } from './privilege.ts'
import { PASSWORD_PLACEHOLDER, type ProvisionOptions, type ProvisionStep } from './provision-situation.ts'
import { provisionSteps } from './provision-steps.ts'
import { assumableSql, readerSettingsHold, readRoles } from './role.ts'
import { requirePlainPassword, scramVerifier } from './scram.ts'

export type { ProvisionOptions, ProvisionPart, ProvisionStep } from './provision-situation.ts'

export interface ProvisionPlan {
  readonly publication: Publication
  readonly database: string
  readonly steps: readonly ProvisionStep[]
  readonly options: ProvisionOptions
}

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
  const roles = await readRoles(session, publication)
  // Roles that exist keep the password they have, whatever it is.
  for (const kind of ['writer', 'reader'] as const) {
    const password = options[`${kind}Password`]
    if (roles[kind] === null && password !== null) requirePlainPassword(password, publication[kind])
  }
  const rights = await readRights(session, publication)
  const settingsHold = await readerSettingsHold(session, publication)
  const steps = provisionSteps(publication, options, { roles, rights, settingsHold })
  return Object.freeze({ publication, database: rights.database.name, steps, options })
}

/**
 * Does the steps that are possible, in one transaction, and returns them; a second run finds nothing to do. Throws
 * PRIVILEGE_MISSING when something is left: its remedy is the SQL to paste, grouped by who may run it, passwords as
 * `'<password>'`.
 */
export async function applyProvision(session: Session, plan: ProvisionPlan): Promise<readonly ProvisionStep[]> {
  const executed = plan.steps.filter(({ done, possible }) => !done && possible)
  if (executed.length > 0) {
    try {
      await session.transaction(() => execute(session, plan, executed))
    } catch (error) {
      if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
      throw leftToOthers(plan, error)
    }
  }
  // Read again instead of believed: a grant without effect is only a warning to PostgreSQL.
  const after = executed.length === 0 ? plan : await planProvision(session, plan.publication, plan.options)
  if (after.steps.some(({ done }) => !done)) throw leftToOthers(after)
  return executed
}

async function execute(session: Session, plan: ProvisionPlan, steps: readonly ProvisionStep[]): Promise<void> {
  const { writer } = plan.publication
  const ofPart = (...parts: readonly string[]) => steps.filter(({ part }) => parts.includes(part))
  for (const step of ofPart('roles')) await session.execute(withVerifier(step, plan))
  for (const step of ofPart('database')) await session.execute(step.sql)
  const inSchema = ofPart('schema')
  if (inSchema.length > 0) {
    const lent = await borrowMembership(session, writer)
    for (const { sql, as } of inSchema) {
      await session.execute(as === 'session' ? sql : `set local role ${identifier(writer)}; ${sql}; reset role`)
    }
    if (lent !== null) await session.execute(`revoke ${identifier(writer)} from ${identifier(lent)}`)
  }
  for (const step of ofPart('settings')) await session.execute(step.sql)
}

/** The statement of a role that is made, with a verifier in place of the password. */
function withVerifier(step: ProvisionStep, { options }: ProvisionPlan): string {
  const password = step.password === null ? null : options[`${step.password}Password`]
  return password === null ? step.sql : step.sql.replace(PASSWORD_PLACEHOLDER, () => literal(scramVerifier(password)))
}

/**
 * Gives the session's role membership in the writer when it has none, and returns the name that must lose it again. A role
 * with CREATEROLE that is no superuser needs it, since PostgreSQL 16 even in roles that it made itself.
 */
async function borrowMembership(session: Session, writer: string): Promise<string | null> {
  const [row] = await session.query<{ name: string; assumable: boolean }>(
    `select current_user::text as name, ${assumableSql('oid')} as assumable from pg_catalog.pg_roles where rolname = $1`,
    [writer],
  )
  if (row === undefined || row.assumable) return null
  await session.execute(`grant ${identifier(writer)} to ${identifier(row.name)}`)
  return row.name
}

/** The SQL of the steps that are left, grouped by who may run it. */
function handOver(steps: readonly ProvisionStep[]): string {
  const lines: string[] = []
  let by = ''
  for (const step of steps) {
    if (step.by !== by) lines.push(`-- by ${step.by}:`)
    by = step.by
    lines.push(`${step.sql};`)
  }
  return lines.join('\n')
}

function leftToOthers(plan: ProvisionPlan, cause?: VitrineError): VitrineError {
  const left = plan.steps.filter(({ done }) => !done)
  return new VitrineError('PRIVILEGE_MISSING', {
    place: `database ${plan.database}`,
    detail: `${left.length === 1 ? 'One step is' : `${left.length} steps are`} left to somebody else.`,
    remedy: handOver(left),
    problems: left.map(({ text, why, sql }) => ({
      place: text,
      detail: `not yet: ${why ?? 'the server refused it'}`,
      remedy: `${sql};`,
    })),
    ...(cause === undefined ? {} : { cause, ...(cause.sqlState === undefined ? {} : { sqlState: cause.sqlState }) }),
  })
}
