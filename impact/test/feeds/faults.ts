/**
 * The ways in which the demonstration's sources misbehave over HTTP, as a list that a test or a person can write down, and
 * what each sends. Wrong BGES files are in `faulty-csv.ts`. Called by `faulty-server.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { json, MAINTENANCE, type PlainAnswer } from '../../feeds/demo-server.ts'
import type { CsvFault } from './faulty-csv.ts'

export const HTTP_FAULTS = [
  'html',
  'page-not-found',
  'truncated',
  'too-many-requests',
  'bad-request',
  'error-500',
  'error-503',
  'no-answer',
  'reset',
  'slow',
  'stalled',
  'redirect-away',
  'redirect-here',
  'redirect-loop',
  'too-large',
  'bomb',
  'latin-1-json',
  'poison-json',
  'deep-json',
  'other-company',
  'file-elsewhere',
] as const
export type HttpFault = (typeof HTTP_FAULTS)[number]

export type DemoRoute = 'egapro' | 'bges-latest' | 'bges-file'

export interface DemoFault {
  readonly on: DemoRoute
  readonly kind: HttpFault | CsvFault
  /** EgaPro only: this company; every company when absent. */
  readonly siren?: string
  /** The first so many requests that match, then no more; all of them when absent. */
  readonly first?: number
  /** For `too-many-requests`, in seconds or as an HTTP date; no header when absent. */
  readonly retryAfter?: string
  /** For `slow`; 1 000 when absent. */
  readonly delayMs?: number
}

export function sendPlain(response: ServerResponse, { status, type, body }: PlainAnswer): void {
  send(response, status, type, Buffer.from(body))
}

function send(response: ServerResponse, status: number, type: string, body: Buffer, more: object = {}): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...more })
  response.end(body)
}

let zipped: Buffer | null = null
/** A kilobyte that becomes a megabyte. */
function bomb(): Buffer {
  zipped ??= gzipSync(Buffer.alloc(1_000_000, ' '))
  return zipped
}

/** Returns false when the fault concerns the time or the content only, so that the plain answer is still to be sent. */
export function misbehave(
  request: IncomingMessage,
  response: ServerResponse,
  { kind, retryAfter }: DemoFault,
  plain: PlainAnswer,
): boolean {
  const page = (status: number): void => send(response, status, 'text/html', Buffer.from(MAINTENANCE))
  const refuse = (status: number): void => sendPlain(response, json(status, '{"error":"refusé"}'))
  const body = (text: string | Buffer): void => send(response, 200, 'application/json', Buffer.from(text))
  const redirect = (location: string): void => send(response, 302, 'text/html', Buffer.alloc(0), { location })
  const actions: Readonly<Partial<Record<DemoFault['kind'], () => void>>> = {
    html: () => page(200),
    'page-not-found': () => page(404),
    'bad-request': () => refuse(400),
    'error-500': () => page(500),
    'error-503': () => page(503),
    'too-many-requests': () =>
      send(response, 429, 'text/plain', Buffer.from('moins vite'), retryAfter ? { 'retry-after': retryAfter } : {}),
    'no-answer': () => undefined,
    reset: () => request.socket.resetAndDestroy(),
    truncated: () => half(response, plain, () => request.socket.destroy()),
    stalled: () => half(response, plain, () => undefined),
    // The same server by another name: whoever follows gets a good answer, which would be wrong to believe.
    'redirect-away': () => redirect(`http://localhost:${request.socket.localPort}${request.url}`),
    'redirect-here': () => redirect(`${request.url}?encore`),
    'redirect-loop': () => redirect(`${request.url}`),
    'too-large': () => body(`${' '.repeat(400_000)}${plain.body}`),
    bomb: () => send(response, 200, 'application/json', bomb(), { 'content-encoding': 'gzip' }),
    'latin-1-json': () => body(Buffer.from('{"déclaration":{"index":88}}', 'latin1')),
    'poison-json': () => body('{"déclaration":{"note":"\\u0000"}}'),
    'deep-json': () => body(`{"déclaration":${'['.repeat(9_000)}${']'.repeat(9_000)}}`),
    'other-company': () => body('{"entreprise":{"siren":"000000000"},"déclaration":{"index":88}}'),
    'file-elsewhere': () => body('{"file":"//example.org/bilans"}'),
  }
  const action = actions[kind]
  action?.()
  return action !== undefined
}

/** Announces the whole and sends the first half. */
function half(response: ServerResponse, { status, body }: PlainAnswer, then: () => void): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.write(bytes.subarray(0, bytes.length >> 1), then)
}
