/**
 * Opens sessions: explicit fields, libpq's sslmode, bounded waits, and the same settings on every session of ours. The
 * only place of the tool that makes a `pg` client.
 */
import pg from 'pg'
import { VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { type Address, printable } from './address.ts'
import { socketOf } from './driver-socket.ts'
import { readingSocket } from './reading-socket.ts'
import { fromDriver } from './server-error.ts'
import { attempts, tlsOptions } from './tls.ts'
import { Vigil, watch } from './vigil.ts'

export type Side = 'source' | 'target'

export interface SessionOptions {
  readonly side: Side
  /** Shown in pg_stat_activity. */
  readonly name: string
  readonly limits: Limits
  readonly readOnly: boolean
  /** Schemas that unqualified names are looked up in; empty for pg_catalog alone. */
  readonly searchPath: readonly string[]
  /** For short statements only: the session is given up when one takes longer, and nothing else watches over it. */
  readonly answerWithinMs?: number
}

/** How long a server may take to close a session that is idle. */
const END_WITHIN_MS = 1_000

/** The oldest server whose behaviour is tested. */
const OLDEST_VERSION = 150_000

/** One open session. Errors of its queries are VitrineErrors; a lost connection shows at the next query. */
export class Session {
  readonly client: pg.Client
  readonly side: Side
  readonly address: Address
  /** As `server_version_num`: 180004 for 18.4. */
  serverVersion = 0
  /** Of the server's backend. */
  pid = 0
  /** When the backend began, as the server counts: a restarted server may give its pid to another. */
  backendSince = ''
  #ended = false
  #lost: VitrineError | null = null

  constructor(client: pg.Client, side: Side, address: Address) {
    this.client = client
    this.side = side
    this.address = address
    // Without a listener a lost idle connection would end the process; the next query reports it.
    client.on('error', () => undefined)
  }

  /** Rows of a statement with parameters. */
  async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.#answer(() => this.client.query<Row>({ text, values: [...values] }))
    return result.rows
  }

  /** One or more statements without parameters and without interest in their rows. */
  async execute(text: string): Promise<void> {
    await this.#answer(() => this.client.query(text))
  }

  /** The OIDs of the columns that a SELECT gives, without running it to its end. */
  async describe(select: string): Promise<readonly { readonly name: string; readonly oid: number }[]> {
    const result = await this.#answer(() => this.client.query(`select * from (${select}) as described limit 0`))
    return result.fields.map((field) => ({ name: field.name, oid: field.dataTypeID }))
  }

  async #answer<T>(ask: () => Promise<T>): Promise<T> {
    const vigil = new Vigil(
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
      vigil.end()
    }
  }

  /** In one transaction; rolled back when `work` throws. */
  async transaction<T>(work: () => Promise<T>, begin = 'begin'): Promise<T> {
    await this.execute(begin)
    try {
      const result = await work()
      await this.execute('commit')
      return result
    } catch (error) {
      await this.execute('rollback').catch(() => undefined)
      throw error
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    // A peer that does not answer any more does not close either.
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

async function open(address: Address, options: SessionOptions, tls: boolean): Promise<pg.Client> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    // An empty password, because the driver would look for one in the environment and in ~/.pgpass.
    password: address.password?.reveal() ?? '',
    ssl: tls ? tlsOptions(address, options.side) : false,
    ...(tls ? {} : { stream: () => readingSocket() }),
    application_name: options.name,
    connectionTimeoutMillis:
      address.connectTimeoutSeconds === null ? options.limits.connectTimeoutMs : address.connectTimeoutSeconds * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: options.limits.silenceMs / 2,
    ...(options.answerWithinMs === undefined ? {} : { query_timeout: options.answerWithinMs }),
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

const TLS_REFUSED = /does not support SSL|establishing an SSL/i
const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_OSSL)/

function connectError(error: unknown, address: Address, side: Side): VitrineError {
  const facts = error as { code?: unknown; message?: unknown } // sound because both are optional and tested before use.
  const place = `${side} ${printable(address)}`
  const code = typeof facts.code === 'string' ? facts.code : ''
  const message = typeof facts.message === 'string' ? facts.message : ''
  if (error instanceof VitrineError) return error
  if (TLS_REFUSED.test(message)) {
    return new VitrineError('TLS_FAILED', {
      place,
      detail: `The server refuses TLS, and sslmode is ${address.sslMode}.`,
      cause: error,
    })
  }
  if (TLS_CODES.test(code)) {
    return new VitrineError('TLS_FAILED', {
      place,
      detail: `The certificate was not accepted (${code}).`,
      cause: error,
    })
  }
  // The driver's own words when the server asks for a password and the URL has none.
  if (/client password must be/.test(message)) {
    return new VitrineError('AUTHENTICATION_FAILED', { place, detail: 'The URL holds no password.', cause: error })
  }
  const known = fromDriver(error, side)
  // pg_hba refuses unencrypted connections with class 28 too, so the hint names both.
  if (known.code === 'PRIVILEGE_MISSING')
    return new VitrineError(known.code, { place, detail: 'The role may not connect.', cause: error })
  if (known.code === 'INTERNAL')
    return new VitrineError('CONNECTION_FAILED', { place, detail: 'It did not answer as PostgreSQL.', cause: error })
  const reason = code === '' || known.sqlState !== undefined ? '' : `(${code})`
  return new VitrineError(known.code, { place, cause: error, ...(reason === '' ? {} : { detail: reason }) })
}

/** Opens a session, refuses servers before PostgreSQL 15, and puts our settings on it. Throws VitrineError. */
export async function connect(address: Address, options: SessionOptions): Promise<Session> {
  const tries = attempts(address)
  let client: pg.Client | undefined
  for (const [index, tls] of tries.entries()) {
    try {
      client = await open(address, options, tls)
      break
    } catch (error) {
      const last = index === tries.length - 1
      const retry = tls ? TLS_REFUSED.test(error instanceof Error ? error.message : '') : codeOf(error).startsWith('28')
      if (last || !retry) throw connectError(error, address, options.side)
    }
  }
  // sound because the loop either set it or threw.
  const session = new Session(client as pg.Client, options.side, address)
  try {
    if (options.answerWithinMs === undefined) {
      const { silenceMs, statementTimeoutMs } = options.limits
      const longestMs = statementTimeoutMs === 0 ? Number.POSITIVE_INFINITY : statementTimeoutMs + silenceMs
      watch(session.client, {
        side: options.side,
        silenceMs,
        longestMs,
        stillWorks: () => stillWorks(session, options),
      })
    }
    await prepare(session, options)
  } catch (error) {
    await session.end()
    throw error
  }
  return session
}

/**
 * Whether the server works for the session, asked through another one. True also when it answers and does not say; a server
 * that works only for want of us (to read what it sends, to send what it reads) does not work, because we wait for it.
 */
async function stillWorks(session: Session, options: SessionOptions): Promise<boolean> {
  const { limits } = options
  let asking: Session | null = null
  try {
    const name = `${options.name} (is it there?)`
    asking = await connect(session.address, { ...options, name, answerWithinMs: limits.connectTimeoutMs })
    const [backend] = await asking.query<{ works: boolean }>(
      `select state = 'disabled' or (state = 'active' and wait_event_type is distinct from 'Client') as works
       from pg_catalog.pg_stat_activity where pid = $1 and extract(epoch from backend_start)::text = $2`,
      [session.pid, session.backendSince],
    )
    return backend?.works === true
  } catch (error) {
    return !(error instanceof VitrineError && error.code.startsWith('CONNECTION_'))
  } finally {
    if (asking !== null) await asking.end()
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '') // sound because it is optional.

async function prepare(session: Session, options: SessionOptions): Promise<void> {
  const [facts] = await session.query<{ number: number; windows: boolean; pid: number; since: string }>(
    `select current_setting('server_version_num')::integer as number, version() ~* 'windows|mingw|msvc|visual' as windows,
            pid, extract(epoch from backend_start)::text as since
     from pg_catalog.pg_stat_activity where pid = pg_backend_pid()`,
  )
  session.serverVersion = facts?.number ?? 0
  session.pid = facts?.pid ?? 0
  session.backendSince = facts?.since ?? ''
  if (session.serverVersion < OLDEST_VERSION) {
    const found = Math.floor(session.serverVersion / 10_000)
    throw new VitrineError('SERVER_TOO_OLD', { place: options.side, detail: `It is PostgreSQL ${found}.` })
  }
  const path = options.searchPath.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ')
  const settings: Record<string, string> = {
    search_path: path === '' ? "''" : path,
    statement_timeout: String(options.limits.statementTimeoutMs),
    idle_in_transaction_session_timeout: String(options.limits.statementTimeoutMs),
    lock_timeout: String(options.limits.connectTimeoutMs),
    timezone: 'UTC',
    // With fewer digits a float would lose its last bits wherever it is written as text.
    extra_float_digits: '1',
    standard_conforming_strings: 'on',
    client_min_messages: 'warning',
    // A policy that hides rows must fail the run, not publish a part in silence.
    row_security: 'off',
    default_transaction_read_only: options.readOnly ? 'on' : 'off',
    jit: 'off',
    // The streams are as parallel as was asked for; the source's own queries are its planner's business.
    ...(options.side === 'target' ? { max_parallel_workers_per_gather: '0' } : {}),
    ...goneClientSettings(options),
  }
  // A server on Windows cannot look, and refuses to be told to.
  if (facts?.windows === false) settings['client_connection_check_interval'] = String(options.limits.orphanCheckMs)
  const text = Object.entries(settings).map(
    ([name, value]) => `set ${name} = ${value === path ? value : quoteSetting(value)}`,
  )
  await session.execute(text.join('; '))
}

/**
 * How the server finds that our host is gone, which no closed connection tells it: it would keep our lock and our snapshot
 * for two hours. Not for the source to give up when nothing is taken off it: that is what we do while the target is slow.
 */
function goneClientSettings({ limits, side }: SessionOptions): Readonly<Record<string, string>> {
  const probes = 3
  const idle = Math.max(1, Math.round(limits.silenceMs / 2000))
  return {
    tcp_keepalives_idle: String(idle),
    tcp_keepalives_interval: String(Math.max(1, Math.round(idle / probes))),
    tcp_keepalives_count: String(probes),
    ...(side === 'target' ? { tcp_user_timeout: String(limits.silenceMs) } : {}),
  }
}

const quoteSetting = (value: string): string => (/^\d+$/.test(value) || value === "''" ? value : `'${value}'`)
