import { describe, expect, test } from 'vitest'
import { countText, duration, instant, megabytes } from '../../src/base/format.ts'
import type { Io } from '../../src/cli/io.ts'
import { Progress } from '../../src/cli/progress.ts'
import { textTable } from '../../src/cli/text-table.ts'
import type { RunEvent } from '../../src/run/observer.ts'

const EVENTS: readonly RunEvent[] = [
  { kind: 'phase', phase: 'check' },
  { kind: 'phase', phase: 'stage' },
  { kind: 'table started', table: 'shop_customer' },
  { kind: 'table started', table: 'shop_purchase' },
  { kind: 'table progress', table: 'shop_customer', bytes: 1_500_000 },
  { kind: 'table progress', table: 'shop_customer', bytes: 1_900_000 },
  { kind: 'table staged', table: 'shop_customer', rows: 12_000, milliseconds: 1234 },
  { kind: 'notice', text: 'shop_purchase is included' },
  { kind: 'table staged', table: 'shop_purchase', rows: 3, milliseconds: 12 },
  { kind: 'phase', phase: 'publish' },
]

function shown(isTerminal: boolean, columns = 100): string {
  let text = ''
  let now = 0
  const write = (more: string) => {
    text += more
  }
  const monotonicMs = () => {
    now += 50
    return now
  }
  const output = { write, isTerminal, columns }
  const clock = { now: () => new Date(0), monotonicMs }
  const io: Io = {
    stdout: output,
    stderr: output,
    environment: {},
    folder: '/',
    clock,
    ask: null,
    input: async () => '',
    onInterrupt: () => () => undefined,
    onFault: () => undefined,
    written: async () => null,
    exit: () => undefined,
  }
  const progress = new Progress(io)
  for (const event of EVENTS) progress.observe(event)
  progress.end()
  return text
}

describe('progress', () => {
  test('a log file gets one line a phase and a table', () => {
    expect(shown(false)).toMatchInlineSnapshot(`
      "checking
      staging
        shop_customer: 12,000 rows in 1.2 s
      note: shop_purchase is included
        shop_purchase: 3 rows in 12 ms
      publishing
      "
    `)
  })

  test('a terminal gets one live line, drawn again at most every 80 ms, and emptied at the end', () => {
    const drawn = shown(true).split('\r\x1b[2K').slice(1)
    expect(drawn).toMatchInlineSnapshot(`
      [
        "checking",
        "staging",
        "staging · shop_customer",
        "staging · shop_customer, shop_purchase",
        "staging · shop_customer, shop_purchase · 1.9 MB",
        "staging · shop_purchase · 1.9 MB · 12,000 rows",
        "note: shop_purchase is included
      ",
        "staging · shop_purchase · 1.9 MB · 12,000 rows",
        "staging · 1.9 MB · 12,003 rows",
        "publishing · 1.9 MB · 12,003 rows",
        "",
      ]
    `)
  })

  test('a narrow terminal gets a line that does not wrap', () => {
    for (const line of shown(true, 30).split('\r\x1b[2K')) {
      if (!line.includes('\n')) expect(line.length).toBeLessThan(30)
    }
  })
})

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.5, '1.0 s'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 00 s'],
  [3_599_999, '60 min 00 s'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text)
})

test('numbers and sizes', () => {
  expect([countText(1234567), countText(0), countText(null), megabytes(12_345_678)]).toEqual([
    '1,234,567',
    '0',
    '–',
    '12.3 MB',
  ])
})

test('an instant on the clocks of the zone', () => {
  expect(instant(new Date('2026-07-22T22:00:00Z'), 'Europe/Paris')).toBe('2026-07-23 00:00:00 (Europe/Paris)')
})

test('columns of text: words to the left, numbers to the right', () => {
  const table = textTable(
    ['table', { right: 'rows' }, 'note'],
    [
      ['entreprise', '5', 'é'],
      ['a', '1,000', ''],
    ],
  )
  expect(table).toMatchInlineSnapshot(`
    "table        rows  note
    entreprise      5  é
    a           1,000
    "
  `)
})
