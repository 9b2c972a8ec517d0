/**
 * The target of `init`: a server of this folder, or a database that is neither the source nor a copy of it. Its
 * role decides about the others: one that may create roles makes writer and reader, any other becomes the writer.
 */
import { randomBytes } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { type ListedTable, listTables } from '../onboarding/survey.ts'
import { type Address, parseAddress } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { refuseSameDatabase } from '../postgres/identity.ts'
import { identifier, literal } from '../sql/quote.ts'
import type { Call } from './command.ts'
import { startEmbedded } from './embedded-server.ts'
import type { InitAnswers } from './init-answers.ts'
import { writing } from './sessions.ts'

export interface NewTarget {
  readonly writer: string
  readonly reader: string
  /** Starts the embedded server, where the target is that. */
  start(): Promise<void>
  /** Once it has started; null where nothing is to be published. */
  addresses(): Addresses | null
}

/** Those of the roles, and who may make them. */
interface Addresses {
  readonly admin: Address | null
  readonly writer: Address
  readonly reader: Address
}

const standing = (addresses: Addresses): NewTarget => ({
  writer: addresses.writer.user,
  reader: addresses.reader.user,
  start: async () => undefined,
  addresses: () => addresses,
})

const rolesOf = (name: string) => ({ writer: `${name}_writer`, reader: `${name}_reader` })

/** Throws TARGET_IS_SOURCE, PRIVILEGE_MISSING, USAGE, or what a connection throws, before anything is changed there. */
export async function prepareTarget(
  call: Call,
  answers: InitAnswers,
  source: Session,
  tables: readonly ListedTable[],
): Promise<NewTarget> {
  const { target, name, folder, publishes } = answers
  if (!publishes) return { ...rolesOf(name), start: async () => undefined, addresses: () => null }
  if (target === null) return embeddedTarget(call, name, folder)
  return writing(call, 'target', target, async (session) => {
    await refuseSameDatabase(source, session)
    await refuseCopy(session, tables)
    const [role] = await session.query<{ creates: boolean }>(
      'select rolcreaterole or rolsuper as creates from pg_catalog.pg_roles where rolname = current_user',
    )
    return role?.creates === true ? withNewRoles(session, answers, target) : asWriter(answers, target)
  })
}

/** Refuses a database with the source's tables: it is the application's, or a copy of it. */
async function refuseCopy(session: Session, tables: readonly ListedTable[]): Promise<void> {
  const there = new Set((await listTables(session)).map(({ schema, name }) => `${schema}.${name}`))
  const same = tables.filter(({ schema, name }) => there.has(`${schema}.${name}`))
  if (same.length < Math.max(1, tables.length / 2)) return
  const detail = `It has the source’s tables (${same.length} of ${tables.length}): a copy of the operational database is no place to publish into.`
  throw new VitrineError('TARGET_IS_SOURCE', { place: '--target', detail })
}

const password = (): string => randomBytes(18).toString('hex')

const as = (address: Address, user: string): Address => ({ ...address, user, password: new Secret(password()) })

async function withNewRoles(session: Session, { name, reader }: InitAnswers, admin: Address): Promise<NewTarget> {
  const roles = { ...rolesOf(name), ...(reader === null ? {} : { reader: reader.user }) }
  const made = [roles.writer, ...(reader === null ? [roles.reader] : [])]
  const found = await session.query<{ role: string }>(
    'select rolname::text as role from pg_catalog.pg_roles where rolname = any ($1::text[])',
    [made],
  )
  if (found.length > 0) {
    const problems = found.map(({ role }) => ({
      place: role,
      detail: 'the target has this role, and we do not know its password',
    }))
    throw new VitrineError('USAGE', {
      place: '--name',
      problems,
      remedy: 'Give another --name, or the URL of that role as --target and --reader.',
    })
  }
  const [writerAt, readerAt] = [as(admin, roles.writer), reader ?? as(admin, roles.reader)]
  return standing({ admin, writer: writerAt, reader: readerAt })
}

function asWriter({ reader }: InitAnswers, target: Address): NewTarget {
  if (reader !== null) return standing({ admin: null, writer: target, reader })
  const detail = `The role ${target.user} may not create roles, and no reader is named.`
  const remedy =
    'Make a role for readers where the platform makes them, and give its URL as --reader; or give the URL of an administrator as --target.'
  throw new VitrineError('USAGE', { place: '--reader', detail, remedy })
}

function embeddedTarget(call: Call, name: string, folder: string): NewTarget {
  const roles = rolesOf(name)
  let addresses: Addresses | null = null
  const start = async () => {
    const server = await startEmbedded(folder)
    const admin = parseAddress(server.url(name), 'embedded')
    const [writer, reader] = [as(admin, roles.writer), as(admin, roles.reader)]
    await writing(call, 'target', parseAddress(server.url('postgres'), 'embedded'), async (session) => {
      const [there] = await session.query('select from pg_catalog.pg_database where datname = $1', [name])
      if (there === undefined) await session.execute(`create database ${identifier(name)}`)
      // Roles left by an interrupted try. They may be replaced, because the server belongs to this folder.
      for (const { user, password: secret } of [writer, reader]) {
        const [role] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [user])
        const text = literal(secret?.reveal() ?? '')
        if (role !== undefined) await session.execute(`alter role ${identifier(user)} password ${text}`)
      }
    })
    addresses = { admin, writer, reader }
  }
  return { ...roles, start, addresses: () => addresses }
}
