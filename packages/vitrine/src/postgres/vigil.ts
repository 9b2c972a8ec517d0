/**
 * The watch kept over one wait. A server that owes bytes and sends none is not waited for for ever: TCP finds a host that
 * is gone, but not a proxy, a tunnel or a frozen server, whose kernel goes on acknowledging. Silence alone proves nothing
 * (a long query is silent too), so the server is asked, through another session, whether it still works for us. Sockets are
 * only looked at now and then: the copy path pays nothing. Called by `connect.ts` and `copy.ts`.
 */
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import { socketOf } from './driver-socket.ts'

/** What is known of an open session while it is waited for. */
export interface Watched {
  readonly side: 'source' | 'target'
  readonly silenceMs: number
  /** Past this the server itself would have cancelled the statement, whatever it says; Infinity without a limit. */
  readonly longestMs: number
  /** Whether the server works on what we wait for, as far as another session can tell. */
  stillWorks(): Promise<boolean>
}

const watched = new WeakMap<Client, Watched>()
/** From now on, waits for this client are watched. */
export const watch = (client: Client, facts: Watched): void => {
  watched.set(client, facts)
}

/** Bytes in either direction, and those that the kernel has not taken yet: unchanged, nothing has moved. */
function movement(client: Client): string {
  const socket = socketOf(client)
  return `${socket?.bytesRead} ${socket?.bytesWritten} ${socket?.writableLength}`
}

/** Looks during one silence, so that it is noticed soon after it has lasted too long. */
const LOOKS = 4
/** One bad answer may be an accident of the moment: the answer we wait for may just be on its way. */
const DOUBTS = 2

/** Kept from its making to `end`. `owing` gives the client whose server has to move next; `fail` is called at most once. */
export class Vigil {
  readonly #owing: () => Client
  readonly #fail: (error: VitrineError) => void
  readonly #timer: NodeJS.Timeout | undefined
  #client: Client
  #movement: string
  #since = performance.now()
  #asked = 0
  #doubts = 0
  #asking = false
  #ended = false

  constructor(owing: () => Client, fail: (error: VitrineError) => void) {
    this.#owing = owing
    this.#fail = fail
    this.#client = owing()
    this.#movement = movement(this.#client)
    const facts = watched.get(this.#client)
    if (facts === undefined) return
    // The socket that is waited for keeps the process alive, not the watch.
    this.#timer = setInterval(() => this.#look(), Math.ceil(facts.silenceMs / LOOKS)).unref()
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
  }

  #look(): void {
    const client = this.#owing()
    const facts = watched.get(client)
    const now = performance.now()
    const moved = movement(client)
    if (client !== this.#client || moved !== this.#movement) {
      ;[this.#client, this.#movement, this.#since, this.#asked, this.#doubts] = [client, moved, now, now, 0]
      return
    }
    const silent = now - Math.max(this.#since, this.#doubts > 0 ? 0 : this.#asked)
    if (facts === undefined || this.#asking || silent < facts.silenceMs) return
    this.#asking = true
    void facts.stillWorks().then((works) => this.#judge(facts, works && now - this.#since < facts.longestMs))
  }

  #judge(facts: Watched, works: boolean): void {
    this.#asking = false
    this.#asked = performance.now()
    if (this.#ended || movement(this.#client) !== this.#movement) return
    this.#doubts = works ? 0 : this.#doubts + 1
    if (this.#doubts < DOUBTS) return
    this.end()
    const seconds = Math.round((performance.now() - this.#since) / 1000)
    this.#fail(new VitrineError('CONNECTION_SILENT', { place: facts.side, detail: `Nothing came for ${seconds} s.` }))
  }
}
