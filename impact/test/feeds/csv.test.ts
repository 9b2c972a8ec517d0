/** The CSV reader: RFC 4180, whatever the pieces, and errors that name a record instead of guessing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CsvError, CsvReader } from '../../feeds/csv.ts'

const LIMITS = { fieldLength: 50, fields: 5 }

function read(...pieces: readonly string[]): string[][] {
  const reader = new CsvReader(';', LIMITS)
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()]
}

function problem(...pieces: readonly string[]): string {
  try {
    read(...pieces)
  } catch (thrown) {
    if (thrown instanceof CsvError) return thrown.message
    throw thrown
  }
  throw new Error('an error was expected')
}

describe('records', () => {
  test.each<[string, string[][]]>([
    [
      'a;b\r\nc;d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a;b\nc;d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a;;b\n;;\n',
      [
        ['a', '', 'b'],
        ['', '', ''],
      ],
    ],
    ['a;', [['a', '']]],
    ['', []],
    ['\n\r\na\n\n', [['a']]],
    ['"a;b";"c\r\nd"\r\n', [['a;b', 'c\r\nd']]],
    ['"a ""b"" c";""\n', [['a "b" c', '']]],
    ['"";"""";x', [['', '"', 'x']]],
    ['a "b" c;5" de plus\n', [['a "b" c', '5" de plus']]],
    ['a\rb;c\r;d\r\n', [['a\rb', 'c\r', 'd']]],
    ['"a"\r\n"b"\r', [['a'], ['b']]],
    ['été;où ça 🌍\n', [['été', 'où ça 🌍']]],
  ])('%j', (text, records) => {
    expect(read(text)).toEqual(records)
    expect(read(...text)).toEqual(records)
  })

  test('whatever is written comes back, wherever it was cut', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ';', '\r', '\n', ' ', 'é'), maxLength: 8 })
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(table, fc.array(fc.nat(60), { maxLength: 6 }), (records, cuts) => {
        const text = records.map((record) => record.map(quoted).join(';')).join('\r\n')
        const places = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].sort((a, b) => a - b)
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place))
        expect(read(...pieces)).toEqual(records)
      }),
      { numRuns: 300 },
    )
  })
})

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

describe('what is not CSV', () => {
  test.each([
    [['a;b\n"c;d\n'], 'record 2: quote_open'],
    [['a;b\n"c"d;e\n'], 'record 2: quote_followed'],
    [['a;b\n"c', '"', 'd'], 'record 2: quote_followed'],
    [['x'.repeat(51)], 'record 1: field_too_long'],
    [['x'.repeat(30), 'x'.repeat(30)], 'record 1: field_too_long'],
    [['a;b;c;d;e;f\n'], 'record 1: too_many_fields'],
  ])('%j', (pieces, message) => {
    expect(problem(...pieces)).toBe(message)
  })
})
