/**
 * Sockets that read into one buffer for ever, so that a copy of any size leaves nothing for the collector. Between copies
 * they speak like any other: the driver gets a buffer of its own with each `data`. Made in `connect.ts`, borrowed in `wire.ts`.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

/** What one look at the network may bring. A multiple of what a server sends at once, which is eight kilobytes. */
const READ_BYTES = 64 * 1024

/** Gets bytes that are valid only until it returns. */
type Receive = (bytes: Buffer) => void

const receivers = new WeakMap<Socket, { receive: Receive | null }>()

export function readingSocket(): Socket {
  const state: { receive: Receive | null } = { receive: null }
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const onread: OnReadOpts = {
    buffer,
    callback: (size) => {
      const bytes = buffer.subarray(0, size)
      if (state.receive === null) socket.emit('data', Buffer.from(bytes))
      else state.receive(bytes)
      return true
    },
  }
  // sound because Node's documentation of `new net.Socket()` has `onread`, and its types have it for `net.connect()` only.
  const socket: Socket = new Socket({ onread } as SocketConstructorOpts)
  receivers.set(socket, state)
  return socket
}

/** Turns what a socket reads over to `receive`, and gives the way back. Any socket will do; under TLS it is not one of ours. */
export function divert(socket: Socket, receive: Receive): () => void {
  const state = receivers.get(socket)
  if (state !== undefined) {
    state.receive = receive
    return () => {
      state.receive = null
    }
  }
  const theirs = socket.listeners('data')
  socket.removeAllListeners('data')
  socket.on('data', receive)
  return () => {
    socket.off('data', receive)
    for (const listener of theirs) socket.on('data', listener as Receive) // sound because it was one.
  }
}
