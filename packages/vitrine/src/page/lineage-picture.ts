/** From where a published column comes, what was done on the way, and which questions it answers: as a picture. */
import type { DictionaryColumn } from '../dictionary/schema.ts'
import type { Wording } from '../dictionary/wording.ts'
import type { HtmlEscapedString } from '../drawing/html.ts'
import { html } from '../drawing/html.ts'
import type { Telling } from './telling.ts'

const BOX = { width: 306, height: 48 }
const WAY = 128
const STEP = 64
/** Signs that a line of a box, and of a way, has room for. */
const ROOM = { box: 41, way: 19 }

const short = (text: string, room: number): string => {
  const signs = [...text]
  return signs.length <= room ? text : `${signs.slice(0, room - 1).join('')}…`
}

interface Box {
  readonly kind: 'origin' | 'published' | 'question'
  readonly lines: readonly string[]
  /** What is done between it and the column. */
  readonly way: string
}

/** More questions than these are in the list below. */
const MOST_SHOWN = 6

/** Its texts say the whole in words, for whoever does not see it. */
export function lineagePicture(
  table: string,
  column: DictionaryColumn,
  questions: readonly string[],
  wording: Wording,
  { say, number }: Telling,
): HtmlEscapedString {
  const { texts } = wording
  const origins = column.origins.map(
    (origin): Box => ({
      kind: 'origin',
      lines: [origin.column, origin.table],
      way: wording.treatments(origin.treatments),
    }),
  )
  const left: readonly Box[] =
    origins.length > 0 ? origins : [{ kind: 'origin', lines: [texts.noOrigin], way: wording.treatments([]) }]
  const isMany = questions.length > MOST_SHOWN
  const shown = isMany ? questions.slice(0, MOST_SHOWN - 1) : questions
  const rest = isMany ? [say('others', number(questions.length - shown.length))] : []
  const right = [...shown, ...rest].map((title): Box => ({ kind: 'question', lines: [title], way: '' }))
  const height = Math.max(left.length, right.length, 1) * STEP
  const middle = height / 2
  const at = (boxes: readonly Box[], index: number) => middle + (index - (boxes.length - 1) / 2) * STEP
  const second = BOX.width + WAY
  const width = right.length > 0 ? second * 2 + BOX.width - WAY / 2 : second + BOX.width
  const path = left.map(({ lines, way }) => `${lines.toReversed().join('.')} → ${way} → ${table}.${column.name}`)
  const words = [...path, ...(questions.length > 0 ? [`→ ${questions.join(', ')}`] : [])].join(' ; ')
  return html`<div class="v-lineage" role="region" tabindex="0" aria-label="${texts.columns.origin}"><svg role="img" aria-label="${say('pathSays', words)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${left.map((box, index) => [way(BOX.width, at(left, index), second, middle, box.way), drawn(box, 0, at(left, index))])}
${right.map((box, index) => {
  const x = second + BOX.width
  return [way(x, middle, x + WAY / 2, at(right, index), ''), drawn(box, x + WAY / 2, at(right, index))]
})}
${drawn({ kind: 'published', lines: [column.name, table], way: '' }, second, middle)}
</svg></div>`
}

const drawn = ({ kind, lines }: Box, x: number, y: number): HtmlEscapedString =>
  html`<g class="v-${kind}"><title>${lines.join(' · ')}</title><rect x="${x + 0.5}" y="${y - BOX.height / 2}" width="${BOX.width - 1}" height="${BOX.height}" rx="8"/>${lines.map(
    (line, index) =>
      html`<text x="${x + 12}" y="${y + 4 + (index - (lines.length - 1) / 2) * 17}"${index === 0 ? '' : html` class="v-minor"`}>${short(line, ROOM.box)}</text>`,
  )}</g>`

const way = (x: number, y: number, toX: number, toY: number, says: string): HtmlEscapedString =>
  html`<path class="v-way" d="M${x} ${y}C${x + 40} ${y} ${toX - 48} ${toY} ${toX - 8} ${toY}"/><path class="v-tip" d="M${toX - 8} ${toY - 4}l7 4l-7 4z"/>${says === '' ? '' : html`<text class="v-minor" x="${x + 6}" y="${y - 7}"><title>${says}</title>${short(says, ROOM.way)}</text>`}`
