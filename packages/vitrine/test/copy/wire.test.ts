/** Frames are the same however the network cuts the bytes, and a stream that is damaged ends the copy. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import type { Blocks } from '../../src/copy/blocks.ts'
import { copyRows } from '../../src/copy/copy.ts'
import { RowRewriter } from '../../src/copy/row-rewrite.ts'
import { borrowWire, errorFields, MESSAGE } from '../../src/copy/wire.ts'
import * as vitrine from '../../src/index.ts'
import { projectionOf } from '../../src/publication/select-text.ts'
import { bytesOf, chunksOf, type Frame, framesIn, speaker } from './spoken.ts'

const frame: fc.Arbitrary<Frame> = fc.record({
  type: fc.constantFrom<number>(MESSAGE.copyData, MESSAGE.copyData, MESSAGE.copyData, MESSAGE.commandComplete),
  body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
})

/** A stream and where it is cut: often between two bytes of a frame's head. */
const cutStream = fc.record({
  frames: fc.array(frame, { maxLength: 30 }),
  cuts: fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 30 }),
})

test('whole frames, in order, however the stream is cut', () => {
  fc.assert(
    fc.property(cutStream, ({ frames, cuts }) => {
      const { client, say } = speaker()
      const seen: Frame[] = []
      borrowWire(client, {
        frames: (bytes) => seen.push(...framesIn(bytes)),
        message: (type, payload) => seen.push({ type, body: Buffer.from(payload) }),
        broken: (cause) => expect.fail(String(cause)),
        closed: () => undefined,
      })
      for (const chunk of chunksOf(Buffer.concat(frames.map(bytesOf)), cuts)) say(chunk)
      expect(seen).toEqual(frames)
    }),
    { numRuns: 1_000 },
  )
})

const thing = vitrine.register('public', { thing: { label: vitrine.open.text } })
const table = vitrine.from(thing.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
  label: vitrine.text(ref('t.label'), 'Label'),
  loud: vitrine.text(
    vitrine.compute({ label: ref('t.label') }, ({ label }) => label.toUpperCase()),
    'Loud',
  ),
}))
const WAYS = {
  'rows that are passed through': null,
  'rows that rules read': (blocks: Blocks) => new RowRewriter(table, projectionOf(table, null, [25]), null, blocks),
}

const row = (label: string): Frame => {
  const body = Buffer.from(`\0\u0001\0\0\0\u0000${label}`)
  body.writeInt32BE(label.length, 2)
  return { type: MESSAGE.copyData, body }
}
/** A table of three rows, as a server sends it. */
const TABLE: readonly Frame[] = [
  { type: 0x48, body: Buffer.from([1, 0, 1, 0, 1]) },
  { type: MESSAGE.copyData, body: Buffer.concat([Buffer.from('5047434f50590aff0d0a00', 'hex'), Buffer.alloc(8)]) },
  ...['one', 'two', 'three'].map(row),
  { type: MESSAGE.copyData, body: Buffer.from([0xff, 0xff]) },
  { type: MESSAGE.copyDone, body: Buffer.alloc(0) },
  { type: MESSAGE.commandComplete, body: Buffer.from('COPY 3\0') },
  { type: MESSAGE.ready, body: Buffer.from('I') },
]
const STREAM = Buffer.concat(TABLE.map(bytesOf))
const beginOf = (index: number): number => Buffer.concat(TABLE.slice(0, index).map(bytesOf)).length

/** How a copy ends whose source sends these bytes and goes; the target takes all. */
async function endOf(bytes: Buffer, cuts: readonly number[], rewriter: (typeof WAYS)[keyof typeof WAYS]) {
  const [source, target] = [speaker(), speaker()]
  const copied = copyRows({
    source: source.client,
    target: target.client,
    select: 'select',
    into: 'thing',
    freeze: false,
    rows: rewriter,
  }).then(
    () => 'copied',
    (error: unknown) => asVitrineError(error).code,
  )
  target.say(bytesOf({ type: MESSAGE.copyIn, body: Buffer.from([1, 0, 0]) }))
  await new Promise((resolve) => setImmediate(resolve))
  for (const chunk of chunksOf(bytes, cuts)) source.say(chunk)
  await new Promise((resolve) => setImmediate(resolve))
  target.say(Buffer.concat(TABLE.slice(-2).map(bytesOf)))
  await new Promise((resolve) => setImmediate(resolve))
  source.leave()
  return copied
}

const cuts = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 10 })
const impossible = fc.oneof(fc.integer({ min: -0x80000000, max: 3 }), fc.integer({ min: 0x40000001, max: 0x7fffffff }))

test.each(Object.entries(WAYS))('%s: a message of an impossible length is COPY_PROTOCOL', async (_name, rewriter) => {
  expect(await endOf(STREAM, [7], rewriter)).toBe('copied')
  const damaged = fc.asyncProperty(fc.nat({ max: TABLE.length - 1 }), impossible, cuts, async (index, length, cut) => {
    const bytes = Buffer.from(STREAM)
    bytes.writeInt32BE(length, beginOf(index) + 1)
    expect(await endOf(bytes, cut, rewriter)).toBe('COPY_PROTOCOL')
  })
  await fc.assert(damaged, { numRuns: 150 })
})

test.each(Object.entries(WAYS))('%s: whatever byte is damaged, the copy ends', async (_name, rewriter) => {
  const damaged = fc.asyncProperty(
    fc.nat({ max: STREAM.length - 1 }),
    fc.nat({ max: 255 }),
    cuts,
    async (at, byte, cut) => {
      const bytes = Buffer.from(STREAM)
      bytes[at] = byte
      expect(await endOf(bytes, cut, rewriter)).not.toBe('INTERNAL')
    },
  )
  await fc.assert(damaged, { numRuns: 300 })
})

test('a field that ends outside its row is COPY_PROTOCOL', async () => {
  const lengths = fc.oneof(fc.integer({ min: 4, max: 0x7fffffff }), fc.integer({ min: -0x80000000, max: -2 }))
  const damaged = fc.asyncProperty(lengths, cuts, async (length, cut) => {
    const bytes = Buffer.from(STREAM)
    bytes.writeInt32BE(length, beginOf(2) + 7)
    expect(await endOf(bytes, cut, WAYS['rows that rules read'])).toBe('COPY_PROTOCOL')
  })
  await fc.assert(damaged, { numRuns: 150 })
})

test('an error response of any bytes is read to its end', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void errorFields(Buffer.from(bytes))))
  expect(errorFields(Buffer.from('SERROR\0C22P02'))).toEqual({ S: 'ERROR', C: '22P02' })
})
