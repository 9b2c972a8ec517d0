/** The rows of a binary COPY, found in its messages, and what is said of them in the end. */
import { createHash } from 'node:crypto'
import type { Wrong } from './rule-evaluator.ts'
import { HEAD, MESSAGE, viewOf } from './wire.ts'

/** `PGCOPY\n\377\r\n\0`, then no flags and no extension (manual of COPY, "Binary Format"). */
const HEADER = Buffer.concat([Buffer.from('5047434f50590aff0d0a00', 'hex'), Buffer.alloc(8)])

function framed(body: Buffer): Buffer {
  const frame = Buffer.alloc(HEAD + body.length)
  frame[0] = MESSAGE.copyData
  frame.writeInt32BE(body.length + 4, 1)
  body.copy(frame, HEAD)
  return frame
}

/** Header and trailer of a binary COPY, one CopyData frame each; the trailer has the field count -1. */
export const OPENING = framed(HEADER)
export const CLOSING = framed(Buffer.from([0xff, 0xff]))

/** Whether the last frame is the trailer. The bytes alone do not tell, because a row may end in the same ones. */
function endsInTrailer(frames: Buffer, from: number): boolean {
  const end = frames.length - CLOSING.length
  if (end < from || frames.compare(CLOSING, 0, CLOSING.length, end) !== 0) return false
  let at = from
  while (at < end) at += 1 + frames.readInt32BE(at + 1)
  return at === end
}

/**
 * Receives the CopyData frames of one COPY, and forwards only rows, so that several COPYs become one for the
 * target. A server sends the header with the first row, or with the trailer.
 */
export function rowFrames(rows: (frames: Buffer) => void): (frames: Buffer) => void {
  let begun = false
  return (frames) => {
    let from = 0
    if (!begun) {
      begun = true
      from = 1 + frames.readInt32BE(1)
      if (frames.compare(HEADER, 0, HEADER.length, HEAD, Math.min(from, HEAD + HEADER.length)) !== 0)
        throw new RangeError('no COPY header')
      const first = framed(frames.subarray(HEAD + HEADER.length, from))
      if (first.length > HEAD && !first.equals(CLOSING)) rows(first)
    }
    const to = endsInTrailer(frames, from) ? frames.length - CLOSING.length : frames.length
    if (to > from) rows(frames.subarray(from, to))
  }
}

/** With more unknown rows than this, their keys are not kept. */
export const MOST_DIGESTS = 100_000

/** A short digest of the key's fields, including length words. `digestSql` computes the same in PostgreSQL. */
export const keyDigest = (fields: Buffer): string =>
  createHash('sha256').update(fields).digest('base64').slice(0, DIGEST_LETTERS)
export const DIGEST_LETTERS = 12

export interface Violation extends Wrong {
  readonly rows: number
}

/** Sees each row that one session reads. */
export abstract class CopyRows {
  /** Rows that rules left out. */
  dropped = 0
  /** Rows with something unknown, by reason. */
  readonly unknown = new Map<string, number>()
  /** Digests of the keys of these rows, by reason, of at most `MOST_DIGESTS` rows. */
  readonly unknownKeys = new Map<string, string[]>()
  /** A rule looked at more than its inputs. */
  looksBeyond = false

  abstract get violations(): readonly Violation[]

  /** No more rows come. */
  end(): void {}

  /** Whole CopyData frames of rows, one after another. */
  frames(bytes: Buffer): void {
    const view = viewOf(bytes)
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + view.getInt32(at + 1)
      if (view.getInt16(at + HEAD) < 0) throw new RangeError('a row of an impossible number of fields')
      this.row(bytes, view, at + HEAD + 2, end)
      at = end
    }
  }

  /** A row, whose first field begins at `start`. */
  protected abstract row(bytes: Buffer, view: DataView, start: number, end: number): void
}

/** Merges the digests of several sessions; null when there are too many. */
export function keysOfUnknown(
  found: readonly ReadonlyMap<string, readonly string[]>[],
): Readonly<Record<string, readonly string[]>> | null {
  const keys = new Map<string, readonly string[]>()
  for (const one of found)
    for (const [reason, more] of one) if (more.length > 0) keys.set(reason, [...(keys.get(reason) ?? []), ...more])
  const all = [...keys.values()].reduce((sum, { length }) => sum + length, 0)
  return all > MOST_DIGESTS ? null : Object.fromEntries(keys)
}

/** Merges findings of several sessions, and adds up their rows by key. */
export function added<Found extends { readonly rows: number }>(
  found: readonly Found[],
  keyOf: (of: Found) => string,
): readonly Found[] {
  const sums = new Map<string, Found>()
  for (const one of found) {
    const key = keyOf(one)
    sums.set(key, { ...one, rows: one.rows + (sums.get(key)?.rows ?? 0) })
  }
  return [...sums.values()]
}
