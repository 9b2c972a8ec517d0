/** `provision`: makes roles, schema and rights on the target, or prints the SQL that somebody else must run. */

import { applyProvision, isLacking, type ProvisionStep, planProvision } from '../../access/provision.ts'
import { provisionSql } from '../../access/provision-script.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Address } from '../../postgres/address.ts'
import type { Publication } from '../../publication/publication.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { counted } from '../language.ts'
import { withWritableTarget } from '../sessions.ts'

export interface ProvisionWords extends CommandWords {
  readonly options: Readonly<Record<'sql' | 'dryRun' | 'withoutCreate', string>>
  readonly nothing: string
  readonly done: (steps: number) => string
  /** Stand before a step: made now, there already, or left to somebody else. */
  readonly marks: { readonly made: string; readonly kept: string; readonly left: string }
}

export const provisionEnglish: ProvisionWords = {
  summary: 'make the roles, the schema and the rights on the target',
  description:
    'Makes what is missing, as METABASE_ADMIN_URL when it is set and as the writer otherwise. Roles that exist keep their ' +
    'password. The passwords of roles that have to be made are those of METABASE_DATABASE_URL and METABASE_READER_URL.',
  options: {
    sql: 'print a script to paste instead, for a role that we may not use; it connects to nothing',
    dryRun: 'show the steps and change nothing',
    withoutCreate:
      'where the writer may not create schemas: make those that it needs; the switch then waits for readers',
  },
  examples: [
    { line: 'provision', says: 'once, and whenever doctor finds a right missing' },
    { line: 'provision --sql > provision.sql', says: 'where roles are made by somebody else' },
  ],
  nothing: 'Nothing to do: roles, schema and rights are as they should be.',
  done: (steps) => `${counted(steps, 'step')} done.`,
  marks: { made: '+', kept: ' ', left: '!' },
}

/** What `provision --json` prints. */
export interface ProvisionAnswer {
  readonly dryRun: boolean
  readonly steps: readonly ProvisionStep[]
  /** How many of them this command did. */
  readonly executed: number
}

export const defineProvision = (words: ProvisionWords): Command =>
  defineCommand('provision', words, { sql: '--sql', dryRun: '--dry-run', withoutCreate: '--without-create' }, (call) =>
    provision(call, words),
  )

async function provision(call: Call, words: ProvisionWords): Promise<ExitName> {
  const publication = await call.publication()
  const needs = { source: 'optional', target: 'required', reader: 'optional', admin: 'optional' } as const
  const { source, target, reader, admin } = call.settings(publication, needs)
  if (call.flag('sql')) {
    const sql = provisionSql(publication, target.database, call.flag('withoutCreate'))
    call.answer({ sql }, () => sql)
    return 'ok'
  }
  const options = {
    writerPassword: target.password,
    readerPassword: reader?.password ?? null,
    withoutCreate: call.flag('withoutCreate'),
  }
  const work = async () =>
    withWritableTarget(call, publication, admin ?? target, source, async (session) => {
      const plan = await planProvision(session, publication, options)
      const executed = call.flag('dryRun') ? [] : await applyProvision(session, plan)
      call.answer(answerOf(call.flag('dryRun'), plan.steps, executed), () =>
        stepsText(plan.steps, executed, call, words),
      )
      return 'ok' as const
    })
  return admin === null ? work().catch((error: unknown) => refuse(error, target, publication)) : work()
}

const answerOf = (
  dryRun: boolean,
  steps: readonly ProvisionStep[],
  executed: readonly ProvisionStep[],
): ProvisionAnswer => ({ dryRun, steps, executed: executed.length })

/** A line a step, with what became of it. */
export function stepsText(
  steps: readonly ProvisionStep[],
  executed: readonly ProvisionStep[],
  call: Call,
  words: ProvisionWords,
): string {
  const mark = ({ done, possible }: ProvisionStep) =>
    done ? words.marks.kept : possible ? words.marks.made : words.marks.left
  const lines = (some: readonly ProvisionStep[]) =>
    some.map((step) => `  ${mark(step)} ${step.text}${step.why === undefined ? '' : ` (${step.why})`}\n`).join('')
  const undone = steps.filter(({ done }) => !done)
  // A note does not make work: it is left to somebody else, and no promise depends on it.
  if (undone.every((step) => !step.possible && !isLacking(step))) return `${words.nothing}\n${lines(undone)}`
  return `${lines(steps)}${call.flag('dryRun') ? '' : `${words.done(executed.length)}\n`}`
}

/** The writer that provision would make cannot be what provision logs in with. */
function refuse(error: unknown, target: Address, { writer }: Publication): never {
  if (!(error instanceof VitrineError) || error.code !== 'AUTHENTICATION_FAILED') throw error
  throw new VitrineError(error.code, {
    place: error.place ?? 'target',
    detail: `Nobody else than ${target.user} was there to log in as.`,
    remedy: `If the role ${writer} does not exist yet, set METABASE_ADMIN_URL to a role that may create roles, or give the output of \`provision --sql\` to somebody who has one.`,
    cause: error,
  })
}
