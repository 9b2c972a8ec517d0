/**
 * A demonstration: one embedded PostgreSQL with two databases, a source that SQL files make and the target, with roles and rights as
 * anywhere else. Made ready here, for the command `demo` and for the tests of a team (`testing.ts`).
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { carryOut, lackOf, provisionSource } from '../access/provision.ts'
import { VitrineError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { type Address, parseAddress } from '../postgres/address.ts'
import { connect, type Session, type Side } from '../postgres/connect.ts'
import { refusalOf } from '../postgres/server-error.ts'
import type { Publication } from '../publication/publication.ts'
import { migrate } from '../run/migrate.ts'
import { identifier, literal } from '../sql/quote.ts'
import type { StartedServer } from './embedded-server.ts'

export interface SqlFile {
  readonly name: string
  readonly text: string
}

/** The SQL files of a folder, in the order of their names. Throws USAGE when there is none. */
export function sqlFilesIn(folder: string, home: string): readonly SqlFile[] {
  const place = relative(home, folder) || folder
  let names: readonly string[] = []
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  } catch {}
  if (names.length === 0) {
    const detail = 'The folder has no SQL file that makes the source.'
    throw new VitrineError('USAGE', {
      place,
      detail,
      remedy: 'Give another with --sql, or write one: tables and sample rows.',
    })
  }
  const read = (name: string) => ({ name: join(place, name), text: readFileSync(join(folder, name), 'utf8') })
  return names.toSorted().map(read)
}

export interface Demonstration {
  readonly source: Address
  readonly sourceAdmin: Address
  readonly target: Address
  readonly targetAdmin: Address
  readonly reader: Address
  /** The SQL files were run now; otherwise the source was there. */
  readonly isNew: boolean
}

export const databasesOf = ({ name }: Publication) => ({ source: `${name}_source`, target: `${name}_target` })

export const adminOf = (server: Pick<StartedServer, 'url'>, database: string): Address =>
  parseAddress(server.url(database), 'embedded')

/** Does `work` as somebody, on one side of a demonstration. */
export async function inSession<T>(
  publication: Publication,
  side: Side,
  address: Address,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openAs(publication, side, address)
  try {
    return await work(session)
  } finally {
    await session.end()
  }
}

export const openAs = (publication: Publication, side: Side, address: Address, readOnly = false): Promise<Session> =>
  connect(address, {
    side,
    name: `vitrine ${publication.name} demo`,
    limits: publication.limits,
    readOnly,
    searchPath: [side === 'source' ? publication.source.schema : publication.schema],
  })

/**
 * Makes what is missing: both databases, the source's tables and rows, roles, rights and the approval. Roles get new passwords each time: nobody keeps
 * them. Throws SAMPLE_FAILED, and whatever `provision` and `migrate` throw.
 */
export async function prepareDemonstration(
  server: Pick<StartedServer, 'url'>,
  publication: Publication,
  files: readonly SqlFile[],
): Promise<Demonstration> {
  const { source: from, target: to } = databasesOf(publication)
  const login = (database: string, user: string): Address => ({
    ...adminOf(server, database),
    user,
    password: new Secret(randomBytes(18).toString('hex')),
  })
  const [sourceAdmin, targetAdmin] = [adminOf(server, from), adminOf(server, to)]
  const source = login(from, from)
  const [target, reader] = [login(to, publication.writer), login(to, publication.reader)]
  const logins = [source, target, reader]
  await inSession(publication, 'target', adminOf(server, 'postgres'), async (session) => {
    for (const name of [from, to]) await makeDatabase(session, name)
    for (const each of logins) await setPassword(session, each)
  })
  const isNew = await inSession(publication, 'source', sourceAdmin, (session) => fill(session, files))
  await inSession(publication, 'source', sourceAdmin, async (session) => {
    const given = { role: source.user, password: source.password }
    requireDone(from, await provisionSource(session, publication, given, true))
  })
  await inSession(publication, 'target', targetAdmin, async (session) => {
    const passwords = { writerPassword: target.password, readerPassword: reader.password }
    requireDone(to, (await carryOut(session, publication, passwords)).steps)
  })
  await inSession(publication, 'target', target, (session) => migrate({ session, publication }))
  return { source, sourceAdmin, target, targetAdmin, reader, isNew }
}

function requireDone(database: string, steps: Parameters<typeof lackOf>[1]): void {
  const lack = lackOf(database, steps)
  if (lack !== null) throw lack
}

async function makeDatabase(session: Session, name: string): Promise<void> {
  const [there] = await session.query('select from pg_catalog.pg_database where datname = $1', [name])
  if (there === undefined) await session.execute(`create database ${identifier(name)}`)
}

async function setPassword(session: Session, { user, password }: Address): Promise<void> {
  const [there] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [user])
  const text = literal(password?.reveal() ?? '')
  if (there !== undefined) await session.execute(`alter role ${identifier(user)} password ${text}`)
}

/** Both databases go, whoever uses them. */
export async function clearDemonstration(server: Pick<StartedServer, 'url'>, publication: Publication): Promise<void> {
  const names = Object.values(databasesOf(publication))
  await inSession(publication, 'target', adminOf(server, 'postgres'), async (session) => {
    for (const name of names) await session.execute(`drop database if exists ${identifier(name)} with (force)`)
  })
}

/** All files or none, where the database has no table yet. */
async function fill(session: Session, files: readonly SqlFile[]): Promise<boolean> {
  const [table] = await session.query(
    "select from pg_catalog.pg_tables where schemaname not in ('pg_catalog', 'information_schema') limit 1",
  )
  if (table !== undefined) return false
  await session.transaction(async () => {
    for (const file of files) await session.execute(file.text).catch((error: unknown) => refuse(file, error))
  })
  await session.execute('analyze')
  return true
}

/** A message of the server may quote a row: its state and the line are told, which is enough to find it. */
function refuse({ name, text }: SqlFile, error: unknown): never {
  if (!(error instanceof VitrineError)) throw error
  const position = refusalOf(error)?.position ?? 0
  const line = position === 0 ? '' : `:${text.slice(0, position).split('\n').length}`
  throw new VitrineError('SAMPLE_FAILED', { place: `${name}${line}`, detail: error.detail, cause: error })
}
