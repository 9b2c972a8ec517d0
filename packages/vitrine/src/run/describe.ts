/** The describe phase: what changed in each table, while the version before is still at hand. It never stops a run. */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { type Difference, differenceOf } from '../target/difference.ts'
import { type FigureWarning, implausibleFigures } from '../target/plausibility.ts'
import type { TableOutcome } from '../target/runs.ts'
import type { RunObserver } from './observer.ts'
import type { StagedTable } from './stage.ts'

/** What the record says of a table; without a comparison, added, changed and removed are null. */
export function outcomeOf(
  entry: StagedTable,
  difference: Difference | null,
  warnings: readonly FigureWarning[] = [],
): TableOutcome {
  const { table, carried, rows, bytes, milliseconds, unknown } = entry
  const { added, changed, removed } = difference ?? { added: null, changed: null, removed: null }
  return { table: table.name, carried, rows, added, changed, removed, bytes, milliseconds, unknown, warnings }
}

const UNCHANGED: Difference = Object.freeze({ added: 0, changed: 0, removed: 0 })

/** Compares the staged tables of `current` with those of `previous`; tables above the limit are only counted. */
export async function describeTables(
  target: Session,
  publication: Publication,
  staged: readonly StagedTable[],
  schemas: { readonly current: string; readonly previous: string },
  observer: RunObserver,
): Promise<readonly TableOutcome[]> {
  const { limits } = publication
  const outcomes: TableOutcome[] = []
  for (const entry of staged) {
    if (entry.carried || entry.rows > limits.differenceRows) {
      outcomes.push(outcomeOf(entry, entry.carried ? UNCHANGED : null))
      continue
    }
    const difference = await differenceOf(target, entry.table, schemas.current, schemas.previous)
    const warnings = await implausibleFigures(target, entry.table, schemas.current, schemas.previous, limits)
    for (const { column, text } of warnings) {
      observer({ kind: 'notice', text: `implausible figure in ${entry.table.name}.${column}: ${text}` })
    }
    outcomes.push(outcomeOf(entry, difference, warnings))
  }
  return outcomes
}
