/**
 * One HTTP call with Node's fetch, limited in time and size, which follows redirects only within the given host.
 * A call without a usable answer throws `NoAnswer` with a reason; `calls.ts` retries. Called by both feeds.
 */
import { type RaisonAppel, raisonDuStatut } from './raisons.ts'

/** One failed call. It never leaves this folder: a feed converts it to a row or a `FeedError`. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly raison: RaisonAppel
  /** Milliseconds from Retry-After, if the source sent it. */
  readonly waitMs: number | null

  constructor(raison: RaisonAppel, waitMs: number | null = null) {
    super(raison)
    this.raison = raison
    this.waitMs = waitMs
  }
}

export interface HttpRules {
  /** Limit for the whole call: redirects, answer and body. */
  readonly timeoutMs: number
  /** Limit for each wait for more of the body; not needed when `timeoutMs` is short. */
  readonly idleMs?: number
  /** Limit for the body, after decompression. */
  readonly maxBytes: number
  readonly userAgent: string
  readonly accept: string
}

export interface HttpAnswer {
  readonly status: number
  /** Bytes of the body; null when unknown, or when the source announces only the compressed size. */
  readonly length: number | null
  /** The body; can be read once. */
  chunks(): AsyncGenerator<Uint8Array>
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MOST_REDIRECTS = 5

/**
 * Calls the URL and reads the answer with `read`. A status other than 200 and those in `accepted` throws `NoAnswer`.
 * @throws NoAnswer, the signal's reason when it is aborted, and what `read` throws.
 */
export async function call<T>(
  url: URL,
  rules: HttpRules,
  signal: AbortSignal,
  read: (answer: HttpAnswer) => Promise<T>,
  accepted: readonly number[] = [],
): Promise<T> {
  const deadline = new Deadline(rules.timeoutMs, signal)
  try {
    const response = await follow(url, rules, deadline)
    const raison = raisonDuStatut(response.status)
    if (raison !== null && !accepted.includes(response.status)) {
      throw new NoAnswer(raison, retryAfterMs(response.headers.get('retry-after'), Date.now()))
    }
    const length = lengthOf(response.headers)
    if (length !== null && length > rules.maxBytes) throw new NoAnswer('contenu_trop_grand')
    return await read({
      status: response.status,
      length: response.headers.has('content-encoding') ? null : length,
      chunks: () => chunksOf(response, rules, deadline),
    })
  } finally {
    deadline.end()
  }
}

/** The whole body as text; it must be UTF-8. */
export async function textOf(answer: HttpAnswer): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of answer.chunks()) parts.push(chunk)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  } catch {
    throw new NoAnswer('contenu_illisible')
  }
}

/**
 * Combines the time limit and the caller's signal. `AbortSignal.any` with `AbortSignal.timeout` would do the same, but in Node 20 it
 * leaks memory for each call on a long-lived signal, and the timeout may be garbage-collected before it fires.
 */
class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal
  readonly #stop = (): void => this.#controller.abort(this.#caller.reason)
  readonly #timer: NodeJS.Timeout

  constructor(milliseconds: number, caller: AbortSignal) {
    this.#caller = caller
    this.#timer = this.#after(milliseconds)
    caller.addEventListener('abort', this.#stop, { once: true })
    if (caller.aborted) this.#stop()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  #after(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new NoAnswer('delai')), milliseconds)
  }

  /** Waits for `work`, but not longer than `idleMs` or the whole call's limit. */
  async network<T>(work: Promise<T>, idleMs?: number): Promise<T> {
    const timer = idleMs === undefined ? undefined : this.#after(idleMs)
    try {
      return await work
    } catch {
      this.signal.throwIfAborted()
      throw new NoAnswer('reseau')
    } finally {
      clearTimeout(timer)
    }
  }

  /** Also aborts the rest of the call, because an unread body would keep its connection open. */
  end(): void {
    clearTimeout(this.#timer)
    this.#caller.removeEventListener('abort', this.#stop)
    this.#controller.abort()
  }
}

async function follow(first: URL, rules: HttpRules, deadline: Deadline): Promise<Response> {
  let url = first
  for (let redirects = 0; ; redirects += 1) {
    const response = await deadline.network(
      fetch(url, {
        redirect: 'manual',
        signal: deadline.signal,
        headers: { accept: rules.accept, 'user-agent': rules.userAgent },
      }),
    )
    if (!REDIRECTS.has(response.status)) return response
    await response.body?.cancel().catch(() => undefined)
    const next = redirectTarget(url, response.headers.get('location'))
    if (next === null || redirects === MOST_REDIRECTS) throw new NoAnswer('redirection_refusee')
    url = next
  }
}

/** The target of a redirect if it stays on the same host (http to https is allowed), else null. */
export function redirectTarget(from: URL, location: string | null): URL | null {
  if (location === null || !URL.canParse(location, from.href)) return null
  const to = new URL(location, from.href)
  if (to.username !== '' || to.password !== '') return null
  const upgraded = from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname
  return to.origin === from.origin || upgraded ? to : null
}

async function* chunksOf(response: Response, rules: HttpRules, deadline: Deadline): AsyncGenerator<Uint8Array> {
  if (response.body === null) return
  const reader = response.body.getReader()
  let size = 0
  for (;;) {
    const { done, value } = await deadline.network(reader.read(), rules.idleMs)
    if (done) return
    size += value.byteLength
    if (size > rules.maxBytes) throw new NoAnswer('contenu_trop_grand')
    yield value
  }
}

const lengthOf = (headers: Headers): number | null => {
  const text = headers.get('content-length')
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** Retry-After (RFC 9110, section 10.2.3) in milliseconds from `now`: seconds or an HTTP date; null for anything else. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
