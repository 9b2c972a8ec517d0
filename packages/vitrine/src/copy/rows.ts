/** The rows of a binary COPY, found in its messages: what lies around them, and what is said of them in the end. */
import type { Wrong } from './rule-evaluator.ts'
import { HEAD, viewOf } from './wire.ts'

/** `PGCOPY\n\377\r\n\0`, flags, length of the header's extension (manual of COPY, "Binary Format"). */
const SIGNATURE = Buffer.from('5047434f50590aff0d0a00', 'hex')
const HEADER = SIGNATURE.length + 8

export interface Violation extends Wrong {
  readonly rows: number
}

/** Sees each row of one table. */
export abstract class CopyRows {
  #started = false
  /** Rows that rules left out. */
  dropped = 0
  /** Rows with something unknown, by reason. */
  readonly unknown = new Map<string, number>()

  abstract get violations(): readonly Violation[]

  /** Whole CopyData frames, one after another. */
  frames(bytes: Buffer): void {
    const view = viewOf(bytes)
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + view.getInt32(at + 1)
      this.#frame(bytes, view, at + HEAD, end)
      at = end
    }
  }

  #frame(bytes: Buffer, view: DataView, start: number, end: number): void {
    const at = this.#started ? start : this.#header(bytes, start, end)
    // Nothing but the COPY header, or the trailer: a field count of -1.
    if (at === end) return
    if (view.getInt16(at) === -1) this.besides(bytes, at, end)
    else this.row(bytes, view, at + 2, end)
  }

  /** The header of the COPY, which the first row may follow at once. Returns where that begins. */
  #header(bytes: Buffer, at: number, end: number): number {
    if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, at, at + SIGNATURE.length) !== 0)
      throw new RangeError('no COPY header')
    const rows = at + HEADER + bytes.readUInt32BE(at + HEADER - 4)
    if (rows > end) throw new RangeError('a COPY header that ends after its message')
    this.#started = true
    this.besides(bytes, at, rows)
    return rows
  }

  /** The header or the trailer. */
  protected abstract besides(bytes: Buffer, start: number, end: number): void
  /** A row, whose first field begins at `start`. */
  protected abstract row(bytes: Buffer, view: DataView, start: number, end: number): void
}
