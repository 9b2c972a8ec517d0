/** Short inputs that repeat do not reach the rule again; documents always do, and are not kept. */
import { expect, test } from 'vitest'
import { remembering } from '../../src/postgres/rule-memory.ts'
import { Outcome } from '../../src/postgres/rule-outcome.ts'
import { viewOf } from '../../src/postgres/words.ts'

/** How often a rule is asked, for rows of one field. */
function asked(rows: readonly Buffer[]): number {
  let times = 0
  const evaluate = remembering(() => {
    times += 1
    return new Outcome([], true, null, [])
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
