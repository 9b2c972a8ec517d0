/** Whatever a question answers: what is drawn is well-formed, says nothing that was not escaped, and is the same bytes twice. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answer, Cell } from '../../src/drawing/answer.ts'
import { csvOf } from '../../src/drawing/answer-csv.ts'
import type { Display, Format, Meaning } from '../../src/publication/dashboard.ts'
import { asked, drawn, ENGLISH, FRENCH, fault, structured } from './asked.ts'

const TEXTS = [
  '<script>alert(1)</script>',
  '" style="x',
  "' onload='x",
  '&amp;',
  ']]>',
  '=1+1',
  '\u0000\ud800',
  '‮abc',
  '',
  'A'.repeat(300),
  '<!--',
  'zr0-c0',
  '#f0e001',
]
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 12 }))
const figure = fc.oneof(
  fc.integer(),
  fc.constantFrom(0, -0, 1e300, -1e300, 1.7e308, 1e-300, 1e-20, 0.1, 5e15),
  fc.constantFrom('123456789012345678901234567890.5', 'NaN', 'Infinity', '1e400'),
)
const date = fc.oneof(
  fc.constantFrom(
    'infinity',
    '0044-03-15 BC',
    '2026-13-45',
    '2026-02-30',
    '9999-12-31',
    '2026-11-26 00:00:00+01',
    '2026-11-25T23:00:00Z',
  ),
  fc
    .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
)
const nullable = <T extends Cell>(of: fc.Arbitrary<T>): fc.Arbitrary<Cell> =>
  fc.oneof({ weight: 5, arbitrary: of }, { weight: 1, arbitrary: fc.constant(null) })
const group = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), cell: fc.constant(nullable(text)) }),
  fc.record({ kind: fc.constant('date' as const), cell: fc.constant(nullable(date)) }),
  fc.record({ kind: fc.constant('boolean' as const), cell: fc.constant(nullable(fc.boolean())) }),
)

const answers: fc.Arbitrary<Answer> = fc
  .tuple(group, fc.integer({ min: 1, max: 10 }))
  .chain(([{ kind, cell }, count]) =>
    fc.record({
      columns: fc.constant([
        { name: 'x', kind },
        { name: 's', kind: 'text' as const },
        { name: 'n', kind: 'number' as const },
        { name: 'm', kind: 'number' as const },
      ]),
      rows: fc.array(fc.tuple(cell, nullable(text), nullable(figure), nullable(figure)), {
        minLength: count,
        maxLength: count,
      }),
      isCut: fc.boolean(),
    }),
  )

const chart = (kind: 'line' | 'area' | 'bar' | 'row' | 'combo', stack?: 'stacked' | 'normalized'): Display => ({
  kind,
  x: 'x',
  y: ['n', 'm'],
  ...(stack && { stack }),
  ...(kind === 'combo' && { lines: ['m'] }),
})
const DISPLAYS: readonly Display[] = [
  { kind: 'number', value: 'n' },
  { kind: 'trend', time: 'x', value: 'n' },
  { kind: 'progress', value: 'n', goal: 100 },
  { kind: 'gauge', value: 'n', segments: [{ from: 0, to: 10, label: '<b>' }] },
  { kind: 'funnel', step: 'x', value: 'n' },
  { kind: 'pie', label: 's', value: 'n' },
  { kind: 'table' },
  { kind: 'pivot', rows: ['x'], columns: ['s'], values: ['n', 'm'] },
  ...(['line', 'area', 'bar', 'row'] as const).flatMap((kind) => [
    chart(kind),
    chart(kind, 'stacked'),
    chart(kind, 'normalized'),
  ]),
  chart('combo', 'stacked'),
  { kind: 'bar', x: 'x', y: ['n'], series: 's', goal: { value: 5, label: '"><b>' } },
  { kind: 'line', x: 'x', y: ['n', 'm'], series: 's' },
]
const formats: fc.Arbitrary<Format> = fc.constantFrom<Format>(
  { kind: 'number' },
  { kind: 'number', decimals: 2, prefix: '<', suffix: ' "' },
  { kind: 'percent', of: 'm' },
  { kind: 'currency', currency: 'EUR' },
)
const times = fc.constantFrom('instant', 'day', 'week', 'month', 'quarter', 'year' as const)

describe('an answer of any values', () => {
  const questions = fc.record({
    answer: answers,
    format: formats,
    style: times,
    means: fc.constantFrom<Meaning>('done', 'unknown'),
    isTime: fc.boolean(),
    language: fc.constantFrom(FRENCH, ENGLISH),
    columns: fc.constantFrom(3, 6, 12),
    label: text,
  })

  test.each(
    DISPLAYS.map((display) => [`${display.kind} ${'stack' in display ? display.stack : ''}`, display] as const),
  )('%s', async (_, display) => {
    const run = async ({
      answer,
      format,
      style,
      means,
      isTime,
      language,
      columns,
      label,
    }: typeof questions extends fc.Arbitrary<infer T> ? T : never) => {
      const isDate = answer.columns[0]?.kind === 'date'
      const question = {
        ...asked(
          display,
          { x: { label, ...(isDate && { format: { kind: 'date', style } as const }) }, n: { label, format, means } },
          structured(isTime && isDate ? { by: { x: { time: 't', unit: style === 'instant' ? 'day' : style } } } : {}),
        ),
        title: label,
      }
      const once = await drawn(question, answer, language, { columns, height: 7 })
      expect(fault(once)).toBeNull()
      expect(once).not.toMatch(/="[^"]*(?:NaN|undefined|Infinity|#f0e0)[^"]*"(?<!aria-label="[^"]*")/)
      expect(await drawn(question, answer, language, { columns, height: 7 })).toBe(once)
      csvOf(question, answer, language)
    }
    await fc.assert(fc.asyncProperty(questions, run), { numRuns: 'x' in display ? 3 : 10 })
  })
})
