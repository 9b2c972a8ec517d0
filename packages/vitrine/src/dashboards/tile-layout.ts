/** Places the tiles of a tab on a grid of 24 columns, row by row; a tile may also say its own place. */
import type { Tab, Tile, TilePlace } from '../publication/dashboard.ts'

export const GRID_COLUMNS = 24

export interface PlacedTile {
  readonly tile: Tile
  readonly place: TilePlace
}

const HEIGHTS: Readonly<Record<string, number>> = { number: 4, trend: 4, progress: 4, pie: 8, table: 9, pivot: 9 }

function heightOf(tile: Tile): number {
  if (tile.height !== undefined) return tile.height
  if ('question' in tile) return HEIGHTS[tile.question.display.kind] ?? 7
  return 'text' in tile ? 3 : 1
}

/** The placed tiles, row by row. Tiles without a width share what the others in their row leave. */
export function laidOut({ rows }: Tab): readonly PlacedTile[] {
  let y = 0
  return rows.flatMap((row) => {
    const open = row.filter((tile) => tile.span === undefined).length
    const left = GRID_COLUMNS - row.reduce((sum, { span = 0 }) => sum + span, 0)
    const height = Math.max(0, ...row.map(heightOf))
    let [x, shared] = [0, 0]
    const placed = row.map((tile) => {
      // Rounded so that the widths of a row sum up to all that is left.
      const width = tile.span ?? Math.floor((left * ++shared) / open) - Math.floor((left * (shared - 1)) / open)
      const place = tile.at ?? { x, y, width, height }
      x += width
      return { tile, place }
    })
    y += height
    return placed
  })
}

export const isOnGrid = ({ x, y, width, height }: TilePlace): boolean =>
  [x, y, width, height].every(Number.isInteger) &&
  x >= 0 &&
  y >= 0 &&
  width >= 1 &&
  height >= 1 &&
  x + width <= GRID_COLUMNS

export const overlap = (one: TilePlace, other: TilePlace): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height
