/**
 * The demonstration: two real PostgreSQL servers on this machine, the operational database on one and that of Metabase on
 * the other, made ready side by side. A lock on the first says that a `start` owns both; servers end with
 * it, also when it is killed. Called by `start` when no database is named.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer, stopServerIn } from '@vitrine/embedded-postgres'
import { type Call, reading, writing } from 'vitrine/cli'
import { type Address, addressUrl, connect, parseAddress, type Secret, type Session, VitrineError } from 'vitrine/run'
import type { SampleSize } from '../../database/sample.ts'
import { sampleFacts } from '../../feeds/demo-facts.ts'
import { startDemoServer } from '../../feeds/demo-server.ts'
import { prepareOperational } from './operational.ts'
import { forgetPasswords, type KeptPasswords, keptPasswords } from './passwords.ts'
import { writePrivately } from './private-file.ts'
import { both, step } from './step.ts'
import { prepareSourceRole, prepareTarget } from './target.ts'

const OPERATIONAL = { database: 'impact', owner: 'impact_app', reading: 'vitrine_source' }
const TARGET = { database: 'metabase-data' }

export interface DemonstrationWish {
  /** Where the data would be kept; under root, where the server's account can enter it may be elsewhere. */
  readonly folder: string
  readonly fresh: boolean
  readonly size: SampleSize | null
  /** Of the operational server; the other takes the next. Null for any. */
  readonly port: number | null
  /** Of the other, where Metabase looks for it at the port of the last start. */
  readonly targetPort: number | null
}

/** What the rest of `start` needs of it, and the way to end it. */
export interface Demonstration {
  readonly source: Address
  /** Of the application, which owns the operational database. */
  readonly sourceAdmin: Address
  readonly target: Address
  readonly reader: Address
  readonly pseudonymKey: Secret
  /** The address of the two public sources. */
  readonly sources: string
  /** The variables of the other commands, and the file that sets them. */
  readonly variables: Readonly<Record<string, string>>
  readonly environmentFile: string
  stop(): Promise<void>
}

interface Places {
  readonly operational: string
  readonly target: string
}

export async function startDemonstration(call: Call, wish: DemonstrationWish): Promise<Demonstration> {
  const places: Places = {
    operational: serverHome(join(wish.folder, 'operationnelle')),
    target: serverHome(join(wish.folder, 'metabase-data')),
  }
  if (wish.fresh) await step(call, 'former data removed', () => clear(call, places))
  const servers = new Servers(call)
  try {
    return await prepare(call, wish, places, servers)
  } catch (error) {
    await servers.stop()
    throw error
  }
}

async function prepare(call: Call, wish: DemonstrationWish, places: Places, servers: Servers): Promise<Demonstration> {
  const { port, targetPort } = wish
  const operational = servers.start(places.operational, port, 'server of the operational database')
  const target = servers.start(
    places.target,
    port === null ? targetPort : port + 1,
    'server of the database of Metabase',
  )
  // The passwords are kept beside data that exists by then, and are read by whoever owns the servers.
  const owned = operational.then(async (server) => {
    await servers.own(server)
    return keptPasswords(places.target)
  })
  const [{ source, sourceAdmin }, { writer, reader }] = await both(
    both(operational, owned).then(([server, kept]) => operationalDatabase(call, server, kept, wish)),
    both(target, owned).then(([server, kept]) => targetDatabase(call, server, kept)),
  )
  const { pseudonymKey } = (await owned).passwords
  const demonstration = { source, sourceAdmin, target: writer, reader, pseudonymKey }
  // The public sources of the demonstration: a server of our own that answers with the facts of the sample.
  const facts = await reading(call, 'source', sourceAdmin, ({ client }) => sampleFacts(client))
  const sources = await startDemoServer({ facts })
  const variables = variablesOf(call, demonstration, sources.url)
  const environmentFile = join(wish.folder, 'environnement')
  // Only we can read it: it holds passwords.
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`)
  writePrivately(environmentFile, lines.join(''))
  const stop = async () => {
    await sources.stop()
    await servers.stop()
  }
  return { ...demonstration, sources: sources.url, variables, environmentFile, stop }
}

/** The servers of one start: started or adopted, and ended with it unless they turn out to be another start's. */
class Servers {
  readonly #call: Call
  readonly #started: Promise<EmbeddedServer>[] = []
  #lock: Session | null = null

  constructor(call: Call) {
    this.#call = call
  }

  start(dataDirectory: string, port: number | null, name: string): Promise<EmbeddedServer> {
    const started = step(
      this.#call,
      ({ adopted, replaced }) =>
        `${name} ${adopted ? 'adopted' : replaced ? 'started anew (a killed start had left it)' : 'started'}`,
      () =>
        startServer({ dataDirectory, endsWithProcess: true, ...(port === null ? {} : { port }), settings: SETTINGS }),
    )
    this.#started.push(started)
    return started
  }

  /** Takes the lock of the demonstration, held until the end. Throws USAGE when another start has it. */
  async own(operational: EmbeddedServer): Promise<void> {
    this.#lock = await takeLock(this.#call, operational)
    if (this.#call.signal.aborted) throw new VitrineError('INTERRUPTED')
  }

  async stop(): Promise<void> {
    const settled = await Promise.allSettled(this.#started)
    const servers = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const ours = servers.filter(({ adopted }) => this.#lock !== null || !adopted)
    await this.#lock?.end()
    if (ours.length === 0) return
    await step(this.#call, 'servers stopped', () =>
      Promise.all(ours.map((server) => server.stop().catch((error: unknown) => this.#call.tell(error)))),
    )
  }
}

/** Nothing is lost by a crash of PostgreSQL or of the machine, except what the last fractions of a second committed. */
const SETTINGS = { synchronous_commit: 'off', shared_buffers: '128MB' }

const administrator = (server: EmbeddedServer, database: string): Address =>
  parseAddress(server.url(database), `server ${server.port}`)

async function takeLock({ publication }: Call, server: EmbeddedServer): Promise<Session> {
  const session = await connect(administrator(server, 'postgres'), {
    side: 'source',
    name: `impact start ${process.pid}`,
    limits: publication.limits,
    readOnly: false,
    searchPath: [],
  })
  const [row] = await session.query<{ taken: boolean }>(
    "select pg_try_advisory_lock(hashtext('impact start')) as taken",
  )
  if (row?.taken === true) return session
  const [holder] = await session.query<{ name: string }>(
    `select a.application_name as name from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.pid <> pg_backend_pid() and a.application_name like 'impact start %'`,
  )
  await session.end()
  throw new VitrineError('USAGE', {
    place: 'npm start',
    detail: `It runs already on this data, as process ${holder?.name.split(' ').at(-1) ?? '?'}.`,
    remedy: 'Use its databases, stop it with Ctrl-C, or give another --data.',
  })
}

async function operationalDatabase(
  call: Call,
  server: EmbeddedServer,
  { passwords, fresh }: KeptPasswords,
  wish: DemonstrationWish,
): Promise<{ source: Address; sourceAdmin: Address }> {
  const { database, owner, reading: reader } = OPERATIONAL
  await writing(call, 'source', administrator(server, 'postgres'), async (session) => {
    const isNew = await makeRole(session, owner, passwords.owner)
    if (fresh && !isNew) await setPassword(session, owner, passwords.owner)
    if (fresh) await setPassword(session, reader, passwords.source)
    await makeDatabase(session, database, owner)
  })
  const sourceAdmin = addressAs(server, database, owner, passwords.owner)
  const source = addressAs(server, database, reader, passwords.source)
  await prepareOperational(call, { address: sourceAdmin, sample: true, size: wish.size, demonstration: true })
  await prepareSourceRole(call, { source, sourceAdmin: administrator(server, database) })
  return { source, sourceAdmin }
}

const addressAs = (server: EmbeddedServer, database: string, user: string, password: Secret): Address =>
  parseAddress(server.url(database, { user, password: password.reveal() }), database)

async function targetDatabase(
  call: Call,
  server: EmbeddedServer,
  { passwords, fresh }: KeptPasswords,
): Promise<{ writer: Address; reader: Address }> {
  const { database } = TARGET
  await writing(call, 'target', administrator(server, 'postgres'), async (session) => {
    await makeDatabase(session, database, server.superuser)
    // Roles that exist keep their password; new ones are made by provision, as anywhere else.
    if (fresh) {
      await setPassword(session, call.publication.writer, passwords.writer)
      await setPassword(session, call.publication.reader, passwords.reader)
    }
  })
  const writer = addressAs(server, database, call.publication.writer, passwords.writer)
  const reader = addressAs(server, database, call.publication.reader, passwords.reader)
  await prepareTarget(call, { source: null, target: writer, reader, admin: administrator(server, database) })
  return { writer, reader }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

async function makeRole(session: Session, role: string, password: Secret): Promise<boolean> {
  const [found] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [role])
  if (found !== undefined) return false
  // Made up of hexadecimal digits, so it needs no quoting.
  await session.execute(`create role ${quoted(role)} login password '${password.reveal()}'`)
  return true
}

async function setPassword(session: Session, role: string, password: Secret): Promise<void> {
  const [found] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [role])
  if (found !== undefined) await session.execute(`alter role ${quoted(role)} password '${password.reveal()}'`)
}

async function makeDatabase(session: Session, database: string, owner: string): Promise<void> {
  const [found] = await session.query('select from pg_catalog.pg_database where datname = $1', [database])
  if (found === undefined) await session.execute(`create database ${quoted(database)} owner ${quoted(owner)}`)
}

/** Removes the data of both servers, unless another start is using it. */
async function clear(call: Call, places: Places): Promise<void> {
  if (existsSync(join(places.operational, 'postmaster.pid'))) {
    // A server may run: only whoever holds its lock may end it. One that cannot start has no user either.
    const server = await startServer({ dataDirectory: places.operational }).catch(() => null)
    if (server !== null) await (await takeLock(call, server)).end()
  }
  if (call.signal.aborted) throw new VitrineError('INTERRUPTED')
  for (const folder of Object.values(places)) {
    await stopServerIn(folder)
    forgetPasswords(folder)
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.pgpass`, { force: true })
  }
}

const variablesOf = (
  { publication }: Call,
  {
    source,
    sourceAdmin,
    target,
    reader,
    pseudonymKey,
  }: Pick<Demonstration, 'source' | 'sourceAdmin' | 'target' | 'reader' | 'pseudonymKey'>,
  sources: string,
): Demonstration['variables'] => ({
  DATABASE_URL: addressUrl(source),
  DATABASE_ADMIN_URL: addressUrl(sourceAdmin),
  METABASE_DATABASE_URL: `${addressUrl(target)}?currentSchema=${publication.schema}`,
  METABASE_READER_URL: addressUrl(reader),
  VITRINE_PSEUDONYM_KEY: pseudonymKey.reveal(),
  EGAPRO_URL: sources,
  BGES_URL: sources,
})
