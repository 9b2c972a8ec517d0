/** The events of a run. The command line prints them; the library never prints. */

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
  /** New changes of the source that no query reads. */
  readonly newDrift: readonly Pick<Problem, 'place' | 'detail'>[]
  /** Milliseconds of each phase. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>
  /** The instant of the source that was published, by the source's clock. */
  readonly dataOf: Date
  /** For how long the snapshot of the source was held. */
  readonly snapshotMilliseconds: number
  /** How versions were switched; null after a rehearsal. */
  readonly switchWay: SwitchWay | null
  readonly switchTries: number
  /** Whether all tables were locked for the switch, so that not even one statement could see two versions. */
  readonly switchHeld: boolean
  readonly switchMilliseconds: number
  /** True for a rehearsal: nothing was published. */
  readonly dryRun: boolean
}
