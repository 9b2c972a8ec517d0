import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvLine, parseCsv } from '../../src/history/csv.ts'

const linesOf = (text: string) => parseCsv(text).lines.map(({ number, fields }) => [number, ...fields])

describe('a file is read', () => {
  test.each<[string, string, (number | string | null)[][]]>([
    ['nothing', '', []],
    [
      'lines of any end, with and without a last one',
      'a,b\nc,d\r\ne,f\rg,h',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
        [3, 'e', 'f'],
        [4, 'g', 'h'],
      ],
    ],
    ['a byte order mark', '\uFEFFa\n', [[1, 'a']]],
    ['no value and the empty text', 'a,,""\n', [[1, 'a', null, '']]],
    ['an empty last field', 'a,', [[1, 'a', null]]],
    [
      'empty lines',
      'a\n\n\nb\n',
      [
        [1, 'a'],
        [4, 'b'],
      ],
    ],
    [
      'quotes',
      '"a,b","say ""no""","two\nlines"\nc,d,e\n',
      [
        [1, 'a,b', 'say "no"', 'two\nlines'],
        [3, 'c', 'd', 'e'],
      ],
    ],
  ])('%s', (_, text, lines) => {
    expect(linesOf(text)).toEqual(lines)
    expect(parseCsv(text).problems).toEqual([])
  })

  test.each([
    ['a quote that never ends', 'a,b\n"c,d\ne', 2],
    ['a quote inside', 'a,b"c\n', 1],
    ['something after a quote', '"a"b,c\n', 1],
  ])('%s is told with its line', (_, text, line) => {
    expect(parseCsv(text).problems).toEqual([{ line, detail: 'a quote is missing or too many' }])
  })
})

test('what is written is read back', () => {
  const field = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '\uFEFF') }), {
    nil: null,
  })
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), (rows) => {
      // A line of one missing value is an empty line, and a mark at the very beginning is not part of the text.
      const lines = rows.filter((row) => row.length > 1 || row[0] !== null)
      const text = `head\n${lines.map(csvLine).join('')}`
      expect(
        parseCsv(text)
          .lines.slice(1)
          .map(({ fields }) => fields),
      ).toEqual(lines)
    }),
  )
})
