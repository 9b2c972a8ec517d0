/** What a run tells while it goes on. The command line draws it; the library never prints. */

import type { Problem } from '../base/errors.ts'
import type { SwitchWay } from '../record/outcome.ts'
import type { Phase, TableOutcome } from '../record/runs.ts'

export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: Phase }
  | { readonly kind: 'table started'; readonly table: string }
  | { readonly kind: 'table progress'; readonly table: string; readonly bytes: number }
  | { readonly kind: 'table staged'; readonly table: string; readonly rows: number; readonly milliseconds: number }
  | { readonly kind: 'notice'; readonly text: string }

export type RunObserver = (event: RunEvent) => void

export interface SyncReport {
  readonly run: number
  readonly tables: readonly TableOutcome[]
  /** Where the source has changed since the version before, and no query reads it. */
  readonly newDrift: readonly Pick<Problem, 'place' | 'detail'>[]
  /** Milliseconds of each phase. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>
  /** The instant of the source that was published, by the source's clock. */
  readonly dataOf: Date
  /** For how long the snapshot of the source was held. */
  readonly snapshotMilliseconds: number
  /** By renaming schemas, or by moving tables where they cannot be renamed; null after a rehearsal. */
  readonly switchWay: SwitchWay | null
  readonly switchTries: number
  /** Whether no reader kept a table, so that not even one statement could see two versions. */
  readonly switchHeld: boolean
  readonly switchMilliseconds: number
  /** True when nothing was published because only a rehearsal was asked for. */
  readonly dryRun: boolean
}
