/** A rule of one input is remembered by its value, and each row still gets its own result. */
import { expect, test } from 'vitest'
import { decoderFor } from '../../src/copy/binary-decode.ts'
import { Blocks } from '../../src/copy/blocks.ts'
import { RowRewriter } from '../../src/copy/row-rewrite.ts'
import * as vitrine from '../../src/index.ts'
import { projectionOf } from '../../src/publication/select-text.ts'

const source = vitrine.register('public', {
  thing: { label: vitrine.open.text.nullable, ratio: vitrine.open.doublePrecision },
})
const TEXT = 25
const DOUBLE = 701

const fieldOf = (bytes: Buffer | null): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes?.length ?? -1)
  return Buffer.concat([length, bytes ?? Buffer.alloc(0)])
}

function frameOf(body: Buffer): Buffer {
  const head = Buffer.from([0x64, 0, 0, 0, 0])
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** What a rule of one input makes of rows with these values, and how often it was asked. */
function rewrite<V>(
  input: 'label' | 'ratio',
  values: readonly V[],
  encode: (value: V) => Buffer | null,
  rule: (value: V) => string,
): { readonly results: readonly string[]; readonly asked: number } {
  let asked = 0
  const table = vitrine.from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => ({
    result: vitrine.text(
      vitrine.compute({ value: ref(`t.${input}`) }, ({ value }) => {
        asked += 1
        // sound because the type of the input is that of the values.
        return rule(value as V)
      }),
      'Result',
    ),
  }))
  const written: Buffer[] = []
  const blocks = new Blocks((bytes, done) => {
    written.push(Buffer.from(bytes))
    done()
  })
  const rewriter = new RowRewriter(table, projectionOf(table, null, [input === 'label' ? TEXT : DOUBLE]), null, blocks)
  const rows = values.map((value) => frameOf(Buffer.concat([Buffer.from([0, 1]), fieldOf(encode(value))])))
  rewriter.frames(Buffer.concat(rows))
  rewriter.end()
  blocks.flush()
  const bytes = Buffer.concat(written)
  const results: string[] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1))
    results.push(bytes.toString('utf8', at + 11, at + 1 + bytes.readInt32BE(at + 1)))
  return { results, asked }
}

const utf8 = (value: string | null): Buffer | null => (value === null ? null : Buffer.from(value))
const label = (value: string | null): string => `of ${value}`

test('a short input that repeats, or is missing, reaches the rule once', () => {
  const values = ['500+', null, '0-49', '500+', null, 'é', 'Ã©', '0-49', 'é', 'Ã©']
  const { results, asked } = rewrite('label', values, utf8, label)
  expect(results).toEqual(values.map(label))
  expect(asked).toBe(5)
})

test('a document reaches the rule each time', () => {
  const document = 'x'.repeat(101)
  expect(rewrite('label', [document, document, document], utf8, label).asked).toBe(3)
})

test('with more values than are remembered, each row still gets its own result', () => {
  const values = Array.from({ length: 30_000 }, (_, index) => `${(index * 7919) % (index % 2 === 0 ? 397 : 12_289)}`)
  const { results, asked } = rewrite('label', values, utf8, label)
  expect(results).toEqual(values.map(label))
  expect(asked).toBeGreaterThan(4096)
  expect(asked).toBeLessThan(20_000)
})

test('zero and minus zero are two inputs', () => {
  const double = (value: number): Buffer => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return bytes
  }
  const sign = (value: number): string => (Object.is(value, -0) ? 'minus' : 'plus')
  expect(rewrite('ratio', [0, -0, 0, -0], double, sign).results).toEqual(['plus', 'minus', 'plus', 'minus'])
})

test('a text that is too long for a string of JavaScript is told, not read', () => {
  const bytes = Buffer.alloc(8)
  for (const oid of [TEXT, 114, 3802])
    expect(() => decoderFor(oid)?.(bytes, 0, 600_000_000, new DataView(bytes.buffer))).toThrow(
      'a text of more than 512 MB',
    )
})

test('what throws only when it is read is told by its place, too', () => {
  const table = vitrine.from(source.selectFrom('thing as t')).publish('thing', 'A thing.', ({ ref }) => {
    const lazy = vitrine.compute({ value: ref('t.label') }, ({ value }) => ({
      get it(): string {
        throw Object.assign(new Error(`canary ${value}`), { name: 'canary' })
      },
    }))
    return { result: vitrine.text(lazy.field('it'), 'Result') }
  })
  const rewriter = new RowRewriter(table, projectionOf(table, null, [TEXT]), null, new Blocks(() => undefined))
  rewriter.frames(frameOf(Buffer.concat([Buffer.from([0, 1]), fieldOf(Buffer.from('canary'))])))
  rewriter.end()
  const place = expect.stringMatching(/rule-evaluator\.test\.ts:\d+$/)
  expect(rewriter.violations).toEqual([{ code: 'RULE_FAILED', column: 'result', detail: place, rows: 1 }])
})
