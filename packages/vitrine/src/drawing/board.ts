/** A dashboard on a grid of twelve columns, tab by tab: the tiles of the publication's grid of 24 find their places here. */
import { laidOut, type PlacedTile } from '../dashboards/layout.ts'
import type { Dashboard, Place, Question, Tab } from '../publication/dashboard.ts'
import type { TileSize } from './chart.ts'
import { type HtmlEscapedString, html, NOTHING } from './html.ts'
import { prose } from './prose.ts'
import type { Reading } from './reading.ts'
import { text } from './texts.ts'
import { drawSkeleton } from './tile.ts'

export interface BoardParts {
  /** The card of a question; null where it comes later. */
  readonly tile: (question: Question, size: TileSize) => Promise<HtmlEscapedString> | HtmlEscapedString | null
  /** Of when the data are, as it is said on paper and beside the words of a freshness tile. */
  readonly dataOf: string
  /** The tab to draw; null draws all of them, one below the other. */
  readonly tab: number | null
  readonly tabHref: (tab: number) => string
}

/** Figures that stay small on a phone. */
const SMALL: ReadonlySet<string> = new Set(['number', 'trend', 'progress', 'gauge'])

/** 24 columns are twelve of double width; the edges of neighbours fall together. */
function spanOf({ x, width }: Place): { readonly from: number; readonly columns: number } {
  const from = Math.min(11, Math.round(x / 2))
  return { from, columns: Math.max(1, Math.min(12, Math.round((x + width) / 2)) - from) }
}

async function cell({ tile, place }: PlacedTile, parts: BoardParts, reading: Reading): Promise<HtmlEscapedString> {
  const { from, columns } = spanOf(place)
  const at = `v-cell v-x${from} v-w${columns}`
  if ('heading' in tile) return html`<h2 class="${at} v-heading">${tile.heading}</h2>`
  if ('text' in tile) return html`<div class="${at}">${prose(tile.text)}</div>`
  if ('freshness' in tile) return html`<p class="${at} v-fresh">${tile.freshness} ${parts.dataOf}</p>`
  const { question } = tile
  const drawn = parts.tile(question, { columns, height: place.height }) ?? drawSkeleton(question, reading)
  return html`<div class="${at}${SMALL.has(question.display.kind) ? ' v-small' : ''}">${await drawn}</div>`
}

async function section(tab: Tab, title: string, parts: BoardParts, reading: Reading): Promise<HtmlEscapedString> {
  const cells = await Promise.all(laidOut(tab).map((placed) => cell(placed, parts, reading)))
  return html`<section class="v-tab" aria-label="${title}"><h2 class="v-paper">${title} · ${parts.dataOf}</h2>
<div class="v-board">${cells}</div></section>`
}

export async function drawBoard(dashboard: Dashboard, parts: BoardParts, reading: Reading): Promise<HtmlEscapedString> {
  const { tabs, title } = dashboard
  const isMany = tabs.length > 1
  const names = tabs.map(({ name }, at) => {
    const isHere = parts.tab === at
    return html`<a href="${parts.tabHref(at)}"${isHere ? html` aria-current="page"` : NOTHING}>${name}</a>`
  })
  const drawn = tabs.filter((_, at) => parts.tab === null || parts.tab === at)
  const sections = await Promise.all(
    drawn.map((tab) => section(tab, isMany ? `${title} · ${tab.name}` : title, parts, reading)),
  )
  const nav =
    isMany && parts.tab !== null && html`<nav class="v-tabs" aria-label="${text('tabs', reading)}">${names}</nav>`
  return html`${nav}${sections}`
}
