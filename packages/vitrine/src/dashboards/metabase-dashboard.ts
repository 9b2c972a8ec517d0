/** A dashboard as Metabase keeps it: tabs, tiles on its grid of 24 columns, filters and what each of them changes. Pure. */
import type { Dashboard, Filter, Tile } from '../publication/dashboard.ts'
import { type Card, freshnessKey, WIDGETS } from './card.ts'
import { laidOut } from './tile-layout.ts'

export interface BoardTile {
  /** Null when there is only one tab, whose name is not shown. */
  readonly tab: string | null
  readonly row: number
  readonly col: number
  readonly size_x: number
  readonly size_y: number
  /** The key of the question; null for a text. */
  readonly question: string | null
  readonly text: { readonly display: 'text' | 'heading'; readonly text: string } | null
  readonly filters: Card['targets']
}

export interface BoardFilter {
  readonly key: string
  readonly label: string
  readonly type: string
  readonly default: unknown
  readonly required: boolean
  readonly options: readonly string[] | null
  readonly linkedTo: readonly string[]
}

export interface MetabaseDashboard {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly collection: string
  readonly tabs: readonly string[]
  readonly tiles: readonly BoardTile[]
  readonly filters: readonly BoardFilter[]
  readonly adopted: string | null
}

export function boardOf(dashboard: Dashboard, cards: readonly Card[]): MetabaseDashboard {
  const { key, title, description, collection, tabs, filters } = dashboard
  const tiles = tabs.flatMap((tab) =>
    laidOut(tab).map(({ tile, place }): BoardTile => {
      const at = { row: place.y, col: place.x, size_x: place.width, size_y: place.height }
      return { tab: tabs.length > 1 ? tab.name : null, ...at, ...contentOf(tile, filters, cards) }
    }),
  )
  return {
    key,
    name: title,
    description,
    collection: collection.key,
    tabs: tabs.length > 1 ? tabs.map(({ name }) => name) : [],
    tiles,
    filters: filters.map(filterOf),
    adopted: dashboard.adopted ?? null,
  }
}

function contentOf(
  tile: Tile,
  filters: readonly Filter[],
  cards: readonly Card[],
): Pick<BoardTile, 'question' | 'text' | 'filters'> {
  if ('question' in tile) {
    const { key } = tile.question
    const acting = filters.map((filter) => filter.key).filter((filter) => !tile.without?.includes(filter))
    const targets = cards.find((card) => card.key === key)?.targets ?? []
    return { question: key, text: null, filters: targets.filter(({ filter }) => acting.includes(filter)) }
  }
  if ('freshness' in tile) return { question: freshnessKey(tile.freshness), text: null, filters: [] }
  const isHeading = 'heading' in tile
  const text = isHeading ? tile.heading : tile.text
  return { question: null, text: { display: isHeading ? 'heading' : 'text', text }, filters: [] }
}

const filterOf = ({ key, label, kind, default: given, required, options, linkedTo }: Filter): BoardFilter => ({
  key,
  label,
  type: WIDGETS[kind],
  default: given ?? null,
  required: required === true,
  options: options ?? null,
  // Metabase narrows what it finds in a column, and no list that it was given.
  linkedTo: options === undefined ? (linkedTo ?? []) : [],
})
