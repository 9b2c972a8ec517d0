/**
 * The demonstration: two real PostgreSQL servers on this machine, one with the operational database and one with Metabase's,
 * prepared in parallel. A lock on the first shows that a `start` owns both; the servers end with
 * it, even when it is killed. Called by `start` when no database is given.
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
  /** Wanted folder for the data; under root it may be elsewhere, where the server's account can enter. */
  readonly folder: string
  readonly fresh: boolean
  readonly size: SampleSize | null
  /** Port of the operational server; the other one takes the next port. Null for any. */
  readonly port: number | null
  /** Port of the target server, if Metabase expects it at the port of the last start. */
  readonly targetPort: number | null
}

/** What the rest of `start` needs. */
export interface Demonstration {
  readonly source: Address
  /** Address with the application's role, which owns the operational database. */
  readonly sourceAdmin: Address
  readonly target: Address
  readonly reader: Address
  readonly pseudonymKey: Secret
  /** URL of the fake server of the two public sources. */
  readonly sources: string
  /** The environment variables for the other commands. */
  readonly variables: Readonly<Record<string, string>>
  /** The file that sets them. */
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
  // Passwords are read after the lock is taken, and their file is beside the data, which exists by then.
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
  // A server of ours stands for the public sources, and answers with the facts of the sample.
  const facts = await reading(call, 'source', sourceAdmin, ({ client }) => sampleFacts(client))
  const sources = await startDemoServer({ facts })
  const variables = variablesOf(call, demonstration, sources.url)
  const environmentFile = join(wish.folder, 'environnement')
  // Private, because it holds passwords.
  const lines = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`)
  writePrivately(environmentFile, lines.join(''))
  const stop = async () => {
    await sources.stop()
    await servers.stop()
  }
  return { ...demonstration, sources: sources.url, variables, environmentFile, stop }
}

/** The servers of one start: started or adopted, and stopped with it unless another start owns them. */
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

  /** Takes the demonstration's lock until the end. Throws USAGE when another start holds it. */
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

/** Faster commits; a crash loses only the commits of the last fraction of a second. */
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
    // Existing roles get the new passwords; missing roles are created later by provision.
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
  // The password consists of hexadecimal digits, so it needs no quoting.
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
    // A server may run; only the holder of its lock may stop it. A server that cannot start has no holder.
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
