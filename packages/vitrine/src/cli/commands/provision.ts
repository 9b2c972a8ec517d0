/** `provision`: makes roles, schema and rights on the target, or prints the SQL that somebody else must run. */

import {
  carryOut,
  handOver,
  isLacking,
  isMade,
  lackOf,
  type ProvisionStep,
  planProvision,
  provisionSource,
} from '../../access/provision.ts'
import { provisionSql, sourceSql } from '../../access/provision-script.ts'
import { type ExitName, VitrineError } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { command, remedy } from '../../base/remedy.ts'
import type { Address } from '../../postgres/address.ts'
import type { Call, Command } from '../command.ts'
import type { Settings } from '../environment.ts'
import { withWritableTarget, writing } from '../sessions.ts'

export const provisionCommand: Command = {
  name: 'provision',
  summary: 'make the roles, the schema and the rights on the target; with --source, those on the source',
  description:
    'Makes what is missing: as METABASE_ADMIN_URL when it is set, then what is left as the writer, then as the reader when ' +
    'METABASE_READER_URL is set. Roles that exist keep their password; those that have to be made get that of their URL. ' +
    'What the owner of the database alone could do, and neither runs nor readers need, is a warning. With --source, the role ' +
    'of DATABASE_URL is made on the source as DATABASE_ADMIN_URL: it may read the columns that the queries name, and ' +
    'what else it was granted is revoked, and what the server does not let us revoke is a warning; a role that owns tables or may write is left alone and refused.',
  options: {
    '--source': 'on the source: the role that reads it, whose name and password DATABASE_URL holds',
    '--sql': 'print a script to paste instead, for a role that we may not use; it connects to nothing',
    '--dry-run': 'show the steps and change nothing; no role finds what another one would have made',
    '--without-create':
      'where the writer may not create schemas: make those that it needs; the switch then waits for readers',
  },
  examples: [
    { line: 'provision', says: 'once, and whenever doctor finds a right missing' },
    { line: 'provision --sql > provision.sql', says: 'where roles are made by somebody else' },
    { line: 'provision --source', says: 'once, and whenever queries name other columns of the source' },
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
  const provisioned = call.flag('source') ? await onSource(call) : await onTarget(call)
  if (provisioned === null) return 'ok'
  const { answer, lack } = provisioned
  if (lack !== null && !answer.dryRun) throw lack
  call.answer(answer, () => stepsText(answer))
  return 'ok'
}

/** Null when a script was printed instead. */
async function onTarget(call: Call): Promise<Provisioned | null> {
  const needs = { source: 'optional', target: 'required', reader: 'optional', admin: 'optional' } as const
  const settings = call.settings(needs)
  const { database } = settings.target
  if (!call.flag('sql')) return provisionTarget(call, settings, call.flag('dryRun'))
  printed(call, provisionSql(call.publication, database, call.flag('withoutCreate')))
  return null
}

async function onSource(call: Call): Promise<Provisioned | null> {
  const { source, sourceAdmin } = call.settings({ source: 'required', sourceAdmin: 'optional' })
  if (!call.flag('sql')) return provisionSourceRole(call, { source, sourceAdmin }, call.flag('dryRun'))
  printed(call, await sourceSql(call.publication, source.user, source.database))
  return null
}

const printed = (call: Call, sql: string): void => call.answer({ sql }, () => sql)

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
  const inTurn = { addresses, dryRun, admin, variable: 'METABASE_ADMIN_URL', role: publication.writer }
  return eachInTurn(call, inTurn, (address) =>
    withWritableTarget(call, { target: address, source }, async (session) => {
      const { steps } = await (dryRun ? planProvision : carryOut)(session, publication, options)
      return steps
    }),
  )
}

export type SourceWish = Pick<Settings, 'sourceAdmin'> & { readonly source: Address }

/** The same for the role that reads the source, by its administrator. */
export async function provisionSourceRole(call: Call, wish: SourceWish, dryRun = false): Promise<Provisioned> {
  const { source, sourceAdmin: admin } = wish
  const { user: role, password } = source
  const inTurn = { addresses: [admin ?? source], dryRun, admin, variable: 'DATABASE_ADMIN_URL', role }
  return eachInTurn(call, inTurn, (address) =>
    writing(call, 'source', address, (session) =>
      provisionSource(session, call.publication, { role, password }, !dryRun),
    ),
  )
}

/** Who logs in, one after the other, to make the role. */
interface InTurn {
  readonly addresses: readonly (Address | null)[]
  readonly dryRun: boolean
  readonly admin: Address | null
  readonly variable: string
  readonly role: string
}

async function eachInTurn(
  call: Call,
  { addresses: all, dryRun, admin, variable, role }: InTurn,
  work: (address: Address) => Promise<readonly ProvisionStep[]>,
): Promise<Provisioned> {
  const addresses = all.filter((each) => each !== null)
  let steps: readonly ProvisionStep[] = []
  for (const address of addresses) {
    if (steps.length > 0 && steps.every(({ possible }) => possible)) break
    // What an earlier session has done, or would do, stays its own.
    const made = new Map(steps.filter(isMade).map((step) => [step.name, step]))
    try {
      const found = await work(address)
      steps = found.map((step) => made.get(step.name) ?? step)
    } catch (error) {
      // A role that may not connect yet is no reason to stop once another session has seen what is missing.
      const isRefused =
        error instanceof VitrineError && REFUSALS.slice(0, steps.length === 0 ? 1 : 2).includes(error.code)
      if (!isRefused) throw error
      if (steps.length === 0) throw admin === null ? nobody(error, address, variable, role) : error
      // A rehearsal has made no role that could log in.
      if (!dryRun) call.tell(error)
    }
  }
  const executed = dryRun ? 0 : steps.filter(isMade).length
  return { answer: { dryRun, steps, executed }, lack: lackOf(addresses[0]?.database ?? '', steps) }
}

const WIDER =
  'Runs do not need what is marked with !, and the fence of the source is the wider for it: doctor says what the role could read. To close it:'

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
      : `${warnings.some(({ part }) => part === 'source') ? WIDER : 'Runs and readers do not need what is marked with !; sessions of the reader begin read-only. To close it all the same:'}\n${handOver(warnings)}\n`
  // A warning does not make work.
  if (steps.every((step) => step.done || (!step.possible && step.optional))) {
    return `Nothing to do: roles, schema and rights are as they should be.\n${lines(left)}${warning}`
  }
  return `${lines(steps)}${warning}${dryRun ? '' : `${counted(executed, 'step')} done.\n`}`
}

/** The role that provision would make cannot be what provision logs in with. */
const nobody = (cause: VitrineError, { user }: Address, variable: string, role: string): VitrineError =>
  new VitrineError(cause.code, {
    place: cause.place ?? 'target',
    detail: `Nobody else than ${user} was there to log in as.`,
    remedy: remedy`If the role ${role} does not exist yet, set ${variable} to a role that may create roles, or give the output of ${command('provision', variable === 'DATABASE_ADMIN_URL' ? '--source --sql' : '--sql')} to somebody who has one.`,
    cause,
  })
