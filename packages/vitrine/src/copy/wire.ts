/**
 * The PostgreSQL wire during COPY: borrows the socket of an idle `pg` client, reads frames from it without one object per
 * row, and returns it. CopyData frames look the same in both directions, so they can be forwarded as bytes.
 */
import type { Socket } from 'node:net'
import type { Client } from 'pg'
import { VitrineError } from '../base/errors.ts'
import { divert, socketOf } from '../postgres/socket.ts'

/** Message types of the frontend/backend protocol 3.0 that matter here (PostgreSQL manual, chapter 55.7). */
export const MESSAGE = {
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  copyIn: 0x47,
  commandComplete: 0x43,
  error: 0x45,
  ready: 0x5a,
  query: 0x51,
} as const

/** Type and length of a message; the length counts itself, and not the type. */
export const HEAD = 5

/** The longest message of PostgreSQL: one gigabyte. */
const LONGEST = 0x40000000

/** What a server may send during a COPY besides rows: G, H, c, C, E, Z, and N, S, A at any time (chapter 55.2). */
const EXPECTED = new Set(Buffer.from('GHcCEZNSA'))

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export interface WireHandlers {
  /** Whole CopyData frames, one after another. They are valid until it returns. */
  frames(bytes: Buffer): void
  /** A message that is not CopyData. */
  message(type: number, payload: Buffer): void
  /** The bytes are not valid messages, or a handler threw. Nothing more is delivered. */
  broken(cause: unknown): void
  closed(): void
}

export interface Wire {
  readonly socket: Socket
  /** Sends one message, whose body is a text that ends with a zero byte, or nothing. */
  send(type: number, text?: string): void
  /** Gives the socket back to the client; only when the server is ready for the next query. */
  release(): void
}

/** Borrows the socket of an idle client. The client must not be used until `release`. */
export function borrowWire(client: Client, handlers: WireHandlers): Wire {
  const socket = socketOf(client)
  if (socket === undefined || typeof socket.write !== 'function')
    throw new VitrineError('INTERNAL', { detail: 'The PostgreSQL driver does not expose its socket any more.' })
  const closed = () => handlers.closed()
  const giveBack = divert(socket, frameReader(handlers))
  socket.on('close', closed)
  // A connection that was lost while idle emits no further `close` event.
  if (socket.destroyed || !socket.writable) closed()
  return {
    socket,
    send(type, text) {
      const body = Buffer.from(text === undefined ? '' : `${text}\0`)
      const head = Buffer.alloc(HEAD)
      head[0] = type
      head.writeInt32BE(body.length + 4, 1)
      socket.write(Buffer.concat([head, body]))
    },
    release() {
      giveBack()
      socket.off('close', closed)
      socket.resume()
    },
  }
}

/** Delivers the whole messages in `bytes` from `start` on, without copying. Returns the end of the last one, and the next one's length. */
function handOn(
  bytes: Buffer,
  start: number,
  handlers: WireHandlers,
): { readonly at: number; readonly needed: number } {
  const view = viewOf(bytes)
  let from = start
  let at = start
  let needed = HEAD
  while (at + HEAD <= bytes.length) {
    const type = bytes[at] ?? 0
    const length = view.getInt32(at + 1)
    if (length < HEAD - 1 || length > LONGEST) throw new RangeError('a message of an impossible length')
    if (type !== MESSAGE.copyData && !EXPECTED.has(type)) throw new RangeError('a message of an unknown type')
    needed = 1 + length
    if (at + needed > bytes.length) break
    if (type !== MESSAGE.copyData) {
      if (at > from) handlers.frames(bytes.subarray(from, at))
      handlers.message(type, bytes.subarray(at + HEAD, at + needed))
      from = at + needed
    }
    at += needed
    needed = HEAD
  }
  if (at > from) handlers.frames(bytes.subarray(from, at))
  return { at, needed }
}

/**
 * Only a message that is split between chunks is joined, once all its pieces are there: joining it at each
 * chunk would copy a row of a hundred megabytes a thousand times.
 */
function frameReader(handlers: WireHandlers): (chunk: Buffer) => void {
  let pieces: Buffer[] = []
  let gathered = 0
  /** Bytes of the cut message: its head, until that is there and holds its length. */
  let needed = HEAD
  let isBroken = false
  const hand = (bytes: Buffer, start: number): number => {
    const handed = handOn(bytes, start, handlers)
    needed = handed.needed
    return handed.at
  }
  const read = (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length; ) {
      if (gathered === 0) at = hand(chunk, at)
      if (at === chunk.length) return
      // Copied, because the chunk's memory will be reused.
      const piece = Buffer.from(chunk.subarray(at, at + needed - gathered))
      at += piece.length
      gathered += piece.length
      pieces.push(piece)
      if (gathered < needed) return
      const joined = Buffer.concat(pieces)
      const isWhole = hand(joined, 0) === joined.length
      pieces = isWhole ? [] : [joined]
      gathered = isWhole ? 0 : joined.length
    }
  }
  return (chunk) => {
    if (isBroken) return
    try {
      read(chunk)
    } catch (error) {
      isBroken = true
      handlers.broken(error)
    }
  }
}

/** The fields of an ErrorResponse by their one-letter names (manual, chapter 55.8). */
export function errorFields(payload: Buffer): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  let at = 0
  while (at < payload.length && payload[at] !== 0) {
    const found = payload.indexOf(0, at + 1)
    // Damaged bytes may lack the end of a field.
    const end = found < 0 ? payload.length : found
    fields[String.fromCharCode(payload[at] ?? 0)] = payload.toString('utf8', at + 1, end)
    at = end + 1
  }
  return fields
}

/** The number of rows in a command tag such as `COPY 42`. */
export const rowsOfTag = (payload: Buffer): number =>
  Number(payload.toString('utf8', 0, payload.length - 1).split(' ')[1] ?? 0)
