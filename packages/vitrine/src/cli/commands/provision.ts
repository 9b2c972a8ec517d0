/** `provision`: makes roles, schema and rights on the target, or prints the SQL that somebody else must run. */

import { applyProvision, isLacking, type ProvisionStep, planProvision } from '../../access/provision.ts'
import { provisionSql } from '../../access/provision-script.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { command, remedy } from '../../base/remedy.ts'
import type { Address } from '../../postgres/address.ts'
import type { Call, Command } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'

export const provision: Command = {
  name: 'provision',
  summary: 'make the roles, the schema and the rights on the target',
  description:
    'Makes what is missing, as METABASE_ADMIN_URL when it is set and as the writer otherwise. Roles that exist keep their ' +
    'password. The passwords of roles that have to be made are those of METABASE_DATABASE_URL and METABASE_READER_URL.',
  options: {
    '--sql': 'print a script to paste instead, for a role that we may not use; it connects to nothing',
    '--dry-run': 'show the steps and change nothing',
    '--without-create':
      'where the writer may not create schemas: make those that it needs; the switch then waits for readers',
  },
  examples: [
    { line: 'provision', says: 'once, and whenever doctor finds a right missing' },
    { line: 'provision --sql > provision.sql', says: 'where roles are made by somebody else' },
  ],
  run,
}

/** What `provision --json` prints. */
export interface ProvisionAnswer {
  readonly dryRun: boolean
  readonly steps: readonly ProvisionStep[]
  /** How many of them this command did. */
  readonly executed: number
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const needs = { source: 'optional', target: 'required', reader: 'optional', admin: 'optional' } as const
  const { source, target, reader, admin } = call.settings(needs)
  const withoutCreate = call.flag('withoutCreate')
  if (call.flag('sql')) {
    const sql = provisionSql(publication, target.database, withoutCreate)
    call.answer({ sql }, () => sql)
    return 'ok'
  }
  const dryRun = call.flag('dryRun')
  const options = { writerPassword: target.password, readerPassword: reader?.password ?? null, withoutCreate }
  const work = withWritableTarget(call, { target: admin ?? target, source }, async (session) => {
    const plan = await planProvision(session, publication, options)
    const executed = dryRun ? [] : await applyProvision(session, plan)
    const answer: ProvisionAnswer = { dryRun, steps: plan.steps, executed: executed.length }
    call.answer(answer, () => stepsText(answer))
    return 'ok' as const
  })
  return admin === null ? work.catch((error: unknown) => refuse(error, target, publication.writer)) : work
}

/** One line per step, with what became of it: made now, there already, or left to somebody else. */
export function stepsText({ steps, executed, dryRun }: ProvisionAnswer): string {
  const mark = ({ done, possible }: ProvisionStep) => (done ? ' ' : possible ? '+' : '!')
  const lines = (some: readonly ProvisionStep[]) =>
    some.map((step) => `  ${mark(step)} ${step.text}${step.why === undefined ? '' : ` (${step.why})`}\n`).join('')
  const undone = steps.filter(({ done }) => !done)
  // A note does not make work: it is left to somebody else, and no promise depends on it.
  if (undone.every((step) => !step.possible && !isLacking(step))) {
    return `Nothing to do: roles, schema and rights are as they should be.\n${lines(undone)}`
  }
  return `${lines(steps)}${dryRun ? '' : `${counted(executed, 'step')} done.\n`}`
}

/** The writer that provision would make cannot be what provision logs in with. */
function refuse(error: unknown, target: Address, writer: string): never {
  if (!(error instanceof VitrineError) || error.code !== 'AUTHENTICATION_FAILED') throw error
  throw new VitrineError(error.code, {
    place: error.place ?? 'target',
    detail: `Nobody else than ${target.user} was there to log in as.`,
    remedy: remedy`If the role ${writer} does not exist yet, set METABASE_ADMIN_URL to a role that may create roles, or give the output of ${command('provision', '--sql')} to somebody who has one.`,
    cause: error,
  })
}
