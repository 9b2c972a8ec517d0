/**
 * Sockets that read into one buffer for ever, so that a copy of any size leaves nothing for the collector. Between copies
 * they speak like any other: the driver gets a buffer of its own with each `data`. Made in `connect.ts`, borrowed in `wire.ts`.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

/** What one look at the network may bring. A multiple of what a server sends at once, which is eight kilobytes. */
const READ_BYTES = 64 * 1024
/** Longer than that no copy keeps the others waiting: a socket with much to read is read on and on. Not under TLS, whose sockets are not ours. */
const TURN_MS = 2
/** Of the blocks in which a copy writes (`copy/blocks.ts`). */
export const BLOCK_BYTES = 64 * 1024
/** As many as are on their way at once in a copy. */
const ROOM_BYTES = 4 * BLOCK_BYTES

/** Gets the first `size` bytes of a buffer, mostly the same one; they are valid only until it returns. */
export type Receive = (bytes: Buffer, size: number) => void

interface State {
  receive: Receive | null
  /** When the first read of this turn of the event loop came; null before it. */
  since: number | null
  readonly room: Buffer
}

const states = new WeakMap<Socket, State>()

export function readingSocket(): Socket {
  // Memory that nobody has written to costs nothing: a socket without a copy uses the first part alone.
  const area = Buffer.allocUnsafeSlow(READ_BYTES + ROOM_BYTES)
  const buffer = area.subarray(0, READ_BYTES)
  const state: State = { receive: null, since: null, room: area.subarray(READ_BYTES) }
  const onread: OnReadOpts = {
    buffer,
    callback: (size) => {
      if (state.receive === null) {
        socket.emit('data', Buffer.from(buffer.subarray(0, size)))
        return true
      }
      state.since ??= beginTurn()
      state.receive(buffer, size)
      return performance.now() - state.since < TURN_MS
    },
  }
  const beginTurn = (): number => {
    setImmediate(() => {
      state.since = null
      // One that waits for its reader, or is closed, stays as it is.
      if (!socket.isPaused() && !socket.destroyed) socket.resume()
    })
    return performance.now()
  }
  // sound because Node's documentation of `new net.Socket()` has `onread`, and its types have it for `net.connect()` only.
  const socket: Socket = new Socket({ onread } as SocketConstructorOpts)
  states.set(socket, state)
  return socket
}

/** Room for blocks in the buffer that a socket reads into, so that bytes move within one; none beside any other socket. */
export const roomBeside = (socket: Socket | undefined): Buffer | undefined =>
  socket === undefined ? undefined : states.get(socket)?.room

/** Turns what a socket reads over to `receive`, and gives the way back. Any socket will do; under TLS it is not one of ours. */
export function divert(socket: Socket, receive: Receive): () => void {
  const state = states.get(socket)
  if (state !== undefined) {
    state.receive = receive
    return () => {
      state.receive = null
    }
  }
  const theirs = socket.listeners('data')
  socket.removeAllListeners('data')
  const onData = (bytes: Buffer) => receive(bytes, bytes.length)
  socket.on('data', onData)
  return () => {
    socket.off('data', onData)
    for (const listener of theirs) socket.on('data', listener as Receive) // sound because it was one.
  }
}
