/** Frames are the same however the network cuts the bytes. */
import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { borrowWire, MESSAGE } from '../../src/copy/wire.ts'

interface Frame {
  readonly type: number
  readonly body: Buffer
}

const bytesOf = ({ type, body }: Frame): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const frame: fc.Arbitrary<Frame> = fc.record({
  type: fc.constantFrom<number>(MESSAGE.copyData, MESSAGE.copyData, MESSAGE.copyData, MESSAGE.commandComplete),
  body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
})

/** A stream and where it is cut: often between two bytes of a frame's head. */
const cutStream = fc.record({
  frames: fc.array(frame, { maxLength: 30 }),
  cuts: fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 30 }),
})

function chunksOf(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = Math.min(bytes.length, at + 1 + (cuts[turn % cuts.length] ?? 0))
    chunks.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return chunks
}

/** A client whose socket says what the test says. */
function speaker(): { readonly client: Client; readonly say: (chunk: Buffer) => void } {
  const socket = Object.assign(new EventEmitter(), { write: () => true, writable: true, destroyed: false })
  // sound because the wire uses nothing of a client but its socket.
  return { client: { connection: { stream: socket } } as unknown as Client, say: (chunk) => socket.emit('data', chunk) }
}

/** The frames in bytes that are nothing but frames. */
function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    frames.push({ type: bytes[at] ?? 0, body: Buffer.from(bytes.subarray(at + 5, end)) })
    at = end
  }
  return frames
}

test('whole frames, in order, however the stream is cut', () => {
  fc.assert(
    fc.property(cutStream, ({ frames, cuts }) => {
      const { client, say } = speaker()
      const seen: Frame[] = []
      borrowWire(client, {
        frames: (bytes) => seen.push(...framesIn(bytes)),
        message: (type, payload) => seen.push({ type, body: Buffer.from(payload) }),
        closed: () => undefined,
      })
      for (const chunk of chunksOf(Buffer.concat(frames.map(bytesOf)), cuts)) say(chunk)
      expect(seen).toEqual(frames)
    }),
    { numRuns: 1_000 },
  )
})
