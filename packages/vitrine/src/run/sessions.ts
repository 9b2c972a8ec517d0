/** The sessions of one run: two to lead it, two for each stream of tables. All are ended or destroyed together. */
import { VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Address } from '../postgres/address.ts'
import { connect, type Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'

/** One stream: a session on each side, used by one table at a time. */
export interface Stream {
  readonly source: Session
  readonly target: Session
}

export class RunSessions {
  readonly #publication: Publication
  readonly #addresses: { readonly source: Address; readonly target: Address }
  readonly #open: Session[] = []
  readonly #leaving: Promise<void>[] = []
  #sourceLeft = false
  #ended = false

  constructor(publication: Publication, addresses: { source: Address; target: Address }) {
    this.#publication = publication
    this.#addresses = addresses
  }

  get #limits(): Limits {
    return this.#publication.limits
  }

  async source(role: string): Promise<Session> {
    return this.#add(
      await connect(this.#addresses.source, {
        side: 'source',
        name: `vitrine ${this.#publication.name} ${role}`,
        limits: this.#limits,
        readOnly: true,
        searchPath: [this.#publication.source.schema],
      }),
    )
  }

  async target(role: string): Promise<Session> {
    return this.#add(
      await connect(this.#addresses.target, {
        side: 'target',
        name: `vitrine ${this.#publication.name} ${role}`,
        limits: this.#limits,
        readOnly: false,
        searchPath: [],
      }),
    )
  }

  /** The two that lead the run: one on the target, and one on the source that holds the snapshot. */
  leads(): Promise<[control: Session, coordinator: Session]> {
    return both(this.target('lead'), this.source('snapshot'))
  }

  /** `count` pairs of sessions, opened together. */
  async streams(count: number): Promise<readonly Stream[]> {
    const pairs = Array.from({ length: count }, (_, index) =>
      both(this.source(`read ${index + 1}`), this.target(`write ${index + 1}`)),
    )
    return (await all(pairs)).map(([source, target]) => ({ source, target }))
  }

  /** Begins to end sessions that the run needs no more; `end` waits for them. */
  #leave(sessions: readonly Session[]): void {
    this.#leaving.push(...sessions.map((session) => session.end()))
  }

  /** The source has been read: it is rid of us before the rest of the run. */
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

  /**
   * After a failure: ends every other session of the run, its backend included, so that none goes on with a query whose
   * result nobody wants, and lets go of the source. Gives the session that leads the target from now on; null when the
   * target cannot be reached.
   */
  async abandon(control: Session, coordinator: Session): Promise<Session | null> {
    const others = (side: Session['side']) =>
      this.#open.filter((session) => session.side === side && session !== control && session !== coordinator)
    const letSourceGo = async () => {
      if (this.#sourceLeft) return
      // Out of its transaction the coordinator sees the present: inside it, pg_stat_activity is as it was first read.
      const left = await takeOver(coordinator, others('source'), () => this.source('record'), 'rollback')
      left?.destroy()
    }
    const [target] = await Promise.all([
      takeOver(control, others('target'), () => this.target('record')),
      letSourceGo(),
    ])
    return target
  }

  /** Of several opened together one may fail the run while another is on its way: it must not be forgotten. */
  #add(session: Session): Session {
    if (this.#ended) {
      session.destroy()
      throw new VitrineError('INTERRUPTED')
    }
    this.#open.push(session)
    return session
  }
}

/** Does `work` on every item, one at a time on each session. The results stand in the order of the items. */
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

const ANSWER_WITHIN_MS = 2_000
const ENDED_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 20

/**
 * Ends the other sessions of one side with their backends, through the leading one. A leader that does not answer (its
 * connection is lost, or it is in the middle of a long statement) is ended as well, by a new one: its server may not have
 * noticed, and would keep its locks. Gives the leader from now on; null when the server cannot be reached.
 */
export async function takeOver(
  leader: Session,
  others: readonly Session[],
  reopen: () => Promise<Session>,
  question = 'select',
): Promise<Session | null> {
  const ended = [...others]
  for (const session of others) session.destroy()
  let leading: Session | null = leader
  if (!(await within(ANSWER_WITHIN_MS, leader.execute(question)))) {
    leader.destroy()
    ended.push(leader)
    leading = await reopen().catch(() => null)
  }
  if (leading !== null) await endBackends(leading, ended)
  return leading
}

/** Ends backends and waits until they are gone. A server that does not answer any more is left alone. */
async function endBackends(leader: Session, sessions: readonly Session[]): Promise<void> {
  const deadline = performance.now() + ENDED_WITHIN_MS
  const backends = [sessions.map(({ pid }) => pid), sessions.map(({ backendSince }) => backendSince)]
  try {
    while (sessions.length > 0 && performance.now() < deadline) {
      const alive = await leader.query(
        `select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
         where (pid, extract(epoch from backend_start)::text) in (select * from unnest($1::integer[], $2::text[]))`,
        backends,
      )
      if (alive.length === 0) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  } catch {
    // The leading session is gone as well: its server has ended the others, or will when it finds that we are gone.
  }
}

/** How long a failed run waits for a step that was under way; its connections are cut, so it ends by itself. */
const SETTLE_MS = 10_000

/** Waits until the promise has settled, whatever it gives, within a bound. */
export const settled = async (promise: Promise<unknown>): Promise<void> => {
  await within(SETTLE_MS, promise)
}

/** Whether the promise has been fulfilled within the time. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  const done = promise.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
