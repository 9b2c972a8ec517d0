/**
 * The sockets of our sessions read into one reused buffer, so that a copy of any size creates no work for the garbage
 * collector. Outside a copy, the driver gets a copy of the bytes with each `data` event. Made in `connect.ts`, borrowed in `copy/wire.ts`.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import type { Client } from 'pg'

interface ClientWithSocket {
  readonly connection?: { readonly stream?: Socket }
}

/** The socket of a client: the only place that reaches into the driver. Undefined when a release of the driver hides it. */
export const socketOf = (client: Client): Socket | undefined =>
  // sound because every property is optional and tested by the caller; `connection` is not in the driver's published types.
  (client as unknown as ClientWithSocket).connection?.stream

/** Size of the buffer. A server sends eight kilobytes at a time. */
const READ_BYTES = 64 * 1024

/** Gets the bytes that were read; they are valid only until it returns. */
export type Receive = (bytes: Buffer) => void

/** Who gets what a socket reads, while a copy has borrowed it. */
const receivers = new WeakMap<Socket, { receive: Receive | null }>()

export function readingSocket(): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const receiver: { receive: Receive | null } = { receive: null }
  const onread: OnReadOpts = {
    buffer,
    callback: (size) => {
      const bytes = buffer.subarray(0, size)
      if (receiver.receive === null) socket.emit('data', Buffer.from(bytes))
      else receiver.receive(bytes)
      return true
    },
  }
  // sound because Node's documentation of `new net.Socket()` has `onread`, and its types have it for `net.connect()` only.
  const socket: Socket = new Socket({ onread } as SocketConstructorOpts)
  receivers.set(socket, receiver)
  return socket
}

/** Sends what a socket reads to `receive`, and returns a function that undoes it. With TLS the socket is not one of ours. */
export function divert(socket: Socket, receive: Receive): () => void {
  const receiver = receivers.get(socket)
  if (receiver !== undefined) {
    receiver.receive = receive
    return () => {
      receiver.receive = null
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
