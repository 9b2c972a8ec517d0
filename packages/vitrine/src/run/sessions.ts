/** The sessions of one run: two to lead it, two for each stream of tables. All are ended or destroyed together. */
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

  /** Ends every session in good order. */
  async end(): Promise<void> {
    await Promise.all(this.#open.map((session) => session.end()))
  }

  /**
   * After a failure: ends the backends of all streams through the leading sessions, so that none goes on with a query whose
   * result nobody wants, waits until the target's are gone, and lets go of the source. `control` stays open.
   */
  async abandon(control: Session, coordinator: Session): Promise<void> {
    const streams = this.#open.filter((session) => session !== control && session !== coordinator)
    const pids = (side: Session['side']) => streams.filter((session) => session.side === side).map(({ pid }) => pid)
    for (const session of streams) session.destroy()
    // Out of its transaction the coordinator sees the present: inside it, pg_stat_activity is as it was first read.
    await coordinator.execute('rollback').catch(() => undefined)
    await Promise.all([endBackends(control, pids('target')), endBackends(coordinator, pids('source'))])
    coordinator.destroy()
  }

  #add(session: Session): Session {
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

async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await all<unknown>([first, second])
  return [await first, await second]
}

const ENDED_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 20

/** Ends backends of our own role and waits until they are gone. A server that does not answer any more is left alone. */
async function endBackends(leader: Session, pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + ENDED_WITHIN_MS
  try {
    while (pids.length > 0 && performance.now() < deadline) {
      const alive = await leader.query(
        'select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where pid = any ($1) and usename = current_user',
        [pids],
      )
      if (alive.length === 0) return
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  } catch {
    // The leading session is gone as well: its server has ended the others, or will when it is back.
  }
}

/** How long a failed run waits for a step that was under way; its connections are cut, so it ends by itself. */
const SETTLE_MS = 10_000

/** Waits until the promise has settled, whatever it gives, within a bound. */
export async function settled(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, SETTLE_MS)
  })
  await Promise.race([promise.catch(() => undefined), late])
  clearTimeout(timer)
}
