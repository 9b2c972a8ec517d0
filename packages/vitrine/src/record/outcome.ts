/** Facts of a run beside its rows: how versions were switched, figures that moved, suppressed cells. Only data. */

/** A table was read whole, or only what changed since the kept version, or taken over as it is. */
export type TableWay = 'full' | 'delta' | 'carried'

/** By renaming schemas, or by moving tables where they cannot be renamed. */
export type SwitchWay = 'rename' | 'move'

export interface SwitchResult {
  readonly way: SwitchWay
  readonly tries: number
  /** Whether all published tables were locked until the commit; false when a reader was using one. */
  readonly held: boolean
  /** From the first lock to the end of the commit: the longest time that a reader may have waited. */
  readonly milliseconds: number
}

/** A figure that moved implausibly from one version to the next. */
export interface FigureWarning {
  /** Set when the warning is not about a figure. */
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

/** Groups of rows that were too small, so that some of their cells are published as NULL. */
export interface Suppressed {
  readonly groups: number
  readonly rows: number
}
