/** What the planner knows of one published table while it plans it. */

import type { LiveTable } from '../catalogue/live-shape.ts'
import type { TableShape } from '../publication/shape.ts'
import type { ColumnChange } from './column-change.ts'

export interface TableContext {
  readonly schema: string
  readonly wanted: TableShape
  /** null for a table to be created. */
  readonly live: LiveTable | null
  /** As the last migration wrote it down; null for a table that it did not know. */
  readonly applied: TableShape | null
  readonly changes: readonly ColumnChange[]
  /** Live columns that are dropped, for good or to be added again empty: what is built on them goes with them. */
  readonly gone: ReadonlySet<string>
}
