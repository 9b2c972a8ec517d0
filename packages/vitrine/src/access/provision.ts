/**
 * Provision: tries each missing step as the role of the session, and keeps what the server allows. It does not guess the
 * rights of a platform: the server decides, and the step's condition tells whether it is done. The rest
 * is printed as SQL. The steps are in `step.ts`, the script for pasting is in `provision-script.ts`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { literal } from '../sql/quote.ts'
import { readFacts } from './facts.ts'
import { probe, REFUSED, undone } from './probe.ts'
import { requirePlainPassword, scramVerifier } from './scram.ts'
import { excess, NOTHING_ELSE, OWN_ROLE, sourceRightsOf, sourceSteps, unfitness } from './source-step.ts'
import { asWriter, membership } from './statement.ts'
import { PASSWORD_PLACEHOLDER, type Step, stepsFor } from './step.ts'

/** Passwords of the roles to make; a role without one is left to somebody else. */
export interface ProvisionOptions {
  readonly readerPassword: Secret | null
  readonly writerPassword: Secret | null
  /**
   * The writer is not granted the right to create schemas: all that it needs are made now, and tables are moved between
   * them. Assumed where the target is already set up so. It revokes no right.
   */
  readonly withoutCreate?: boolean
}

export interface ProvisionStep extends Omit<Step, 'done'> {
  /** It was done before. */
  readonly done: boolean
  /** It is done, or the server allows it to the role of the session. */
  readonly possible: boolean
  /** Why it is not possible. */
  readonly why?: string
}

export interface ProvisionPlan {
  readonly publication: Publication
  readonly database: string
  readonly steps: readonly ProvisionStep[]
  readonly options: ProvisionOptions
}

/** A run or a reader needs it, and it is left to somebody else. */
export const isLacking = ({ possible, optional }: ProvisionStep): boolean => !possible && !optional

/** It was not done before, and the session did it or would do it. */
export const isMade = ({ done, possible }: ProvisionStep): boolean => possible && !done

/** Tries everything and undoes it. Throws SETTINGS_INVALID for a password that drivers would understand differently. */
export const planProvision = (session: Session, publication: Publication, options: ProvisionOptions) =>
  undone(session, 'begin read write', () => attempt(session, publication, options))

/**
 * Does what the server allows, in one transaction, and returns the plan that was carried out; a second one finds nothing to
 * do. `session` is on the target, as an administrator, the writer or the reader.
 */
export const carryOut = (session: Session, publication: Publication, options: ProvisionOptions) =>
  session.transaction(() => attempt(session, publication, options), 'begin read write')

/** Carries a plan out and returns the steps that were done. Throws what `lackOf` finds. */
export async function applyProvision(session: Session, plan: ProvisionPlan): Promise<readonly ProvisionStep[]> {
  const { database, steps } = await carryOut(session, plan.publication, plan.options)
  const lack = lackOf(database, steps)
  if (lack !== null) throw lack
  return steps.filter(isMade)
}

/** PRIVILEGE_MISSING when something is lacking, else null: its remedy is the SQL to paste, grouped by who may run it. */
export function lackOf(database: string, steps: readonly ProvisionStep[]): VitrineError | null {
  if (!steps.some(isLacking)) return null
  const left = steps.filter(({ possible }) => !possible)
  return new VitrineError('PRIVILEGE_MISSING', {
    place: `database ${database}`,
    detail: `${left.length === 1 ? 'One step is' : `${left.length} steps are`} left to somebody else.`,
    remedy: handOver(left),
    problems: left.map(({ text, why, sql }) => ({ place: text, detail: `not yet: ${why}`, remedy: `${sql};` })),
  })
}

/** The SQL of steps, grouped by who may run it. */
export const handOver = (steps: readonly ProvisionStep[]): string =>
  steps
    .flatMap(({ by, sql }, index) => [...(steps[index - 1]?.by === by ? [] : [`-- by ${by}:`]), `${sql};`])
    .join('\n')

/** What the server's answer says of a step that is left to somebody else. */
const ANSWERS: Readonly<Record<string, string>> = {
  '42704': 'it needs a role that is not there yet',
  '3F000': 'it needs a schema that is not there yet',
  '42P01': 'it needs a table that is not there',
  '42703': 'it needs a column that is not there',
  '42P06': 'a schema of that name is there, which is not ours to take over',
}
/** States that say nothing about the step: locks, missing resources, a stopping server. */
const TRANSIENT = /^(08|40|53|55|57|58|XX)/

/** In the open transaction. */
async function attempt(session: Session, publication: Publication, options: ProvisionOptions): Promise<ProvisionPlan> {
  const facts = await readFacts(session, publication)
  const { name: database, owner } = facts.database
  const withoutCreate = options.withoutCreate === true || (!facts.writerCreates && facts.workMade)
  const all = stepsFor(publication, { database, owner, withoutCreate })
  const passwordOf = (role: string) => (role === publication.writer ? options.writerPassword : options.readerPassword)
  const steps = await tryEach(session, publication, all, passwordOf)
  return Object.freeze({ publication, database, steps, options })
}

/** The role of DATABASE_URL, with the password that it gets when it has to be made. */
export interface SourceLogin {
  readonly role: string
  readonly password: Secret | null
}

/**
 * The same for the role that reads the source: tried, and kept with `keep`. Throws ROLE_UNSAFE, before it changes anything,
 * when the role is not one for reading alone.
 */
export async function provisionSource(
  session: Session,
  publication: Publication,
  { role, password }: SourceLogin,
  keep: boolean,
): Promise<readonly ProvisionStep[]> {
  const wanted = await sourceRightsOf(publication, role)
  const work = async () => {
    const unfit = await session.query<{ reason: string }>(unfitness(wanted))
    if (unfit.length > 0) {
      const detail = `${role} ${unfit.map(({ reason }) => reason).join(', ')}. Nothing was changed.`
      throw new VitrineError('ROLE_UNSAFE', { place: 'source', detail, remedy: OWN_ROLE(role) })
    }
    const [{ database = '' } = {}] = await session.query<{ database: string }>(
      'select current_database()::text as database',
    )
    const steps = await tryEach(session, publication, sourceSteps(wanted, database), () => password)
    if (steps.every(({ name, possible }) => possible || name !== NOTHING_ELSE)) return steps
    // Prints only what is left to do, not everything that was tried.
    const left = (await session.query<{ sql: string }>(excess(wanted))).map(({ sql }) => sql).join(';\n')
    const by = 'who granted it, or a superuser'
    return steps.map((step) => (step.name === NOTHING_ELSE ? { ...step, by, sql: left } : step))
  }
  return keep ? session.transaction(work, 'begin read write') : undone(session, 'begin read write', work)
}

async function tryEach(
  session: Session,
  publication: Publication,
  all: readonly Step[],
  passwordOf: (role: string) => Secret | null,
): Promise<readonly ProvisionStep[]> {
  const [{ user = '' } = {}] = await session.query<{ user: string }>('select current_user::text as user')
  const { borrow, giveBack } = membership(publication)
  const run = (sql: string) => probe(session, sql, true, (state) => !TRANSIENT.test(state))
  const steps: ProvisionStep[] = []
  let lent = false
  for (const { done: condition, ...step } of all) {
    const { part, password: whose } = step
    const done = await isDone(session, condition)
    if (part !== 'schema' && lent) await run(giveBack)
    if (part !== 'schema') lent = false
    else if (!done && !lent) lent = (await run(borrow)) === null
    const password = whose === null ? null : passwordOf(whose)
    let why = whose !== null && password === null ? 'no password was given for it' : null
    if (!done && why === null) {
      if (whose !== null && password !== null) requirePlainPassword(password, whose)
      const state = await run(statementOf(step, publication, password))
      if (state !== null && state !== REFUSED) why = ANSWERS[state] ?? `the server answers with SQLSTATE ${state}`
      // A grant without effect is only a warning to PostgreSQL.
      else if (!(await isDone(session, condition))) why = `${user} may not`
    }
    const possible = done || why === null
    steps.push(Object.freeze({ ...step, done, possible, ...(possible ? {} : { why: why ?? '' }) }))
  }
  return Object.freeze(steps)
}

export async function isDone(session: Session, condition: string): Promise<boolean> {
  const [row] = await session.query<{ done: boolean }>(`select (${condition}) is true as done`)
  return row?.done === true
}

/** The statement as it is sent: with a verifier for the password, run as the right role. */
function statementOf({ sql, as }: Omit<Step, 'done'>, publication: Publication, password: Secret | null): string {
  const filled = password === null ? sql : sql.replace(PASSWORD_PLACEHOLDER, () => literal(scramVerifier(password)))
  return as === 'writer' ? asWriter(publication, `${filled};`) : filled
}
