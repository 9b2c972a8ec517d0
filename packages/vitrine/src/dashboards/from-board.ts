/** Translates tabs and filters of a live dashboard into the language: the reverse of `metabase-dashboard.ts`. Pure. */
import type { Filter, FilterKind, Question, Tab, Tile } from '../publication/dashboard.ts'
import { WIDGETS } from './card.ts'
import type { BoardFilter, BoardTile, MetabaseDashboard } from './metabase-dashboard.ts'
import { laidOut } from './tile-layout.ts'

export interface Around {
  /** The dashboard's filters in the definition. */
  readonly filters: readonly Filter[]
  readonly title: string
  readonly find: (key: string) => Question | undefined
  readonly note: (text: string) => void
}

type Shown = Pick<MetabaseDashboard, 'tabs' | 'tiles' | 'filters'>

export function boardTabs(
  board: Shown,
  around: Around,
): { readonly tabs: readonly Tab[]; readonly filters: readonly Filter[] } {
  const filters = board.filters.flatMap((filter) => filterFrom(filter, board.tiles, around) ?? [])
  const keys = filters.map(({ key }) => key)
  const names = board.tabs.length === 0 ? [null] : board.tabs
  const tabs = names.map((name): Tab => {
    const tiles = board.tiles.filter(({ tab }) => tab === name)
    const ordered = tiles.toSorted((a, b) => a.row - b.row || a.col - b.col)
    const shown = ordered.flatMap((tile) => {
      const content = contentOf(tile, keys, around)
      return content === null ? [] : [{ tile, content }]
    })
    const rows = [...new Set(shown.map(({ tile }) => tile.row))].map((row) =>
      shown.filter(({ tile }) => tile.row === row),
    )
    const plain: Tab = {
      name: name ?? around.title,
      rows: rows.map((row) =>
        row.map(({ tile, content }): Tile => ({ ...content, span: tile.size_x, height: tile.size_y })),
      ),
    }
    const isSame = laidOut(plain).every(({ place }, index) => {
      const tile = shown[index]?.tile
      return (
        [place.x, place.y, place.width, place.height].join() ===
        [tile?.col, tile?.row, tile?.size_x, tile?.size_y].join()
      )
    })
    if (isSame) return plain
    const at = ({ col: x, row: y, size_x: width, size_y: height }: BoardTile) => ({ x, y, width, height })
    return {
      name: plain.name,
      rows: rows.map((row) => row.map(({ tile, content }): Tile => ({ ...content, at: at(tile) }))),
    }
  })
  return { tabs, filters }
}

function contentOf(tile: BoardTile, filters: readonly string[], { find, note }: Around): Tile | null {
  const { question: key, text } = tile
  if (text !== null) return text.display === 'heading' ? { heading: text.text } : { text: text.text }
  const freshness = /^freshness: (.*)$/s.exec(key ?? '')?.[1]
  if (freshness !== undefined) return { freshness }
  const question = find(key ?? '')
  if (question === undefined) {
    note(`the tile at row ${tile.row}, column ${tile.col} shows a question that is not ours: take it over with --adopt`)
    return null
  }
  const without = filters.filter((filter) => !tile.filters.some((each) => each.filter === filter))
  return { question, ...(without.length === 0 ? {} : { without }) }
}

function filterFrom(filter: BoardFilter, tiles: readonly BoardTile[], { filters, find, note }: Around): Filter | null {
  const { key, label, type, required, options, linkedTo } = filter
  const kind = Object.entries(WIDGETS).find(([, widget]) => widget === type)?.[0]
  if (kind === undefined) {
    note(`the filter «${key}» is of a kind that the language has not`)
    return null
  }
  const before = filters.find((each) => each.key === key)
  const targets = tiles.flatMap((tile) => {
    const query = find(tile.question ?? '')?.query
    const [, [operator, given, name] = []] = tile.filters.find((each) => each.filter === key)?.target ?? []
    if (query === undefined || !('from' in query) || operator !== 'field') return []
    const via = typeof given === 'object' ? given['source-field'] : undefined
    const column = String(name).split('.')[1] ?? ''
    return [[query.from, via === undefined ? column : `${String(via).split('.')[1]}.${column}`] as const]
  })
  const value = filter.default
  return {
    key,
    label,
    // sound because the names of the widgets are the kinds.
    kind: kind as FilterKind,
    on: { ...Object.fromEntries(targets), ...before?.on },
    ...(options === null ? {} : { options }),
    // sound because a filter of Metabase has values of these kinds.
    ...(value === null ? {} : { default: value as NonNullable<Filter['default']> }),
    ...(required ? { required } : {}),
    ...(linkedTo.length === 0 ? {} : { linkedTo }),
  }
}
