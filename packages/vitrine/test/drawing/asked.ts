/** Questions and answers written down for the tests of drawing, and what is asked of every page of HTML. */
import type { Answer, AnswerColumn, Cell, TileState } from '../../src/drawing/answer.ts'
import type { TileSize } from '../../src/drawing/chart.ts'
import type { Reading } from '../../src/drawing/reading.ts'
import { drawTile } from '../../src/drawing/tile.ts'
import type { Display, Labelled, Query, Question, StructuredQuery } from '../../src/publication/dashboard.ts'

export const FRENCH: Reading = { language: 'fr', zone: 'Europe/Paris' }
export const ENGLISH: Reading = { language: 'en', zone: 'Europe/Paris' }
export const LINKS = { table: '/t', csv: '/c', metabase: '/m', rows: null, meaning: null }
export const WHOLE = { kind: 'number', decimals: 0 } as const
export const PERCENT = { kind: 'percent', decimals: 1 } as const
export const MONTH = { kind: 'date', style: 'month' } as const

export const structured = (query: Partial<StructuredQuery> = {}): StructuredQuery => ({
  kind: 'structured',
  from: 'report',
  measures: {},
  by: {},
  where: [],
  order: [],
  limit: null,
  smallest: null,
  ...query,
})

export const asked = (
  display: Display,
  columns: Readonly<Record<string, Labelled>> = {},
  query: Query = structured(),
): Question => ({
  key: 'asked',
  title: 'Title',
  description: 'What it means.',
  query,
  display,
  columns,
  audience: 'team',
  previousKeys: [],
})

/** `'month:date n'` names the columns; numbers where no kind is said. */
export const answer = (columns: string, ...rows: readonly (readonly Cell[])[]): Answer => ({
  // sound because the kinds are written beside the names in these tests.
  columns: columns.split(' ').map((each) => {
    const [name = '', kind = 'number'] = each.split(':')
    return { name, kind } as AnswerColumn
  }),
  rows,
  isCut: false,
})

export async function drawn(
  question: Question,
  given: Answer | TileState,
  reading: Reading = FRENCH,
  size: TileSize = { columns: 6, height: 7 },
): Promise<string> {
  const state = 'kind' in given ? given : ({ kind: 'answer', answer: given } as const)
  return String(await drawTile(question, state, reading, LINKS, size))
}

/** The words of a piece of HTML, in their order, without what stands on the back of the card. */
export const words = (html: string): string =>
  html
    .replace(/<div class="v-back">[\s\S]*<footer/, '<footer')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/[ \n]+/g, ' ')
    .trim()

const EMPTY = new Set(['input', 'br', 'wbr'])

/** The first thing that makes a text no well-formed HTML, or that a strict policy would refuse; null for none. */
export function fault(html: string): string | null {
  const open: string[] = []
  const refused: string[] = []
  const rest = html.replaceAll(
    /<(\/?)([a-z][a-zA-Z0-9]*)((?: [a-zA-Z-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g,
    (tag, end, name, attributes, closed) => {
      if (end !== '') {
        if (open.pop() !== name) open.push(`not opened: ${name}`)
      } else if (closed === '' && !EMPTY.has(name)) open.push(name)
      if (
        / (?:style|on[a-z]+)=/.test(attributes.replaceAll(/"[^"]*"/g, '')) ||
        /^(?:script|style|iframe|object)$/.test(name)
      )
        refused.push(tag)
      return ''
    },
  )
  if (open.length + refused.length > 0) return [...refused, ...open].join(', ')
  return /[<>]/.exec(rest) === null
    ? null
    : `a sign outside a tag: ${rest.slice(Math.max(0, rest.search(/[<>]/) - 40)).slice(0, 80)}`
}
