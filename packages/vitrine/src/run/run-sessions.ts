/** The sessions of one run: two leading ones, and two per stream. All are ended or destroyed together. */
import { VitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import { connect, type Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { sourcePath } from '../publication/register.ts'
import { answers, endBackends, takeOver } from './take-over.ts'

/** One stream: a session on each side, used by one table at a time. */
export interface Stream {
  /** From 1 on. */
  readonly number: number
  source: Session
  target: Session
}

export interface Addresses {
  /** Null for a run that does not read the source. */
  readonly source: Address | null
  readonly target: Address
}

export class RunSessions {
  readonly #publication: Publication
  readonly #addresses: Addresses
  readonly #open: Session[] = []
  readonly #leaving: Promise<void>[] = []
  #sourceLeft = false
  #renewing = Promise.resolve()
  #abandoned = false
  #ended = false

  constructor(publication: Publication, addresses: Addresses) {
    this.#publication = publication
    this.#addresses = addresses
  }

  async source(role: string): Promise<Session> {
    const { source } = this.#addresses
    if (source === null) throw new VitrineError('SOURCE_URL_MISSING')
    const searchPath = sourcePath(this.#publication.source)
    return this.#add(await connect(source, { ...this.#options(role), side: 'source', searchPath }))
  }

  async target(role: string): Promise<Session> {
    return this.#add(await connect(this.#addresses.target, { ...this.#options(role), side: 'target', readOnly: false }))
  }

  #options(role: string) {
    const { name, limits } = this.#publication
    return { name: `vitrine ${name} ${role}`, limits }
  }

  /** `count` pairs of sessions, opened together. */
  async streams(count: number): Promise<readonly Stream[]> {
    const pairs = Array.from({ length: count }, (_, index) => this.#pair(index + 1))
    return (await all(pairs)).map(([source, target], index) => ({ number: index + 1, source, target }))
  }

  #pair(number: number): Promise<[Session, Session]> {
    return both(this.source(`read ${number}`), this.target(`write ${number}`))
  }

  /**
   * Gives a lost stream new sessions, once its old backends have ended. Throws CONNECTION_LOST when one of the sessions that
   * lead the run does not answer: their locks and their snapshot may be gone as well.
   */
  renew(stream: Stream, lead: Session, coordinator: Session): Promise<void> {
    // One renewal after another: they use the same sessions.
    const renewed = this.#renewing.then(() => this.#renew(stream, lead, coordinator))
    this.#renewing = renewed.catch(() => undefined)
    return renewed
  }

  async #renew(stream: Stream, lead: Session, coordinator: Session): Promise<void> {
    const lost = [stream.source, stream.target]
    for (const session of lost) session.destroy()
    for (const leading of [lead, coordinator]) {
      const place = leading.side
      if (!(await answers(leading))) throw new VitrineError('CONNECTION_LOST', { place })
      await endBackends(
        leading,
        lost.filter(({ side }) => side === place),
      )
    }
    if (this.#abandoned) throw new VitrineError('INTERRUPTED')
    const renewed = await this.#pair(stream.number)
    ;[stream.source, stream.target] = renewed
    if (!this.#abandoned) return
    for (const session of renewed) session.destroy()
    throw new VitrineError('INTERRUPTED')
  }

  /** Ends the sessions of the source, once it has been read. */
  leaveSource(): void {
    this.#sourceLeft = true
    this.#leave(this.#open.filter(({ side }) => side === 'source'))
  }

  /** Ends every session in good order, and those that are still being opened as soon as they are. */
  async end(): Promise<void> {
    this.#ended = true
    this.#leave(this.#open)
    await Promise.all(this.#leaving)
  }

  #leave(sessions: readonly Session[]): void {
    this.#leaving.push(...sessions.map((session) => session.end()))
  }

  /**
   * After a failure: ends every other session of the run, its backend included, so that none goes on with a query whose
   * result nobody wants. Returns the session that leads the target from now on; null when the target cannot be reached.
   */
  async abandon(control: Session, coordinator: Session | null): Promise<Session | null> {
    this.#abandoned = true
    // A renewal uses the same sessions.
    await this.#renewing
    const others = (side: Session['side']) =>
      this.#open.filter((session) => session.side === side && session !== control && session !== coordinator)
    const leaveSource = async () => {
      if (this.#sourceLeft || coordinator === null) return
      // Leave the transaction first: inside it, pg_stat_activity does not change.
      const left = await takeOver(coordinator, others('source'), () => this.source('record'), 'rollback')
      left?.destroy()
    }
    const reopen = () => this.target('record')
    const [target] = await Promise.all([takeOver(control, others('target'), reopen), leaveSource()])
    return target
  }

  /** Remembers a session. If opening another one failed meanwhile, this one must be closed as well. */
  #add(session: Session): Session {
    if (this.#ended) {
      session.destroy()
      throw new VitrineError('INTERRUPTED')
    }
    this.#open.push(session)
    return session
  }
}

/** The sessions that still answer: one may have been lost while idle. All of them when none answers: the next statement then fails. */
export async function answering(sessions: readonly Session[]): Promise<readonly Session[]> {
  const alive = await Promise.all(sessions.map((session) => answers(session)))
  const living = sessions.filter((_, index) => alive[index])
  return living.length > 0 ? living : sessions
}

/** Runs `work` for every item, one at a time per session. Results are in the order of the items. */
export async function spread<Item, Result>(
  sessions: readonly Session[],
  items: readonly Item[],
  work: (session: Session, item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const queue = items.entries()
  await Promise.all(
    sessions.map(async (session) => {
      for (const [index, item] of queue) results[index] = await work(session, item)
    }),
  )
  return results
}

/** All, or the first error once all have settled: a session that opened late must not be forgotten. */
async function all<T>(openings: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(openings)
  return settled.map((opening) => {
    if (opening.status === 'rejected') throw opening.reason
    return opening.value
  })
}

/** Both, or the error of the first that failed, in their order, once both have settled. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await all<unknown>([first, second])
  return [await first, await second]
}
