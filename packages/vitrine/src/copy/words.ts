/**
 * Moves short runs of bytes by words of four. A call into Node's own copy makes an object each time, which costs more than
 * a few dozen bytes; a loop over single bytes costs three times as much as one over words. Used once a row and a
 * field. The same for comparing them and for a hash of them.
 */

/** Above this many bytes the runtime's own copy wins. */
const LONG_BYTES = 256

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Copies `size` bytes from `start` on to `at`; gives the place after them. */
export function copyWords(from: DataView, start: number, size: number, to: DataView, at: number): number {
  if (size > LONG_BYTES) {
    const bytes = new Uint8Array(from.buffer, from.byteOffset + start, size)
    new Uint8Array(to.buffer, to.byteOffset + at, size).set(bytes)
  } else {
    let word = 0
    // Four at a turn: a third less time for the two hundred bytes of a row.
    for (; word + 16 <= size; word += 16) {
      to.setInt32(at + word, from.getInt32(start + word))
      to.setInt32(at + word + 4, from.getInt32(start + word + 4))
      to.setInt32(at + word + 8, from.getInt32(start + word + 8))
      to.setInt32(at + word + 12, from.getInt32(start + word + 12))
    }
    for (; word + 4 <= size; word += 4) to.setInt32(at + word, from.getInt32(start + word))
    for (; word < size; word++) to.setUint8(at + word, from.getUint8(start + word))
  }
  return at + size
}

/** Whether `size` bytes from `start` on are the same as those of the other view from `at` on. */
export function sameWords(from: DataView, start: number, to: DataView, at: number, size: number): boolean {
  let word = 0
  for (; word + 4 <= size; word += 4) if (from.getInt32(start + word) !== to.getInt32(at + word)) return false
  for (; word < size; word++) if (from.getUint8(start + word) !== to.getUint8(at + word)) return false
  return true
}

/** A hash of 32 bits of the bytes from `start` to `end`, going on from another hash. */
export function hashWords(view: DataView, start: number, end: number, seed: number): number {
  let hash = (seed + end - start) | 0
  let at = start
  for (; at + 4 <= end; at += 4) hash = (Math.imul(hash, 31) + view.getInt32(at)) | 0
  for (; at < end; at++) hash = (Math.imul(hash, 31) + view.getUint8(at)) | 0
  return hash
}
