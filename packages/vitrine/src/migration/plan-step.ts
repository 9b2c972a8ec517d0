/** One step of a migration plan, and the order in which steps can be executed. Pure; called by the planner's files. */

export type StepKind =
  | 'new schema'
  | 'new table'
  | 'adopted table'
  | 'adopted history'
  | 'removed table'
  | 'new column'
  | 'removed column'
  | 'changed type'
  | 'changed nullability'
  | 'removed identity'
  | 'new constraint'
  | 'removed constraint'
  | 'new index'
  | 'removed index'
  | 'changed comment'
  | 'grant'
  | 'missing reader'
  | 'new view'
  | 'changed view'

export interface MigrationStep {
  readonly kind: StepKind
  /** A table, `table.column`, a schema or a role. */
  readonly place: string
  /** One line that says what changes, and what it costs. */
  readonly text: string
  readonly sql: readonly string[]
  /** What cannot hold on the present rows waits for the next run, which builds every table anew. */
  readonly effect: 'now' | 'next run'
  /** The live schema differs from what was applied last: somebody changed it without this tool. */
  readonly byHand: boolean
  readonly losesData: boolean
}

/**
 * The order of execution. What goes: references, then tables, then keys, then columns, so that nothing still needs what is
 * dropped. What comes: tables, keys, then references, so that everything they need is there. Steps of one phase keep the
 * order in which they were planned.
 */
const PHASES = [
  'schema',
  'adopt',
  'detach',
  'drop',
  'unkey',
  'columns',
  'create',
  'keys',
  'references',
  'indexes',
  'comments',
  'grants',
  'views',
] as const
export type Phase = (typeof PHASES)[number]

export interface PhasedStep {
  readonly phase: Phase
  readonly step: MigrationStep
}

type Options = Partial<Pick<MigrationStep, 'effect' | 'byHand' | 'losesData'>>

/** A frozen step. A change of what somebody edited says so in its text. */
export function stepOf(
  kind: StepKind,
  place: string,
  text: string,
  sql: readonly string[],
  { effect = 'now', byHand = false, losesData = false }: Options = {},
): MigrationStep {
  const said = byHand ? `${text} (modified by hand)` : text
  return Object.freeze({ kind, place, text: said, sql: Object.freeze([...sql]), effect, byHand, losesData })
}

export function inOrder(steps: readonly PhasedStep[]): readonly MigrationStep[] {
  const phased = steps.map(({ phase, step }) => ({ rank: PHASES.indexOf(phase), step }))
  return Object.freeze(phased.sort((a, b) => a.rank - b.rank).map(({ step }) => step))
}
