/**
 * Bytes on their way to a socket, gathered in blocks that are used again once they are written. A server sends eight
 * kilobytes at a time and a row is smaller still: a write for each would cost a system call here and a wake-up there, and a
 * buffer for each would be most of what the collector has to do. Used by the copy path and its row rewriter.
 */
import { viewOf } from './words.ts'

const BLOCK_BYTES = 64 * 1024

/** Writes bytes; `written` is called when they may change. */
export type WriteBytes = (bytes: Buffer, written: () => void) => void

export class Blocks {
  readonly #write: WriteBytes
  /** Written, and free again. As many as were on their way at once, which the back-pressure of the socket bounds. */
  readonly #free: Buffer[] = []
  #block: Buffer
  /** Over the present block; another after each `reserve`. */
  view: DataView
  /** How far the present block is filled. */
  filled = 0

  constructor(write: WriteBytes) {
    this.#write = write
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.view = viewOf(this.#block)
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
    this.#use(this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES))
    this.#write(bytes, () => {
      if (block.length === BLOCK_BYTES) this.#free.push(block)
    })
  }

  #use(block: Buffer): void {
    this.#block = block
    this.view = viewOf(block)
    this.filled = 0
  }
}
