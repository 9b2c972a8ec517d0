/**
 * What every answer of the page carries and what every request must be: headers, the host it was sent to, the origin of what
 * changes something, and how many come. Who may see what is in `access.ts`.
 */
import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../base/clock.ts'
import type { PageCall, PageEnv } from './context.ts'

/** How browsers reach the page. */
export interface PageReach {
  /** The address that browsers show, without its path; null where it is the one that they ask for. */
  readonly origin: string | null
  /** Whether only this machine can ask. */
  readonly onLoopback: boolean
  /** Believes what a proxy says of who asks, and by which scheme and host. */
  readonly trustsProxy: boolean
  /** The origins that may show a public dashboard in a frame; none if empty. */
  readonly framedBy: readonly string[]
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

const policy = (ancestors: string): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${ancestors}`,
  ].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()',
  'x-robots-tag': 'noindex, nofollow',
}

/** The last of a list that each proxy on the way appends to: the one that our own proxy wrote. */
const lastOf = (list: string | undefined): string | undefined => list?.split(',').at(-1)?.trim() || undefined

/** Who asks, for counting. */
export const addressOf = (call: PageCall, { trustsProxy }: PageReach): string =>
  (trustsProxy ? lastOf(call.req.header('x-forwarded-for')) : undefined) ??
  call.env.incoming?.socket.remoteAddress ??
  'unknown'

/** The origin that a page of ours has in the browser that asks. */
export function ownOrigin(call: PageCall, { origin, trustsProxy }: PageReach): string {
  if (origin !== null) return origin
  const scheme = trustsProxy && lastOf(call.req.header('x-forwarded-proto')) === 'https' ? 'https' : 'http'
  const host = (trustsProxy ? lastOf(call.req.header('x-forwarded-host')) : undefined) ?? call.req.header('host')
  return `${scheme}://${(host ?? '').toLowerCase()}`
}

export const isSecure = (call: PageCall, reach: PageReach): boolean => ownOrigin(call, reach).startsWith('https:')

/** A name that somebody else makes point here is not ours: a page of theirs could read ours. */
function isOurHost(call: PageCall, reach: PageReach): boolean {
  const host = (call.req.header('host') ?? '').toLowerCase()
  if (LOOPBACK.test(host.replace(/:\d+$/, ''))) return true
  if (reach.origin !== null) return ownOrigin(call, reach) === reach.origin && new URL(reach.origin).host === host
  return !reach.onLoopback && host !== ''
}

export const guarded =
  (reach: PageReach, isPublic: (call: PageCall) => boolean): MiddlewareHandler<PageEnv> =>
  async (call, next) => {
    if (isOurHost(call, reach)) await next()
    else call.res = call.text('421 unknown host\n', 421)
    const framed = isPublic(call) && reach.framedBy.length > 0
    const ancestors = framed ? reach.framedBy.join(' ') : "'none'"
    for (const [name, value] of Object.entries(HEADERS)) call.header(name, value)
    call.header('content-security-policy', policy(ancestors))
    call.header('cross-origin-resource-policy', framed ? 'cross-origin' : 'same-origin')
    if (!framed) call.header('x-frame-options', 'DENY')
    if (isSecure(call, reach)) call.header('strict-transport-security', 'max-age=31536000')
    if (call.res.headers.get('cache-control') === null) call.header('cache-control', 'private, no-cache')
    return undefined
  }

/** What changes something comes from a page of ours: by its origin, which a browser sends, whatever the token says. */
export function isFromOurPage(call: PageCall, reach: PageReach): boolean {
  const origin = call.req.header('origin')
  if (origin !== undefined) return origin.toLowerCase() === ownOrigin(call, reach)
  return call.req.header('sec-fetch-site') === 'same-origin'
}

/** Counts per caller: so many at once, and so many a second after that. */
export class Bucket {
  readonly #clock: Clock
  readonly #most: number
  readonly #perSecond: number
  readonly #callers = new Map<string, { left: number; at: number }>()

  constructor(clock: Clock, most: number, perSecond: number) {
    this.#clock = clock
    this.#most = most
    this.#perSecond = perSecond
  }

  take(caller: string): boolean {
    const at = this.#clock.monotonicMs()
    const known = this.#callers.get(caller) ?? { left: this.#most, at }
    const left = Math.min(this.#most, known.left + ((at - known.at) / 1000) * this.#perSecond)
    this.#callers.delete(caller)
    this.#callers.set(caller, { left: left < 1 ? left : left - 1, at })
    // Whoever has not asked for the longest time is forgotten.
    const [oldest] = this.#callers.keys()
    if (this.#callers.size > CALLERS && oldest !== undefined) this.#callers.delete(oldest)
    return left >= 1
  }
}

const CALLERS = 10_000
