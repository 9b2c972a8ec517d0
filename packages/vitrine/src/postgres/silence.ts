/**
 * Ends the wait for a server that sends nothing any more (decision 0012). TCP notices a lost host, but not a stuck proxy,
 * tunnel or server. A long query is silent, too, so another session asks the server whether it still works for us.
 * Called by `connect.ts` and `copy.ts`.
 */
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import type { Side } from './settings.ts'
import { socketOf } from './socket.ts'

/** How to ask about a session. */
interface Asking {
  readonly side: Side
  readonly silenceMs: number
  /** After this time the server would have cancelled the statement itself; Infinity without a limit. */
  readonly longestMs: number
  /** Whether the server works on what we wait for, as another session sees it. */
  stillWorks(): Promise<boolean>
}

const askings = new WeakMap<Client, Asking>()

/** From now on, a wait for this client ends when its server is silent. */
export const askWhenSilent = (client: Client, asking: Asking): void => {
  askings.set(client, asking)
}

/** Counts bytes in both directions and those that the kernel has not taken yet. The same text twice: nothing has moved. */
function movement(client: Client): string {
  const socket = socketOf(client)
  return `${socket?.bytesRead} ${socket?.bytesWritten} ${socket?.writableLength}`
}

/** How often the socket is checked within `silenceMs`. The copy path itself is not slowed down. */
const LOOKS = 4
/** Bad answers in a row before giving up: after one, the data may just be on their way. */
const DOUBTS = 2

/**
 * Watches until the returned function is called. `owing` returns the client whose server has to act next; `fail` is
 * called at most once.
 */
export function watchSilence(owing: () => Client, fail: (error: VitrineError) => void): () => void {
  let client = owing()
  const watched = askings.get(client)
  if (watched === undefined) return () => undefined
  let moved = movement(client)
  let since = performance.now()
  let asked = 0
  let doubts = 0
  let isAsking = false
  let isOver = false
  const look = async (): Promise<void> => {
    const now = performance.now()
    const [owes, moves] = [owing(), movement(owing())]
    if (owes !== client || moves !== moved) {
      ;[client, moved, since, asked, doubts] = [owes, moves, now, now, 0]
      return
    }
    const asking = askings.get(client)
    const silent = now - Math.max(since, doubts > 0 ? 0 : asked)
    if (asking === undefined || isAsking || silent < asking.silenceMs) return
    isAsking = true
    const works = (await asking.stillWorks()) && now - since < asking.longestMs
    isAsking = false
    asked = performance.now()
    if (isOver || movement(client) !== moved) return
    doubts = works ? 0 : doubts + 1
    if (doubts < DOUBTS) return
    end()
    const seconds = Math.round((performance.now() - since) / 1000)
    fail(new VitrineError('CONNECTION_SILENT', { place: asking.side, detail: `Nothing came for ${seconds} s.` }))
  }
  // The watch must not keep the process alive: the socket does.
  const timer = setInterval(() => void look(), Math.ceil(watched.silenceMs / LOOKS)).unref()
  const end = (): void => {
    isOver = true
    clearInterval(timer)
  }
  return end
}
