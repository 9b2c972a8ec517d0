/**
 * Gathers bytes on their way to a socket in blocks, which are reused once they are written. A server sends eight
 * kilobytes at a time: a write and a buffer for each would cost a quarter of the tool's CPU and 40 MB (decision 0002).
 */
import { viewOf } from './wire.ts'

const BLOCK_BYTES = 64 * 1024

/** Writes bytes; `written` is called when they may change. */
export type WriteBytes = (bytes: Buffer, written: () => void) => void

export class Blocks {
  readonly #write: WriteBytes
  /** Free blocks. The back-pressure of the socket limits their number. */
  readonly #free: Buffer[] = []
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  #view: DataView = viewOf(this.#block)
  /** How far the present block is filled. */
  filled = 0

  constructor(write: WriteBytes) {
    this.#write = write
  }

  /** Makes room for so many bytes after `filled`. The caller writes them and increases `filled`. */
  reserve(size: number): DataView {
    if (this.filled + size > this.#block.length) {
      this.flush()
      if (size > this.#block.length) {
        // A row larger than a block gets its own, which is not kept.
        this.#free.push(this.#block)
        this.#block = Buffer.allocUnsafeSlow(size)
        this.#view = viewOf(this.#block)
      }
    }
    return this.#view
  }

  /** Copies bytes, which may be split between blocks. */
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
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#view = viewOf(this.#block)
    this.filled = 0
    this.#write(bytes, () => {
      if (block.length === BLOCK_BYTES) this.#free.push(block)
    })
  }
}
