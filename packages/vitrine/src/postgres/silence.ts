/**
 * Ends a wait for a server that sends nothing any more (decision 0012). TCP finds a host that is gone, but not a proxy, a
 * tunnel or a frozen server. A long query is silent too, so another session asks the server whether it still works for us.
 * Called by `connect.ts` and `copy.ts`.
 */
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import { socketOf } from './socket.ts'

/** How a session is asked about. */
interface Asking {
  readonly side: 'source' | 'target'
  readonly silenceMs: number
  /** After this time the server itself would have cancelled the statement; Infinity without a limit. */
  readonly longestMs: number
  /** Whether the server works on what we wait for, as another session sees it. */
  stillWorks(): Promise<boolean>
}

const askings = new WeakMap<Client, Asking>()
/** From now on, a wait for this client ends when its server is silent. */
export const askWhenSilent = (client: Client, asking: Asking): void => {
  askings.set(client, asking)
}

/** Bytes in both directions, and those that the kernel has not taken yet: when they are the same, nothing has moved. */
function movement(client: Client): string {
  const socket = socketOf(client)
  return `${socket?.bytesRead} ${socket?.bytesWritten} ${socket?.writableLength}`
}

/** How often the socket is looked at during one silence; the copy path itself pays nothing. */
const LOOKS = 4
/** After one bad answer, what we wait for may just be on its way. */
const DOUBTS = 2

/** Watches until `end`. `owing` returns the client whose server has to move next; `fail` is called at most once. */
export class SilenceWatch {
  readonly #owing: () => Client
  readonly #fail: (error: VitrineError) => void
  readonly #timer: NodeJS.Timeout | undefined
  #client: Client
  #movement: string
  #since = performance.now()
  #asked = 0
  #doubts = 0
  #isAsking = false
  #ended = false

  constructor(owing: () => Client, fail: (error: VitrineError) => void) {
    this.#owing = owing
    this.#fail = fail
    this.#client = owing()
    this.#movement = movement(this.#client)
    const asking = askings.get(this.#client)
    if (asking === undefined) return
    // The socket that is waited for keeps the process alive, not the watch.
    this.#timer = setInterval(() => this.#look(), Math.ceil(asking.silenceMs / LOOKS)).unref()
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
  }

  #look(): void {
    const client = this.#owing()
    const asking = askings.get(client)
    const now = performance.now()
    const moved = movement(client)
    if (client !== this.#client || moved !== this.#movement) {
      ;[this.#client, this.#movement, this.#since, this.#asked, this.#doubts] = [client, moved, now, now, 0]
      return
    }
    const silent = now - Math.max(this.#since, this.#doubts > 0 ? 0 : this.#asked)
    if (asking === undefined || this.#isAsking || silent < asking.silenceMs) return
    this.#isAsking = true
    void asking.stillWorks().then((works) => this.#judge(asking.side, works && now - this.#since < asking.longestMs))
  }

  #judge(side: 'source' | 'target', works: boolean): void {
    this.#isAsking = false
    this.#asked = performance.now()
    if (this.#ended || movement(this.#client) !== this.#movement) return
    this.#doubts = works ? 0 : this.#doubts + 1
    if (this.#doubts < DOUBTS) return
    this.end()
    const seconds = Math.round((performance.now() - this.#since) / 1000)
    this.#fail(new VitrineError('CONNECTION_SILENT', { place: side, detail: `Nothing came for ${seconds} s.` }))
  }
}
