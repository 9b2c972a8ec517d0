/**
 * A small web server for monitors: `GET /health` and `GET /metrics`, and nothing else. It holds no connection to a database:
 * answers are looked up at most once in a few seconds, one at a time, so that neither a slow target nor many callers
 * can slow a run down. Its answers hold names, counts and instants.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asVitrineError, type ErrorCode, VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import { METRICS_TYPE, metricsText } from './metrics.ts'
import type { MonitorFacts } from './monitor-facts.ts'

export interface HttpAddress {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

/** What `GET /health` answers: 200 when fresh, 503 otherwise. Instants are ISO 8601 in UTC. */
export type HealthAnswer =
  | (Pick<
      MonitorFacts,
      'state' | 'missing' | 'kept' | 'left' | 'due' | 'nextDue' | 'lastSuccess' | 'failuresInARow'
    > & {
      /** Not fresh, for whatever reason. */
      readonly stale: boolean
      readonly underWay: boolean
    })
  /** The target could not be asked. */
  | { readonly state: 'unknown'; readonly stale: null; readonly error: ErrorCode }

export interface ListenerPorts {
  readonly clock: Clock
  readonly look: () => Promise<MonitorFacts>
}

export interface Listener {
  /** Without path: `http://127.0.0.1:9187`. */
  readonly url: string
  close(): Promise<void>
}

/** An answer is reused for this long, so that many callers do not load the target. */
const REMEMBERED_MS = 5_000
/** Monitors give up after about as long (10 s is the default of Prometheus). */
const LOOK_MS = 8_000
/** Time to send a request, and longest silence between two. */
const REQUEST_MS = 5_000
/** How often Node checks for late requests; its default of 30 s would keep slow callers as long. */
const CHECK_MS = 1_000
const CONNECTIONS = 64

/** Throws SETTINGS_INVALID when the address cannot be had. */
export async function listen(address: HttpAddress, ports: ListenerPorts): Promise<Listener> {
  const facts = remembered(ports)
  const times = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: REQUEST_MS }
  const server = createServer(
    { ...times, connectionsCheckingInterval: CHECK_MS, maxHeaderSize: 8_192 },
    (request, response) => void answer(request, response, facts),
  )
  letOldestGo(server)
  return bind(server, address)
}

/** Listens for as long as it is not closed. Throws SETTINGS_INVALID when the address cannot be had. */
export async function bind(server: Server, { host, port }: HttpAddress): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(host, port, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  // sound because a server that listens on a port has such an address.
  const bound = server.address() as AddressInfo
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Beyond the bound the oldest connection ends, so that many slow callers never keep a monitor out. */
export function letOldestGo(server: Server, most = CONNECTIONS): void {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const [oldest] = open
    if (open.size > most) oldest?.destroy()
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this account may not listen there',
  ENOTFOUND: 'the host is not known',
}

function refused(host: string, port: number, cause: NodeJS.ErrnoException): VitrineError {
  const detail =
    REASONS[cause.code ?? ''] ?? `it cannot be listened at${cause.code === undefined ? '' : ` (${cause.code})`}`
  const remedy = 'give another address with --listen or VITRINE_HTTP_ADDRESS; another schedule may have this one'
  return new VitrineError('SETTINGS_INVALID', { problems: [{ place: `${host}:${port}`, detail, remedy }], cause })
}

type Found = MonitorFacts | VitrineError

/**
 * What was found in the last few seconds. Never rejects, and never takes longer than `LOOK_MS`; a look that does is still the
 * one that later callers wait for.
 */
function remembered({ clock, look }: ListenerPorts): () => Promise<Found> {
  let found: Promise<Found> | null = null
  let until = 0
  return async () => {
    if (found === null || clock.monotonicMs() >= until) {
      until = Number.POSITIVE_INFINITY
      found = look()
        .catch(asVitrineError)
        .finally(() => {
          until = clock.monotonicMs() + REMEMBERED_MS
        })
    }
    const answered = new AbortController()
    const late = pause(LOOK_MS, answered.signal).then(() => new VitrineError('QUERY_TIMEOUT', { place: 'target' }))
    return Promise.race([found, late]).finally(() => answered.abort())
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, facts: () => Promise<Found>): Promise<void> {
  // A request body is not expected, and ignored.
  request.resume()
  const path = (request.url ?? '').split('?', 1)[0]
  if (path !== '/health' && path !== '/metrics') return send(response, 404, 'text/plain; charset=utf-8', 'not found\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, 'text/plain; charset=utf-8', 'only GET and HEAD\n')
  }
  const found = await facts()
  // A scrape succeeds although the target does not answer: that is what its metrics must report.
  if (path === '/metrics')
    return send(response, 200, METRICS_TYPE, metricsText(found instanceof VitrineError ? null : found))
  const health = healthOf(found)
  const body = `${JSON.stringify(health, null, 2)}\n`
  send(response, health.stale === false ? 200 : 503, 'application/json; charset=utf-8', body)
}

function healthOf(found: Found): HealthAnswer {
  if (found instanceof VitrineError) return { state: 'unknown', stale: null, error: found.code }
  const { state, missing, kept, left, due, nextDue, lastSuccess, underWay, failuresInARow } = found
  const versions = { missing, kept, left, lastSuccess, due, nextDue }
  return { state, stale: state !== 'fresh', ...versions, underWay: underWay !== null, failuresInARow }
}

/** Node omits the body of an answer to HEAD by itself. */
function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}
