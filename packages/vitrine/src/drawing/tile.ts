/** A question as a card: title, meaning, answer, and links to the table, the CSV file and Metabase. */
import { ERRORS } from '../base/errors.ts'
import type { Question } from '../publication/dashboard.ts'
import type { TileState } from './answer.ts'
import { drawPivot, drawTable } from './answer-table.ts'
import { drawFunnel } from './bars.ts'
import { drawChart, type TileSize } from './chart.ts'
import { drawnText } from './drawing-texts.ts'
import { drawGauge, drawNumber, drawProgress, drawTrend } from './figures.ts'
import { type HtmlEscapedString, html, NOTHING, type Piece, typeset } from './html.ts'
import { drawPie } from './pie.ts'
import { type Reading, writtenIn } from './reading.ts'
import { sentencesOf } from './sentence.ts'
import { Sheet } from './sheet.ts'
import { written } from './value.ts'

export interface TileLinks {
  /** All rows as a table; null where the card is that table. */
  readonly table: string | null
  readonly csv: string
  readonly metabase: string | null
  /** The rows behind the figures. */
  readonly rows: string | null
  /** What the question is made of. */
  readonly meaning: string | null
}

const link = (href: string | null, name: string): HtmlEscapedString =>
  href === null ? NOTHING : html`<a href="${href}">${name}</a>`

/** The content of the card. `name`: the attribute that describes the picture. */
async function faceOf(sheet: Sheet, size: TileSize, name: HtmlEscapedString): Promise<HtmlEscapedString> {
  const { display } = sheet.question
  switch (display.kind) {
    case 'number':
      return drawNumber(sheet, display)
    case 'trend':
      return drawTrend(sheet, display)
    case 'progress':
      return drawProgress(sheet, display)
    case 'gauge':
      return drawGauge(sheet, display)
    case 'funnel':
      return drawFunnel(sheet, display.step, display.value)
    case 'pie':
      return drawPie(sheet, display.label, display.value)
    case 'table':
    case 'pivot':
      return NOTHING
    default:
      return drawChart(sheet, display, size, name)
  }
}

const COUNT = { kind: 'number', decimals: 0 } as const

/** Displays that do not show every figure: a sentence below describes them. */
const SAID: ReadonlySet<string> = new Set(['line', 'area', 'combo'])

/** The frame of a card, which is the same while waiting, with an answer and after a failure. */
function card(question: Question, kind: string, reading: Reading, inner: Piece): HtmlEscapedString {
  const { key, title, description } = question
  const lang = writtenIn(reading)
  return html`<article class="v-card v-is-${kind}" id="q-${key}" aria-labelledby="q-${key}-title">
<h3 id="q-${key}-title"${lang}>${typeset(title)}</h3><p class="v-def"${lang}>${typeset(description)}</p>${inner}</article>`
}

/** A card that comes later; without script a link leads to it. */
export const drawSkeleton = (question: Question, reading: Reading, { table }: TileLinks): HtmlEscapedString =>
  card(
    question,
    'coming',
    reading,
    html`<p class="v-why" data-late="${drawnText('failed', reading)}">${drawnText('coming', reading)}</p><noscript><p class="v-foot">${link(table, drawnText('table', reading))}</p></noscript>`,
  )

export async function drawTile(
  question: Question,
  state: TileState,
  reading: Reading,
  links: TileLinks,
  size: TileSize = { columns: 6, height: 7 },
): Promise<HtmlEscapedString> {
  if (state.kind === 'failed') {
    const { exit } = ERRORS[state.code]
    const why = state.code === 'QUERY_TIMEOUT' ? 'slow' : exit === 'connection' ? 'away' : 'failed'
    return card(
      question,
      'failed',
      reading,
      html`<p class="v-why">${drawnText(why, reading)} ${drawnText('code', reading, state.code)}</p>`,
    )
  }
  if (state.kind === 'empty' || state.answer.rows.length === 0) {
    const why = state.kind === 'empty' ? state.why : 'no rows'
    const reasons = Object.entries(state.kind === 'empty' ? (state.reasons ?? {}) : {})
      .toSorted(([, one], [, other]) => other - one)
      .map(([reason, count]) => drawnText('reason', reading, reason, written(count, COUNT, reading)))
    const said = reasons.length > 0 && drawnText('reasons', reading, reasons.join(', '))
    return card(question, 'empty', reading, html`<p class="v-why">${drawnText(why, reading)} ${said}</p>`)
  }
  const { key, display } = question
  const sheet = new Sheet(question, state.answer, reading)
  const foot = html`${link(links.csv, drawnText('csv', reading))}${link(links.rows, drawnText('rows', reading))}${link(links.meaning, drawnText('meaning', reading))}${link(links.metabase, drawnText('metabase', reading))}`
  if (display.kind === 'table' || display.kind === 'pivot') {
    const table =
      display.kind === 'table' ? drawTable(sheet, display.columns, links.table) : drawPivot(sheet, display, links.table)
    return card(question, display.kind, reading, html`${table}<footer class="v-foot">${foot}</footer>`)
  }
  const sentences = sentencesOf(sheet, display)
  const [first = '', ...others] = sentences
  const isSaid = SAID.has(display.kind)
  // No <figcaption>: with one, a figure may have no role.
  const said = html`<p class="${isSaid ? 'v-say' : 'v-hidden'}" id="q-${key}-said">${first}<span class="v-hidden"> ${others.join(' ')}</span></p>`
  const face = await faceOf(sheet, size, html`aria-labelledby="q-${key}-title q-${key}-said"`)
  const name = [`${question.title}.`, ...sentences].join(' ')
  const front = first === '' ? face : html`<figure role="figure" aria-label="${name}">${face}${said}</figure>`
  return card(
    question,
    display.kind,
    reading,
    html`<input type="checkbox" class="v-turn" id="q-${key}-turn" autocomplete="off">
<div class="v-front">${front}</div><div class="v-back">${drawTable(sheet, undefined, links.table)}</div>
<footer class="v-foot"><label for="q-${key}-turn">${drawnText('table', reading)}</label>${foot}</footer>`,
  )
}
