/**
 * Bytes on their way to a socket, gathered in blocks that are used again once they are written. A server sends eight
 * kilobytes at a time and a row is smaller still: a write for each would cost a system call here and a wake-up there, and a
 * buffer for each would be most of what the collector has to do. Used by the copy path and its row rewriter.
 */
import { BLOCK_BYTES } from '../postgres/reading-socket.ts'
import { copyWords, viewOf } from './words.ts'

const NO_BYTES = Buffer.allocUnsafeSlow(0)

/** Writes bytes; `written` is called when they may change. */
export type WriteBytes = (bytes: Buffer, written: () => void) => void

export class Blocks {
  readonly #write: WriteBytes
  /** Written, and free again. As many as were on their way at once, which the back-pressure of the socket bounds. */
  readonly #free: Buffer[] = []
  #block: Buffer = NO_BYTES
  readonly #area: Uint8Array
  /** Where the present block begins in the area; -1 for one that is not of it. */
  #offset = -1
  /** Over the present block; another after each `reserve`. */
  view: DataView = viewOf(NO_BYTES)
  /** How far the present block is filled. */
  filled = 0

  /** `room` is where the first blocks lie: beside what is read, so that bytes can move within one buffer. */
  constructor(write: WriteBytes, room: Buffer = NO_BYTES) {
    this.#write = write
    this.#area = new Uint8Array(room.buffer)
    for (let at = 0; at + BLOCK_BYTES <= room.length; at += BLOCK_BYTES)
      this.#free.push(room.subarray(at, at + BLOCK_BYTES))
    this.#use(this.#next())
  }

  /** Makes room for so many bytes in one piece, and gives where they go. The caller writes them and raises `filled`. */
  reserve(size: number): number {
    if (this.filled + size > this.#block.length) {
      this.flush()
      if (size > this.#block.length) {
        // A row larger than a block has one of its own, which is not kept.
        this.#free.push(this.#block)
        this.#use(Buffer.allocUnsafeSlow(size))
      }
    }
    return this.filled
  }

  /** Bytes that may be cut anywhere. They may change as soon as this returns. */
  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const copied = bytes.copy(this.#block, this.filled, from)
      from += copied
      this.filled += copied
      if (this.filled === this.#block.length) this.flush()
    }
  }

  /** Writes what has been gathered. */
  flush(): void {
    if (this.filled === 0) return
    const block = this.#block
    const bytes = block.subarray(0, this.filled)
    this.#use(this.#next())
    this.#write(bytes, () => {
      if (block.length === BLOCK_BYTES) this.#free.push(block)
    })
  }

  /** The place of bytes in the area that the blocks lie in; -1 for bytes of another buffer. */
  placeOf(bytes: Uint8Array): number {
    return bytes.buffer === this.#area.buffer ? bytes.byteOffset : -1
  }

  /** Moves `size` bytes into the present block: from `start` on in the area if `place` is in it, else from the view. */
  move(from: DataView, place: number, start: number, size: number, at: number): number {
    if (place < 0 || this.#offset < 0) return copyWords(from, start, size, this.view, at)
    this.#area.copyWithin(this.#offset + at, place + start, place + start + size)
    return at + size
  }

  #next(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  #use(block: Buffer): void {
    this.#block = block
    this.#offset = this.placeOf(block)
    this.view = viewOf(block)
    this.filled = 0
  }
}
