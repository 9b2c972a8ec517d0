/** `provision`: makes roles, schema and rights on the target, or prints the SQL that somebody else must run. */

import {
  carryOut,
  handOver,
  isLacking,
  isMade,
  lackOf,
  type ProvisionStep,
  planProvision,
} from '../../access/provision.ts'
import { provisionSql } from '../../access/provision-script.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { command, remedy } from '../../base/remedy.ts'
import type { Address } from '../../postgres/address.ts'
import type { Call, Command } from '../command.ts'
import type { Settings } from '../environment.ts'
import { withWritableTarget } from '../sessions.ts'

export const provision: Command = {
  name: 'provision',
  summary: 'make the roles, the schema and the rights on the target',
  description:
    'Makes what is missing: as METABASE_ADMIN_URL when it is set, then what is left as the writer, then as the reader when ' +
    'METABASE_READER_URL is set. Roles that exist keep their password; those that have to be made get that of their URL. ' +
    'What the owner of the database alone could do, and neither runs nor readers need, is a warning.',
  options: {
    '--sql': 'print a script to paste instead, for a role that we may not use; it connects to nothing',
    '--dry-run': 'show the steps and change nothing; no role finds what another one would have made',
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
  const settings = call.settings(needs)
  if (call.flag('sql')) {
    const sql = provisionSql(publication, settings.target.database, call.flag('withoutCreate'))
    call.answer({ sql }, () => sql)
    return 'ok'
  }
  const dryRun = call.flag('dryRun')
  const { answer, lack } = await provisionTarget(call, settings, dryRun)
  if (lack !== null && !dryRun) throw lack
  call.answer(answer, () => stepsText(answer))
  return 'ok'
}

export type ProvisionWish = Pick<Settings, 'source' | 'reader' | 'admin'> & { readonly target: Address }

/** What was done, and the error of what needs somebody else. */
export interface Provisioned {
  readonly answer: ProvisionAnswer
  readonly lack: VitrineError | null
}

const REFUSALS: readonly string[] = ['AUTHENTICATION_FAILED', 'PRIVILEGE_MISSING']

/** Each step by the first of administrator, writer and reader to whom the server allows it. */
export async function provisionTarget(call: Call, wish: ProvisionWish, dryRun = false): Promise<Provisioned> {
  const { publication } = call
  const { source, target, reader, admin } = wish
  const passwords = { writerPassword: target.password, readerPassword: reader?.password ?? null }
  const options = { ...passwords, withoutCreate: call.flag('withoutCreate') }
  const addresses = [admin, target, reader?.user === publication.reader ? reader : null]
  let steps: readonly ProvisionStep[] = []
  for (const address of addresses.filter((each) => each !== null)) {
    if (steps.length > 0 && steps.every(({ possible }) => possible)) break
    // What an earlier session has done, or would do, stays its own.
    const made = new Map(steps.filter(isMade).map((step) => [step.name, step]))
    try {
      const found = await withWritableTarget(call, { target: address, source }, (session) =>
        (dryRun ? planProvision : carryOut)(session, publication, options),
      )
      steps = found.steps.map((step) => made.get(step.name) ?? step)
    } catch (error) {
      // A role that may not connect yet is no reason to stop once another session has seen what is missing.
      const isRefused =
        error instanceof VitrineError && REFUSALS.slice(0, steps.length === 0 ? 1 : 2).includes(error.code)
      if (!isRefused) throw error
      if (steps.length === 0) throw admin === null ? nobody(error, address, publication.writer) : error
      // A rehearsal has made no role that could log in.
      if (!dryRun) call.tell(error)
    }
  }
  const executed = dryRun ? 0 : steps.filter(isMade).length
  return { answer: { dryRun, steps, executed }, lack: lackOf(target.database, steps) }
}

/** One line per step, with what became of it: made now, there already, or left to somebody else. */
export function stepsText({ steps, executed, dryRun }: ProvisionAnswer): string {
  const mark = ({ done, possible }: ProvisionStep) => (done ? ' ' : possible ? '+' : '!')
  const lines = (some: readonly ProvisionStep[]) =>
    some.map((step) => `  ${mark(step)} ${step.text}${step.why === undefined ? '' : ` (${step.why})`}\n`).join('')
  const left = steps.filter(({ possible }) => !possible)
  const warnings = left.filter((step) => !isLacking(step))
  const warning =
    warnings.length === 0
      ? ''
      : `Runs and readers do not need what is marked with !; sessions of the reader begin read-only. To close it all the same:\n${handOver(warnings)}\n`
  // A warning does not make work.
  if (steps.every((step) => step.done || (!step.possible && step.optional))) {
    return `Nothing to do: roles, schema and rights are as they should be.\n${lines(left)}${warning}`
  }
  return `${lines(steps)}${warning}${dryRun ? '' : `${counted(executed, 'step')} done.\n`}`
}

/** The writer that provision would make cannot be what provision logs in with. */
const nobody = (cause: VitrineError, { user }: Address, writer: string): VitrineError =>
  new VitrineError(cause.code, {
    place: cause.place ?? 'target',
    detail: `Nobody else than ${user} was there to log in as.`,
    remedy: remedy`If the role ${writer} does not exist yet, set METABASE_ADMIN_URL to a role that may create roles, or give the output of ${command('provision', '--sql')} to somebody who has one.`,
    cause,
  })
