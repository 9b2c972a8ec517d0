/**
 * Copies one table from COPY TO to COPY FROM over the driver's sockets, for the reference on machines without psql.
 * Deliberately not the tool's code: it forwards frames unread, except for the end and errors.
 */
import type { Socket } from 'node:net'
import type { Client } from 'pg'

/** Message types of the protocol (PostgreSQL manual, chapter 55.7). */
const [COPY_DATA, COPY_DONE, COPY_IN, ERROR, READY, QUERY] = [...'dcGEZQ'].map((letter) => letter.charCodeAt(0))

interface Borrowed {
  readonly socket: Socket
  send(query: string): void
  giveBack(): void
}

/** `onMessage` gets the type of each message, `onCopy` the bytes of CopyData and CopyDone messages. */
function borrow(client: Client, onMessage: (type: number) => void, onCopy: (bytes: Buffer) => void): Borrowed {
  // sound because pg keeps its socket there, although its types do not declare it.
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream
  const listeners = socket.listeners('data')
  socket.removeAllListeners('data')
  const read = readerOf(onMessage, onCopy)
  socket.on('data', read)
  return {
    socket,
    send(query) {
      const bytes = Buffer.alloc(6 + Buffer.byteLength(query))
      bytes[0] = QUERY ?? 0
      bytes.writeInt32BE(bytes.length - 1, 1)
      bytes.write(query, 5)
      socket.write(bytes)
    },
    giveBack() {
      socket.off('data', read)
      for (const listener of listeners) socket.on('data', listener as (chunk: Buffer) => void) // sound because it was one.
    },
  }
}

function readerOf(onMessage: (type: number) => void, onCopy: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let kept = Buffer.alloc(0)
  let type = 0
  let left = 0
  return (arrived) => {
    const chunk = kept.length > 0 ? Buffer.concat([kept, arrived]) : arrived
    let at = 0
    let from = -1
    const forward = (end: number) => {
      if (from >= 0) onCopy(chunk.subarray(from, end))
      from = -1
    }
    if (left > 0 && type === COPY_DATA) from = 0
    while (at < chunk.length) {
      if (left > 0) {
        const step = Math.min(left, chunk.length - at)
        left -= step
        at += step
        if (left === 0 && type !== COPY_DATA && type !== COPY_DONE) onMessage(type)
        continue
      }
      if (chunk.length - at < 5) break
      type = chunk[at] ?? 0
      const copies = type === COPY_DATA || type === COPY_DONE
      if (!copies) forward(at)
      else if (from < 0) from = at
      left = chunk.readInt32BE(at + 1) - 4
      at += 5
      if (left === 0 && !copies) onMessage(type)
    }
    forward(at)
    kept = Buffer.from(chunk.subarray(at))
  }
}

/** Copies one table. Throws when either server refuses; afterwards the clients cannot be used any more. */
export async function rawPipe(source: Client, target: Client, copyOut: string, copyIn: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let ready = 0
    const ended = (type: number, side: string) => {
      if (type === ERROR) reject(new Error(`the ${side} refused the copy`))
      if (type === READY) ready += 1
      if (ready < 2) return
      from.giveBack()
      to.socket.off('drain', resume)
      to.giveBack()
      resolve()
    }
    const from = borrow(
      source,
      (type) => ended(type, 'source'),
      (bytes) => {
        if (!to.socket.write(bytes)) from.socket.pause()
      },
    )
    const to = borrow(
      target,
      (type) => {
        if (type === COPY_IN) from.send(copyOut)
        ended(type, 'target')
      },
      () => undefined,
    )
    const resume = () => from.socket.resume()
    to.socket.on('drain', resume)
    to.send(copyIn)
  })
}
