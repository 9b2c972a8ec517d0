/**
 * Opens sessions: explicit fields, libpq's sslmode, bounded waits, and the same settings on every session of ours. The
 * only place of the tool that makes a `pg` client.
 */
import type pg from 'pg'
import { VitrineError } from '../base/errors.ts'
import { DEFAULT_LIMITS } from '../base/limits.ts'
import { type Address, isSocket } from './address.ts'
import { boundedTexts, type TextBounds, type TextRows } from './bounded-texts.ts'
import type { DriverClient } from './driver.ts'
import { loginError, refusesThisWay, refusesTls } from './login-error.ts'
import { requireOwnBackend } from './pooler.ts'
import { fromDriver } from './server-error.ts'
import { type AskedOptions, putSettings, type SessionOptions, type Side, sessionSettings } from './settings.ts'
import { askWhenSilent, watchSilence } from './silence.ts'
import { readingSocket, socketOf } from './socket.ts'
import { tlsOptions, tlsOrder } from './tls.ts'

export type { Side } from './settings.ts'

/** How long a server may take to close a session that is idle. */
const END_WITHIN_MS = 1_000

/** The oldest server whose behaviour is tested. */
const OLDEST_VERSION = 150_000

/** One open session. Errors of its queries are VitrineErrors; a lost connection shows at the next query. */
export class Session {
  readonly client: pg.Client
  readonly side: Side
  readonly address: Address
  readonly name: string
  /** As `server_version_num`: 180004 for 18.4. */
  serverVersion = 0
  /** Of the server's backend. */
  pid = 0
  /** When the backend started, by the server: after a restart another one may have the same pid. */
  backendSince = ''
  /** Whether a pooler lends us the backend, and to others after us. */
  isLent = false
  /** Settings put on each transaction, for a lent backend that must stay unchanged; null otherwise. */
  localSettings: string | null = null
  #ended = false
  #lost: VitrineError | null = null

  constructor(client: pg.Client, { side, name }: SessionOptions, address: Address) {
    this.client = client
    this.side = side
    this.name = name
    this.address = address
  }

  /** Rows of a statement with parameters. */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.#settled(() => this.client.query<Row>({ text, values: [...values] }))
    return result.rows
  }

  /** Runs one or more statements without parameters; rows are ignored. */
  async execute(text: string): Promise<void> {
    await this.#settled(() => this.client.query(text))
  }

  /** The same as PostgreSQL writes them, within bounds: the columns with their types (OIDs), and each value as text. */
  async texts(text: string, values: readonly unknown[], bounds: TextBounds): Promise<TextRows> {
    const bounded = boundedTexts(bounds)
    const types = { getTypeParser: () => bounded.parse }
    const result = await this.#settled(() =>
      this.client.query<(string | null | undefined)[]>({ text, values: [...values], rowMode: 'array', types }),
    )
    const columns = result.fields.map(({ name, dataTypeID: oid }) => ({ name, oid }))
    return { columns, ...bounded.whole(result.rows) }
  }

  /** Begins a transaction with `localSettings`. `then` is a statement to run after them. */
  async begin(text: string, then = ''): Promise<void> {
    const statements = [text, this.localSettings ?? '', then].filter((statement) => statement !== '')
    await this.#answer(() => this.client.query(statements.join('; ')))
  }

  /** Name and type (OID) of each column that a SELECT returns; no row is read. */
  async columnsOf(select: string): Promise<readonly { readonly name: string; readonly oid: number }[]> {
    const result = await this.#settled(() => this.client.query(`select * from (${select}) as asked limit 0`))
    return result.fields.map((field) => ({ name: field.name, oid: field.dataTypeID }))
  }

  async #settled<T>(ask: () => Promise<T>): Promise<T> {
    if (this.localSettings === null || this.client.getTransactionStatus() !== 'I') return this.#answer(ask)
    return this.transaction(() => this.#answer(ask))
  }

  async #answer<T>(ask: () => Promise<T>): Promise<T> {
    const unwatch = watchSilence(
      () => this.client,
      (error) => {
        this.#lost = error
        this.destroy()
      },
    )
    try {
      return await ask()
    } catch (error) {
      throw this.#lost ?? fromDriver(error, this.side)
    } finally {
      unwatch()
    }
  }

  /** Runs `work` in a transaction, and rolls back when it throws. */
  async transaction<T>(work: () => Promise<T>, begin = 'begin'): Promise<T> {
    await this.begin(begin)
    try {
      const result = await work()
      await this.#answer(() => this.client.query('commit'))
      return result
    } catch (error) {
      await this.#answer(() => this.client.query('rollback')).catch(() => undefined)
      throw error
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    // A server that does not answer would not close the connection either.
    const timer = setTimeout(() => this.destroy(), END_WITHIN_MS)
    await this.client.end().catch(() => undefined)
    clearTimeout(timer)
  }

  /** Ends at once, whatever is under way. */
  destroy(): void {
    this.#ended = true
    socketOf(this.client)?.destroy()
  }
}

async function open(address: Address, options: SessionOptions, tls: boolean): Promise<DriverClient> {
  const { host, port, database, user, password, channelBinding, connectTimeoutSeconds: seconds } = address
  const { side, limits, answerWithinMs } = options
  const requireBound = () => {
    if (!channelBinding || client.isBound) return
    const detail = 'The login cannot be bound to TLS, and channel_binding is require.'
    throw new VitrineError('TLS_FAILED', { place: side, detail })
  }
  // Loaded with the first session: commands without a database should not wait for it.
  const { DriverClient: Client } = await import('./driver.ts')
  const client = new Client({
    host,
    port,
    database,
    user,
    // A function, because the driver would replace an empty password by that of the environment.
    password: () => {
      requireBound()
      return password?.reveal() ?? ''
    },
    enableChannelBinding: tls && channelBinding,
    sslnegotiation: tls && address.sslDirect ? 'direct' : 'postgres',
    ssl: tls ? tlsOptions(address, side) : false,
    ...(tls ? {} : { stream: () => readingSocket() }),
    connectionTimeoutMillis: seconds === null ? limits.connectTimeoutMs : seconds * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: limits.silenceMs / 2,
    ...(answerWithinMs === undefined ? {} : { query_timeout: answerWithinMs }),
  })
  // Without a listener a lost idle connection would end the process; the next query reports it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    requireBound()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

/** Tries with and without TLS in the order of `sslmode`. Throws VitrineError. */
async function openByMode(address: Address, options: SessionOptions): Promise<DriverClient> {
  const [tls = false, other] = tlsOrder(address)
  try {
    return await open(address, options, tls)
  } catch (error) {
    const failed = (thrown: unknown, plain: boolean) => loginError(thrown, address, options.side, plain)
    if (other === undefined || !(refusesTls(error) || refusesThisWay(error)))
      throw failed(error, !tls && !isSocket(address))
    return open(address, options, other).catch((again: unknown) => {
      throw failed(refusesTls(again) ? error : again, false)
    })
  }
}

/** Opens a session, refuses servers before PostgreSQL 15, and puts our settings on it. Throws VitrineError. */
export async function connect(address: Address, asked: AskedOptions): Promise<Session> {
  const { applicationName } = address
  const name = applicationName === null ? asked.name : `${asked.name} (${applicationName})`
  const options = { limits: DEFAULT_LIMITS, readOnly: true, searchPath: [], ...asked, name }
  const client = await openByMode(address, options)
  const session = new Session(client, options, address)
  const { silenceMs, statementTimeoutMs } = options.limits
  if (options.answerWithinMs === undefined) {
    askWhenSilent(client, {
      side: options.side,
      silenceMs,
      longestMs: statementTimeoutMs === 0 ? Number.POSITIVE_INFINITY : statementTimeoutMs + silenceMs,
      stillWorks: () => stillWorks(session, options),
    })
  }
  try {
    await prepare(session, client, options)
    return session
  } catch (error) {
    await session.end()
    throw error
  }
}

/**
 * Asks through another session whether the server still works for this one. True also when the answer does not tell. A server
 * that itself waits for us, to read or to send, counts as not working: we are waiting for it, too.
 */
async function stillWorks(session: Session, options: SessionOptions): Promise<boolean> {
  let asking: Session | null = null
  try {
    const name = `${options.name} (is it there?)`
    asking = await connect(session.address, { ...options, name, answerWithinMs: options.limits.connectTimeoutMs })
    const [backend] = await asking.query<{ works: boolean }>(
      `select state = 'disabled' or (state = 'active' and wait_event_type is distinct from 'Client') as works
       from pg_catalog.pg_stat_activity where pid = $1 and extract(epoch from backend_start)::text = $2`,
      [session.pid, session.backendSince],
    )
    return backend?.works === true
  } catch (error) {
    return !(error instanceof VitrineError && error.code.startsWith('CONNECTION_'))
  } finally {
    await asking?.end()
  }
}

async function prepare(session: Session, client: DriverClient, options: SessionOptions): Promise<void> {
  const [facts] = await session.query<{
    number: number
    version: string
    standby: boolean
    pid: number
    since: string
  }>(
    `select pg_catalog.current_setting('server_version_num')::integer as number, pg_catalog.version() as version,
            pg_catalog.pg_is_in_recovery() as standby, pid, extract(epoch from backend_start)::text as since
     from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())`,
  )
  session.serverVersion = facts?.number ?? 0
  session.pid = facts?.pid ?? 0
  session.backendSince = facts?.since ?? ''
  if (session.serverVersion < OLDEST_VERSION) {
    const found = Math.floor(session.serverVersion / 10_000)
    throw new VitrineError('SERVER_TOO_OLD', { place: options.side, detail: `It is PostgreSQL ${found}.` })
  }
  const role = facts?.standby === true ? 'standby' : 'primary'
  if (!['any', role].includes(session.address.serverRole)) {
    const detail = `It is a ${role}, and target_session_attrs asks for another.`
    throw new VitrineError('CONNECTION_FAILED', { place: options.side, detail })
  }
  session.isLent = session.pid !== client.processID
  if (session.isLent) await proveOwnBackend(session, options)
  const settings = sessionSettings(options, /windows|mingw|msvc|visual/i.test(facts?.version ?? 'windows'))
  // The application may use the same pooler: even if the proof was wrong, our settings must not reach its sessions.
  if (session.isLent && options.side === 'source')
    session.localSettings = `set transaction read only; ${putSettings(settings, true)}`
  else await session.execute(putSettings(settings, false))
}

/** A proof is valid for this long. Each needs a second session for a moment, which a small pool may not have. */
const PROOF_HOLDS_MS = 60_000
const proofs = new WeakMap<Address, { readonly at: number; readonly proof: Promise<void> }>()

async function proveOwnBackend({ client, pid, address }: Session, options: SessionOptions): Promise<void> {
  const known = proofs.get(address)
  if (known !== undefined && performance.now() - known.at < PROOF_HOLDS_MS) return known.proof
  const answerWithinMs = options.limits.connectTimeoutMs
  const other = () => openByMode(address, { ...options, answerWithinMs })
  const proof = requireOwnBackend(client, pid, options.side, other).catch((error: unknown) => {
    proofs.delete(address)
    throw fromDriver(error, options.side)
  })
  proofs.set(address, { at: performance.now(), proof })
  return proof
}
