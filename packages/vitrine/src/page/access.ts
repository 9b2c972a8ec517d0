/**
 * Identifies visitors: everybody on this machine, people with a password, or people named by a proxy. Sessions live in memory, under
 * the hash of the cookie's value.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { getCookie, setCookie } from 'hono/cookie'
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { PageCall, VisitorRole } from './context.ts'
import { matches } from './password.ts'
import { isSecure, type PageReach } from './security.ts'

/** How visitors are identified. */
export type Access =
  /** Everybody is an operator; for one's own machine. */
  | { readonly kind: 'open' }
  /** A plain password, or `scrypt:salt:hash` in base64. */
  | { readonly kind: 'passwords'; readonly passwords: Readonly<Partial<Record<VisitorRole, Secret>>> }
  /** A proxy in front of us has authenticated the visitor, and names them in this header. */
  | { readonly kind: 'proxy'; readonly header: string; readonly operators: readonly string[] }

export interface KnownVisitor {
  readonly role: VisitorRole
  readonly loggedIn: boolean
  readonly token: string
}

const IDLE_MS = 60 * 60_000
const LONGEST_MS = 12 * 60 * 60_000
const SESSIONS = 1_000
const TOKEN_BYTES = 32

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

interface Entry {
  readonly role: VisitorRole
  readonly since: number
  seen: number
}

export class Visitors {
  readonly #access: Access
  readonly #reach: PageReach
  readonly #clock: Clock
  readonly #path: string
  readonly #key = randomBytes(32)
  readonly #sessions = new Map<string, Entry>()

  constructor(access: Access, reach: PageReach, clock: Clock, prefix: string) {
    this.#access = access
    this.#reach = reach
    this.#clock = clock
    this.#path = prefix === '' ? '/' : prefix
  }

  /** Null for an unknown visitor. */
  known(call: PageCall): KnownVisitor | null {
    const access = this.#access
    if (access.kind === 'open') return this.#as('operator', 'open', false)
    if (access.kind === 'proxy') {
      const name = call.req.header(access.header)?.trim() ?? ''
      if (name === '') return null
      return this.#as(access.operators.includes(name) ? 'operator' : 'reader', `proxy:${name}`, false)
    }
    const id = digest(getCookie(call, this.#cookie(call)) ?? '')
    const entry = this.#sessions.get(id)
    const now = this.#clock.monotonicMs()
    if (entry === undefined) return null
    if (now - entry.since > LONGEST_MS || now - entry.seen > IDLE_MS) {
      this.#sessions.delete(id)
      return null
    }
    entry.seen = now
    return this.#as(entry.role, id, true)
  }

  /** Whether the browser still has the cookie of a session that is over. */
  hasEnded(call: PageCall): boolean {
    return this.asksForPassword && getCookie(call, this.#cookie(call)) !== undefined && this.known(call) === null
  }

  get asksForPassword(): boolean {
    return this.#access.kind === 'passwords'
  }

  /** False for a wrong password. Always makes a new session, against session fixation. */
  async logIn(call: PageCall, given: string): Promise<boolean> {
    if (this.#access.kind !== 'passwords') return false
    const { operator, reader } = this.#access.passwords
    // Both passwords are compared, so that the time of the answer does not reveal which one matched.
    const isOperator = operator !== undefined && (await matches(given, operator))
    const isReader = reader !== undefined && (await matches(given, reader))
    if (!isOperator && !isReader) return false
    this.#forget(call)
    const cookie = randomBytes(32).toString('base64url')
    const now = this.#clock.monotonicMs()
    this.#sessions.set(digest(cookie), { role: isOperator ? 'operator' : 'reader', since: now, seen: now })
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
    this.#set(call, cookie, Math.floor(LONGEST_MS / 1000))
    return true
  }

  logOut(call: PageCall): void {
    this.#forget(call)
    this.#set(call, '', 0)
  }

  #forget(call: PageCall): void {
    this.#sessions.delete(digest(getCookie(call, this.#cookie(call)) ?? ''))
  }

  #as(role: VisitorRole, id: string, loggedIn: boolean): KnownVisitor {
    return { role, loggedIn, token: createHmac('sha256', this.#key).update(id).digest('base64url') }
  }

  /** With https, the prefix prevents other hosts or plain connections from setting the cookie (RFC 6265bis). */
  #cookie = (call: PageCall): string => {
    if (!isSecure(call, this.#reach)) return 'vitrine'
    return this.#path === '/' ? '__Host-vitrine' : '__Secure-vitrine'
  }

  #set(call: PageCall, value: string, maxAge: number): void {
    const secure = isSecure(call, this.#reach)
    setCookie(call, this.#cookie(call), value, { path: this.#path, httpOnly: true, sameSite: 'Lax', secure, maxAge })
  }
}

const mixed = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))

/** The token for a form, masked differently each time, so that the size of a compressed page does not reveal it (BREACH). */
export function formToken({ token }: Pick<KnownVisitor, 'token'>): string {
  const mask = randomBytes(TOKEN_BYTES)
  return Buffer.concat([mask, mixed(Buffer.from(token, 'base64url'), mask)]).toString('base64url')
}

/** Whether a form holds the visitor's token. */
export function hasToken(call: PageCall, given: unknown): boolean {
  const bytes = Buffer.from(typeof given === 'string' ? given : '', 'base64url')
  const [mask, theirs] = [bytes.subarray(0, TOKEN_BYTES), bytes.subarray(TOKEN_BYTES)]
  const mine = Buffer.from(call.var.visitor.token, 'base64url')
  return mine.length === TOKEN_BYTES && theirs.length === TOKEN_BYTES && timingSafeEqual(mixed(theirs, mask), mine)
}
