/** Short inputs that repeat do not reach the rule again; documents always do, and are not kept. */
import { expect, test } from 'vitest'
import { Fields } from '../../src/copy/field-encoder.ts'
import { remembering } from '../../src/copy/rule-memory.ts'
import { type Evaluate, Outcome } from '../../src/copy/rule-outcome.ts'
import { viewOf } from '../../src/copy/words.ts'

/** How often a rule is asked, for rows of one field; it gives so many bytes. */
function asked(rows: readonly Buffer[], given = 4): number {
  let times = 0
  const evaluate = remembering(() => {
    times += 1
    return new Outcome([Fields.of(Buffer.alloc(given))], true, null, [])
  }, [0])
  for (const row of rows) {
    const field = Buffer.alloc(4 + row.length)
    field.writeInt32BE(row.length)
    row.copy(field, 4)
    evaluate(field, viewOf(field), Int32Array.of(0, field.length))
  }
  return times
}

test('a short input that repeats is answered from memory', () => {
  const [code, other] = [Buffer.from('500+'), Buffer.from('0-49')]
  expect(asked([code, other, code, code, other])).toBe(2)
  expect(asked([Buffer.alloc(1020, 1), Buffer.alloc(1020, 1)])).toBe(1)
})

test('a document is read each time', () => {
  const document = Buffer.alloc(1021, 1)
  expect(asked([document, document, document])).toBe(3)
})

test('a long text that a rule makes is not kept', () => {
  const code = Buffer.from('500+')
  expect(asked([code, code, code], 1024)).toBe(1)
  expect(asked([code, code, code], 1025)).toBe(3)
})

/** A field of so many bytes that tell its number, and another field that its rule does not read. */
function numbered(number: number): { readonly bytes: Buffer; readonly starts: Int32Array } {
  const size = 4 + ((number * 7) % 150)
  const bytes = Buffer.alloc(4 + size + 8, number % 251)
  bytes.writeInt32BE(size)
  bytes.writeInt32BE(number, 4)
  return { bytes, starts: Int32Array.of(0, 4 + size, bytes.length) }
}

test('where one outcome takes the place of another, longer or shorter, each row still gets its own', () => {
  let times = 0
  const evaluate: Evaluate = (bytes) => {
    times += 1
    const number = bytes.readInt32BE(4)
    if (number % 5 === 0) return new Outcome([], false, null, [])
    const fields = Fields.of(Buffer.alloc(4 + ((number * 13) % 40) + (number % 1000 === 1 ? 900 : 0), number % 256))
    return new Outcome([fields], true, number % 3 === 0 ? `reason ${number}` : null, [])
  }
  const remembered = remembering(evaluate, [0])
  const told = (outcome: Outcome) => {
    const bytes = Buffer.alloc(outcome.size)
    outcome.write(viewOf(bytes), 0)
    return [outcome.keep, outcome.unknown, bytes.toString('hex')]
  }
  // Three times as many rows as there are slots, some of them often.
  const numbers = Array.from({ length: 60_000 }, (_, index) => (index * 7919) % (index % 2 === 0 ? 397 : 12_289))
  for (const number of numbers) {
    const { bytes, starts } = numbered(number)
    expect(told(remembered(bytes, viewOf(bytes), starts))).toEqual(told(evaluate(bytes, viewOf(bytes), starts)))
  }
  // Half of the calls are those of the comparison; of the others many were answered from memory, and many places were taken.
  expect(times - numbers.length).toBeGreaterThan(12_289)
  expect(times - numbers.length).toBeLessThan(numbers.length * 0.75)
})
