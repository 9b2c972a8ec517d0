/**
 * Draws a dashboard on a grid of twelve columns, tab by tab; the publication's grid has 24. The result comes
 * in parts, so that some can be sent while others are still being read.
 */
import { laidOut, type PlacedTile } from '../dashboards/tile-layout.ts'
import type { Dashboard, Question, Tab, TilePlace } from '../publication/dashboard.ts'
import type { TileSize } from './chart.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html, NOTHING, raw } from './html.ts'
import { prose } from './prose.ts'
import { type Reading, writtenIn } from './reading.ts'

export interface BoardFacts<Card> {
  readonly tile: (question: Question, size: TileSize) => Card
  /** The time of the data, as printed on paper. */
  readonly dataOf: string
  /** The tab to draw; null draws all of them, one below the other. */
  readonly tab: number | null
  readonly tabHref: (tab: number) => string
}

/** Figures that stay small on a phone. */
const SMALL: ReadonlySet<string> = new Set(['number', 'trend', 'progress', 'gauge'])

/** Converts 24 columns to twelve, so that neighbouring tiles still share an edge. */
function spanOf({ x, width }: TilePlace): { readonly from: number; readonly columns: number } {
  const from = Math.min(11, Math.round(x / 2))
  return { from, columns: Math.max(1, Math.min(12, Math.round((x + width) / 2)) - from) }
}

/** A part of the page: HTML, or a card in the caller's form. */
export type BoardPart<Card> = HtmlEscapedString | { readonly card: Card }

function cell<Card>(
  { tile, place }: PlacedTile,
  facts: BoardFacts<Card>,
  lang: HtmlEscapedString,
): readonly BoardPart<Card>[] {
  const { from, columns } = spanOf(place)
  const at = `v-cell v-x${from} v-w${columns}`
  if ('heading' in tile) return [html`<h2 class="${at} v-heading"${lang}>${tile.heading}</h2>`]
  if ('text' in tile) return [html`<div class="${at}"${lang}>${prose(tile.text)}</div>`]
  // The page's header shows it already; on paper it stands above each tab.
  if ('freshness' in tile) return []
  const { question } = tile
  const open = raw(`<div class="${at}${SMALL.has(question.display.kind) ? ' v-small' : ''}">`)
  return [open, { card: facts.tile(question, { columns, height: place.height }) }, raw('</div>')]
}

export function boardParts<Card>(
  dashboard: Dashboard,
  facts: BoardFacts<Card>,
  reading: Reading,
): readonly BoardPart<Card>[] {
  const { tabs, title } = dashboard
  const isMany = tabs.length > 1
  const lang = writtenIn(reading)
  const names = tabs.map(({ name }, at) => {
    const isHere = facts.tab === at
    return html`<a href="${facts.tabHref(at)}"${isHere ? html` aria-current="page"` : NOTHING}${lang}>${name}</a>`
  })
  const section = (tab: Tab): readonly BoardPart<Card>[] => {
    const name = isMany ? `${title} · ${tab.name}` : title
    const onPaper = isMany && html`<h2 class="v-paper"${lang}>${name} · ${facts.dataOf}</h2>`
    const open = html`<section class="v-tab" aria-label="${name}">${onPaper}\n<div class="v-board">`
    return [open, ...laidOut(tab).flatMap((placed) => cell(placed, facts, lang)), raw('</div></section>')]
  }
  const sections = tabs.filter((_, at) => facts.tab === null || facts.tab === at).flatMap(section)
  if (!isMany || facts.tab === null) return sections
  return [html`<nav class="v-tabs" aria-label="${drawnText('tabs', reading)}">${names}</nav>`, ...sections]
}
