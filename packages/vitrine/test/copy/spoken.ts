/** Servers that say what a test says: messages, cut into chunks as a network would, on the socket of a client. */
import { Duplex } from 'node:stream'
import type { Client } from 'pg'

export interface Frame {
  readonly type: number
  readonly body: Buffer
}

export const bytesOf = ({ type, body }: Frame): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

export function chunksOf(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = Math.min(bytes.length, at + 1 + (cuts[turn % cuts.length] ?? 0))
    chunks.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return chunks
}

/** A client whose socket says what the test says. */
export function speaker(): {
  readonly client: Client
  readonly say: (chunk: Buffer) => void
  readonly leave: () => void
  readonly heard: readonly Buffer[]
} {
  const heard: Buffer[] = []
  const write = (chunk: Buffer, _encoding: string, done: () => void) => {
    heard.push(Buffer.from(chunk))
    done()
  }
  const socket = new Duplex({ read: () => undefined, write })
  // sound because the wire uses nothing of a client but its socket.
  const client = { connection: { stream: socket } } as unknown as Client
  return { client, say: (chunk) => socket.emit('data', chunk), leave: () => socket.emit('close'), heard }
}

/** The frames in bytes that are nothing but frames. */
export function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    frames.push({ type: bytes[at] ?? 0, body: Buffer.from(bytes.subarray(at + 5, end)) })
    at = end
  }
  return frames
}
