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

  /** `count` pairs of sessions, opened together. */
  async streams(count: number): Promise<readonly Stream[]> {
    const pairs = Array.from({ length: count }, async (_, index) => {
      const [source, target] = await Promise.all([this.source(`read ${index + 1}`), this.target(`write ${index + 1}`)])
      return { source, target }
    })
    return Promise.all(pairs)
  }

  /** Ends every session in good order. */
  async end(): Promise<void> {
    await Promise.all(this.#open.map((session) => session.end()))
  }

  /** Cuts every session except those given: what they were doing is undone by the servers. */
  destroyExcept(kept: readonly Session[]): void {
    for (const session of this.#open) if (!kept.includes(session)) session.destroy()
  }

  #add(session: Session): Session {
    this.#open.push(session)
    return session
  }
}
