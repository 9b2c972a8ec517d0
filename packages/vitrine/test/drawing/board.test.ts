/** A dashboard on its grid, the texts of authors, files for spreadsheets, and the colours of the style sheet. */
import { describe, expect, test } from 'vitest'
import { csvOf } from '../../src/drawing/answer-csv.ts'
import { script } from '../../src/drawing/chart-script.ts'
import { type BoardFacts, boardParts } from '../../src/drawing/drawn-board.ts'
import { raw } from '../../src/drawing/html.ts'
import { prose } from '../../src/drawing/prose.ts'
import { styleSheet } from '../../src/drawing/style.ts'
import { TOKENS } from '../../src/drawing/tokens.ts'
import type { Dashboard, Tile } from '../../src/publication/dashboard.ts'
import { answer, asked, ENGLISH, FRENCH, fault, words } from './asked.ts'

const board = (...tabs: readonly (readonly (readonly Tile[])[])[]): Dashboard => ({
  key: 'board',
  title: 'Board',
  description: '',
  collection: { key: 'c', name: 'c', access: {} },
  audience: 'team',
  filters: [],
  previousKeys: [],
  tabs: tabs.map((rows, at) => ({ name: `Tab ${at}`, rows })),
})
const parts = (tab: number | null) => ({
  tab,
  dataOf: '26 November',
  tabHref: (at: number) => `?tab=${at}`,
  tile: () => raw('<article>card</article>'),
})
const drawn = (dashboard: Dashboard, facts: BoardFacts<unknown>): string =>
  boardParts(dashboard, facts, ENGLISH)
    .map((part) => String('card' in part ? part.card : part))
    .join('')
const figure = { question: asked({ kind: 'number', value: 'n' }) }

describe('a board', () => {
  test('shares twelve columns as its tiles share 24, and keeps figures small on a phone', () => {
    const html = drawn(
      board([[figure, figure, figure], [{ heading: 'H' }], [{ text: '**T**', span: 9 }, { freshness: 'Data of' }]]),
      parts(0),
    )
    expect(
      [...html.matchAll(/v-x(\d+) v-w(\d+)( v-small)?/g)].map(([, from, columns, small]) => [
        from,
        columns,
        small !== undefined,
      ]),
    ).toEqual([
      ['0', '4', true],
      ['4', '4', true],
      ['8', '4', true],
      ['0', '12', false],
      ['0', '5', false],
    ])
    // Of when the data are stands in the header of its page.
    expect(words(html)).toBe('card card card H T')
    expect(fault(html)).toBeNull()
  })

  test('shows one tab with links to the others, or all of them for paper', () => {
    const tabs = board([[figure]], [[{ text: 'second' }]])
    expect(words(drawn(tabs, parts(1)))).toBe('Tab 0 Tab 1 Board · Tab 1 · 26 November second')
    expect(words(drawn(tabs, parts(null)))).toBe('Board · Tab 0 · 26 November card Board · Tab 1 · 26 November second')
  })
})

test.each([
  ['a **b** _c_ `d` snake_case_name', '<p>a <strong>b</strong> <em>c</em> <code>d</code> snake_case_name</p>'],
  ['one\ntwo\n\n- a\n- b', '<p>one two</p><ul><li>a</li><li>b</li></ul>'],
  ['1. a\n2. b', '<ol><li>a</li><li>b</li></ol>'],
  ['[l](https://e.org/a?b&c)', '<p><a href="https://e.org/a?b&amp;c">l</a></p>'],
  ['[l](javascript:alert(1)) [m](//e.org)', '<p>[l](javascript:alert(1)) [m](//e.org)</p>'],
  ['<b>x</b>', '<p>&lt;b&gt;x&lt;/b&gt;</p>'],
])('a text %j', (text, html) => {
  expect(String(prose(text))).toBe(`<div class="v-prose">${html}</div>`)
})

describe('a file for spreadsheets', () => {
  const rows = answer(
    'd:date t:text n',
    ['2026-11-26', '=1+1', -1234.5],
    ['2026-11-27', 'a;"b"', null],
    [null, '\tx', '12345678901234567890.5'],
  )

  test('has the separators of the language, and the values as they are', () => {
    const question = asked(
      { kind: 'table' },
      { d: { label: 'Jour' }, t: { label: '@Texte', names: { 'a;"b"': 'B' } }, n: { label: 'Part' } },
    )
    expect(csvOf(question, rows, FRENCH)).toBe(
      '\ufeffJour;\'@Texte;Part\r\n2026-11-26;\'=1+1;-1234,5\r\n2026-11-27;"a;""b""";\r\n;\'\tx;12345678901234567890,5\r\n',
    )
    expect(csvOf(question, rows, ENGLISH)).toContain("2026-11-26,'=1+1,-1234.5\r\n")
  })
})

describe('the style sheet', () => {
  const light = (hex: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const contrast = (one: string, other: string): number => {
    const [low = 0, high = 0] = [light(one), light(other)].toSorted((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const { bg, card, line, on, ...inks } = TOKENS
  const { ink, mute, good, bad, ...areas } = inks

  test.each([0, 1] as const)('keeps words readable everywhere, light and dark (%i)', (at) => {
    for (const [name, pair] of Object.entries(inks)) {
      for (const ground of [bg, card])
        expect([name, contrast(pair[at], ground[at])]).toEqual([name, expect.toSatisfy((ratio) => ratio >= 4.5)])
    }
    for (const [name, pair] of Object.entries(areas))
      expect([name, contrast(on[at], pair[at]) >= 4.5]).toEqual([name, true])
  })

  test('asks nobody for anything, and the script is small', () => {
    expect(styleSheet).not.toMatch(/url\(|@import|https?:/)
    expect(script.length).toBeLessThan(4096)
    expect(() => new Function(script)).not.toThrow()
  })
})
