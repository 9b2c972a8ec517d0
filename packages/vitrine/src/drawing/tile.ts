/** A question as a card: its title and meaning, what it answers, and at its end the table, the CSV and the way to Metabase. */
import type { Question } from '../publication/dashboard.ts'
import type { TileState } from './answer.ts'
import { type HtmlEscapedString, html, NOTHING, type Piece } from './html.ts'
import type { Reading } from './reading.ts'
import { Sheet } from './sheet.ts'
import { drawPivot, drawTable } from './table.ts'
import { text } from './texts.ts'

export interface TileLinks {
  /** All rows as a table. */
  readonly table: string
  readonly csv: string
  readonly metabase: string | null
  /** The rows behind the figures. */
  readonly rows: string | null
}

/** How much room a card has: its columns of twelve, and its height in rows of the grid of dashboards. */
export interface TileSize {
  readonly columns: number
  readonly height: number
}

const link = (href: string | null, name: string): HtmlEscapedString =>
  href === null ? NOTHING : html`<a href="${href}">${name}</a>`

/** What stands on the card, and the sentence that says it. */
export interface Face {
  readonly body: HtmlEscapedString
  readonly sentence: string
}

function faceOf(sheet: Sheet): Face {
  const { display } = sheet.question
  const value = sheet.column('value' in display ? display.value : '')
  return { body: html`<p class="v-fig">${sheet.written(0, value)}</p>`, sentence: '' }
}

/** A card whose question is being asked, asked or refused: the frame is the same. */
function card(question: Question, kind: string, inner: Piece): HtmlEscapedString {
  const { key, title, description } = question
  return html`<article class="v-card v-is-${kind}" id="q-${key}" aria-labelledby="q-${key}-title">
<h3 id="q-${key}-title">${title}</h3><p class="v-def">${description}</p>${inner}</article>`
}

/** A card that comes later. */
export const drawSkeleton = (question: Question, reading: Reading): HtmlEscapedString =>
  card(question, 'coming', html`<p class="v-why">${text('coming', reading)}</p>`)

export async function drawTile(
  question: Question,
  state: TileState,
  reading: Reading,
  links: TileLinks,
  size: TileSize = { columns: 6, height: 7 },
): Promise<HtmlEscapedString> {
  if (state.kind === 'failed') {
    return card(question, 'failed', html`<p class="v-why">${text('failed', reading, state.code)}</p>`)
  }
  if (state.kind === 'empty' || state.answer.rows.length === 0) {
    const why = state.kind === 'empty' ? state.why : 'no rows'
    return card(question, 'empty', html`<p class="v-why">${text(why, reading)}</p>`)
  }
  const { key, display } = question
  const sheet = new Sheet(question, state.answer, reading)
  const foot = html`${link(links.csv, text('csv', reading))}${link(links.rows, text('rows', reading))}${link(links.metabase, text('metabase', reading))}`
  if (display.kind === 'table' || display.kind === 'pivot') {
    const table = display.kind === 'table' ? drawTable(sheet, display.columns, links.table) : drawPivot(sheet, display)
    return card(question, display.kind, html`${table}<footer class="v-foot">${foot}</footer>`)
  }
  void size
  const { body, sentence } = faceOf(sheet)
  return card(
    question,
    display.kind,
    html`<input type="checkbox" class="v-turn" id="q-${key}-turn" autocomplete="off">
<div class="v-front">${body}<p class="v-say">${sentence}</p></div><div class="v-back">${drawTable(sheet, undefined, links.table)}</div>
<footer class="v-foot"><label for="q-${key}-turn">${text('table', reading)}</label>${foot}</footer>`,
  )
}
