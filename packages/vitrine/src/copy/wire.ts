/**
 * The PostgreSQL wire during COPY: borrows the socket of an idle `pg` client, reads frames from it without making an
 * object a row, and gives it back. CopyData frames look the same in both directions, so they can be forwarded as bytes.
 * What it reads is valid only until the next read.
 */
import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import { socketOf } from '../postgres/driver-socket.ts'
import { divert, type Receive } from '../postgres/reading-socket.ts'
import { viewOf } from './words.ts'

/** Message types of the frontend/backend protocol 3.0 that matter here (PostgreSQL manual, chapter 55.7). */
export const MESSAGE = {
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  copyIn: 0x47,
  copyOut: 0x48,
  commandComplete: 0x43,
  error: 0x45,
  ready: 0x5a,
  query: 0x51,
} as const

const HEAD = 5

export interface WireHandlers {
  /** Bytes that belong to CopyData frames; frame borders may fall anywhere. Valid until it returns. Only without `frame`. */
  data?(bytes: Buffer): void
  /** One whole CopyData frame, from its type byte to its end; `view` is over the same bytes. They are valid until it returns. */
  frame?(bytes: Buffer, view: DataView, start: number, end: number): void
  message(type: number, payload: Buffer): void
  closed(): void
}

export interface Wire {
  readonly socket: Socket
  /** Sends a simple query. */
  query(text: string): void
  /** Gives the socket back to the client; only when the server is ready for the next query. */
  release(): void
}

function requireSocket(client: Client): Socket {
  const socket = socketOf(client)
  if (socket === undefined || typeof socket.write !== 'function') {
    throw new VitrineError('INTERNAL', { detail: 'The PostgreSQL driver does not expose its socket any more.' })
  }
  return socket
}

/** Borrows the socket of an idle client. The client must not be used until `release`. */
export function borrowWire(client: Client, handlers: WireHandlers): Wire {
  const socket = requireSocket(client)
  const read = handlers.frame === undefined ? splicingReader(handlers) : framingReader(handlers)
  const closed = () => handlers.closed()
  const giveBack = divert(socket, read)
  socket.on('close', closed)
  // A connection that was lost while the client was idle has closed already, and will not say so again.
  if (socket.destroyed || !socket.writable) closed()
  return {
    socket,
    query(text) {
      const bytes = Buffer.alloc(HEAD + Buffer.byteLength(text) + 1)
      bytes[0] = MESSAGE.query
      bytes.writeInt32BE(bytes.length - 1, 1)
      bytes.write(text, HEAD)
      socket.write(bytes)
    },
    release() {
      giveBack()
      socket.off('close', closed)
      socket.resume()
    },
  }
}

/** Hands CopyData bytes on as they come, cut only where another message stands between them. */
function splicingReader(handlers: WireHandlers): Receive {
  let inside = 0
  let rest: Buffer | null = null
  return (bytes, size) => {
    const arrived = bytes.subarray(0, size)
    let chunk = arrived
    let at = 0
    let from = 0
    if (rest !== null) {
      // At most a frame's head, or a small message that is not CopyData, waits here.
      chunk = Buffer.concat([rest, arrived])
      rest = null
    }
    if (inside > 0) {
      at = Math.min(inside, chunk.length)
      inside -= at
    }
    const view = viewOf(chunk)
    while (inside === 0 && at + HEAD <= chunk.length) {
      const size = 1 + view.getInt32(at + 1)
      if (chunk[at] === MESSAGE.copyData) {
        const end = at + size
        if (end > chunk.length) {
          inside = end - chunk.length
          at = chunk.length
        } else at = end
        continue
      }
      if (at + size > chunk.length) break
      if (at > from) handlers.data?.(chunk.subarray(from, at))
      handlers.message(chunk[at] ?? 0, chunk.subarray(at + HEAD, at + size))
      at += size
      from = at
    }
    if (at > from) handlers.data?.(chunk.subarray(from, at))
    if (at < chunk.length) rest = Buffer.from(chunk.subarray(at))
  }
}

/** Room for a frame that is cut by the end of a chunk; larger ones are rare, and get more. */
const CUT_BYTES = 8 * 1024

/**
 * Hands on whole frames, where they lie. Only one that is cut by the end of a chunk is put together, piece by piece in a
 * buffer of its own length: joining all at each chunk would copy a row of a hundred megabytes a thousand times.
 */
function framingReader(handlers: WireHandlers): Receive {
  let cut = Buffer.allocUnsafeSlow(CUT_BYTES)
  // A view reads a word in a tenth of the time that a buffer takes, and is made once for each buffer.
  let cutView = viewOf(cut)
  let last: Buffer = cut
  let view = cutView
  /** How much of the cut frame is there, and how much it needs: its head, until that tells its length. */
  let gathered = 0
  let needed = HEAD
  const hand = (bytes: Buffer, over: DataView, start: number, end: number): void => {
    const type = bytes[start] ?? 0
    if (type === MESSAGE.copyData) handlers.frame?.(bytes, over, start, end)
    else handlers.message(type, bytes.subarray(start + HEAD, end))
  }
  const need = (size: number): void => {
    needed = size
    if (size <= cut.length) return
    cut = Buffer.concat([cut.subarray(0, gathered)], size)
    cutView = viewOf(cut)
  }
  const gather = (chunk: Buffer, at: number, size: number): number => {
    const taken = chunk.copy(cut, gathered, at, Math.min(size, at + needed - gathered))
    gathered += taken
    return at + taken
  }
  return (chunk, size) => {
    let at = 0
    while (gathered > 0) {
      at = gather(chunk, at, size)
      if (gathered < needed) return
      const whole = 1 + cutView.getInt32(1)
      if (gathered < whole) {
        need(whole)
        continue
      }
      gathered = 0
      needed = HEAD
      hand(cut, cutView, 0, whole)
    }
    if (chunk !== last) {
      last = chunk
      view = viewOf(chunk)
    }
    while (at + HEAD <= size) {
      const end = at + 1 + view.getInt32(at + 1)
      if (end > size) {
        need(end - at)
        break
      }
      hand(chunk, view, at, end)
      at = end
    }
    if (at < size) gather(chunk, at, size)
  }
}

/** A CopyDone message. */
export const COPY_DONE = Buffer.from([MESSAGE.copyDone, 0, 0, 0, 4])

/** A CopyFail message; the reason reaches the server's log, so it holds no value. */
export function copyFail(reason: string): Buffer {
  const bytes = Buffer.alloc(HEAD + Buffer.byteLength(reason) + 1)
  bytes[0] = MESSAGE.copyFail
  bytes.writeInt32BE(bytes.length - 1, 1)
  bytes.write(reason, HEAD)
  return bytes
}

/** The fields of an ErrorResponse by their one-letter names (manual, chapter 55.8). */
export function errorFields(payload: Buffer): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  let at = 0
  while (at < payload.length && payload[at] !== 0) {
    const end = payload.indexOf(0, at + 1)
    fields[String.fromCharCode(payload[at] ?? 0)] = payload.toString('utf8', at + 1, end)
    at = end + 1
  }
  return fields
}

/** The number of rows in a command tag such as `COPY 42`. */
export const rowsOfTag = (payload: Buffer): number =>
  Number(payload.toString('utf8', 0, payload.length - 1).split(' ')[1] ?? 0)
