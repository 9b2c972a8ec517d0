/**
 * One session that a COPY is read by: one SELECT after another, whose rows pass on as those of one table. Called by `copy.ts`,
 * which may have several for one table.
 */
import type { Client } from 'pg'
import { type CopyRows, rowFrames } from './rows.ts'
import { borrowWire, MESSAGE, rowsOfTag, type Wire, type WireHandlers } from './wire.ts'

export interface ReaderHandlers extends Pick<WireHandlers, 'broken' | 'closed'> {
  /** Whole CopyData frames of rows. */
  rows(frames: Buffer): void
  /** The server refuses, or gives up. */
  refused(payload: Buffer): void
  /** A message other than a row came. */
  changed(): void
}

export class CopyReader {
  readonly client: Client
  /** Null when rows need not be read. */
  readonly rows: CopyRows | null
  readonly #wire: Wire
  readonly #hand: (frames: Buffer) => void
  /** Rows that the source sent. */
  read = 0
  #isReading = false
  #frames: (bytes: Buffer) => void = () => undefined

  /** Borrows the socket of an idle client until `release`. */
  constructor(client: Client, rows: CopyRows | null, handlers: ReaderHandlers) {
    this.client = client
    this.rows = rows
    this.#hand = (frames) => (rows === null ? handlers.rows(frames) : rows.frames(frames))
    this.#wire = borrowWire(client, {
      frames: (bytes) => this.#frames(bytes),
      message: (type, payload) => {
        if (type === MESSAGE.error) handlers.refused(payload)
        else if (type === MESSAGE.commandComplete) this.read += rowsOfTag(payload)
        else if (type === MESSAGE.ready) this.#isReading = false
        handlers.changed()
      },
      broken: handlers.broken,
      closed: handlers.closed,
    })
  }

  get isReading(): boolean {
    return this.#isReading
  }

  /** Whether the server has to act next. */
  get owes(): boolean {
    return this.#isReading && !this.#wire.socket.isPaused()
  }

  begin(select: string): void {
    this.#isReading = true
    this.#frames = rowFrames(this.#hand)
    this.#wire.send(MESSAGE.query, `copy (${select}) to stdout (format binary)`)
  }

  /** Stops reading while the target is behind. */
  pause(): void {
    this.#wire.socket.pause()
  }

  resume(): void {
    this.#wire.socket.resume()
  }

  release(): void {
    this.#wire.release()
  }

  destroy(): void {
    this.#wire.socket.destroy()
  }
}
