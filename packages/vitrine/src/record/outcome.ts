/** What the record tells of a run beside its rows: how the version was switched, and figures that moved, cells that were suppressed. Data alone. */

/** A table was read whole, or only what changed since the kept version, or taken over as it is. */
export type TableWay = 'full' | 'delta' | 'carried'

/** By renaming schemas, or by moving tables where they cannot be renamed. */
export type SwitchWay = 'rename' | 'move'

export interface SwitchResult {
  readonly way: SwitchWay
  readonly tries: number
  /** Whether all published tables were held until the commit; otherwise a reader kept one of them. */
  readonly held: boolean
  /** From the first lock to the end of the commit: as long as a reader may have waited. */
  readonly milliseconds: number
}

/** A figure that moved implausibly from one version to the next. */
export interface FigureWarning {
  /** Where it is more than a figure. */
  readonly code?: 'DELTA_DIFFERS'
  readonly column: string
  readonly text: string
  /** The figure itself, where it is one. */
  readonly moved?: MovedShare
}

/** The share of a table's rows, from 0 to 1, that hold one value: of a closed list of the definition, true, false or none. */
export interface MovedShare {
  readonly value: string | boolean | null
  readonly before: number
  readonly now: number
}

/** Groups of rows, smaller than the table tells of, of which some cells are published as NULL. */
export interface Suppressed {
  readonly groups: number
  readonly rows: number
}
