/** The sessions of a role on the target, for the page: a few, opened when they are needed, lent to one page at a time, closed when idle. */
import { VitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'

/** Number of sessions: enough for two pages with two sessions each. */
const MOST = 4
/** How many requests may wait for a session. */
const WAITING = 500
const IDLE_MS = 30_000

export class Readers {
  readonly #open: () => Promise<Session>
  readonly #idle: { readonly session: Session; readonly timer: NodeJS.Timeout }[] = []
  readonly #waiting: (() => void)[] = []
  #lent = 0
  #closed = false

  constructor(open: () => Promise<Session>) {
    this.#open = open
  }

  /** Runs `work` with a session; an idle one that turns out to be lost is replaced once. Throws VitrineError. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#turn()
    try {
      const waited = this.#idle.pop()
      clearTimeout(waited?.timer)
      if (waited !== undefined) {
        try {
          return await this.#with(waited.session, work)
        } catch (error) {
          if (!(error instanceof VitrineError) || !error.code.startsWith('CONNECTION_')) throw error
        }
      }
      return await this.#with(await this.#open(), work)
    } finally {
      this.#lent--
      this.#waiting.shift()?.()
    }
  }

  /** Whether a second session can be had at once. */
  get hasMore(): boolean {
    return this.#lent < MOST && this.#waiting.length === 0
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { timer } of this.#idle) clearTimeout(timer)
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.end()))
  }

  async #turn(): Promise<void> {
    if (this.#lent >= MOST) {
      if (this.#waiting.length >= WAITING) throw new VitrineError('PAGE_BUSY')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#lent++
  }

  async #with<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
    try {
      const result = await work(session)
      if (this.#closed) await session.end()
      else this.#keep(session)
      return result
    } catch (error) {
      // What state it is in is not known.
      session.destroy()
      throw error
    }
  }

  #keep(session: Session): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((each) => each.session === session)
      if (at >= 0) this.#idle.splice(at, 1)
      void session.end()
    }, IDLE_MS)
    timer.unref()
    this.#idle.push({ session, timer })
  }
}
