/** The describe phase: counts what changed in each table, while the old version still exists. It never stops a run. */
import { asVitrineError } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, stagingSchema } from '../publication/publication.ts'
import type { FigureWarning } from '../record/outcome.ts'
import type { TableOutcome } from '../record/runs.ts'
import { qualified } from '../sql/quote.ts'
import { compareVersions, countChanged, type Difference } from '../version/row-difference.ts'
import type { RunObserver } from './observer.ts'
import { spread } from './run-sessions.ts'
import type { StagedTable } from './stage.ts'

/** The record of a table; without a comparison, `added`, `changed` and `removed` are null. */
export function outcomeOf(
  entry: StagedTable,
  difference: Difference | null,
  warnings: readonly FigureWarning[] = [],
): TableOutcome {
  const { table, carried, rows, bytes, milliseconds, unknown, suppressed, way, reason } = entry
  const { added, changed, removed } = difference ?? { added: null, changed: null, removed: null }
  return {
    table: table.name,
    carried,
    way,
    reason,
    rows,
    added,
    changed,
    removed,
    bytes,
    milliseconds,
    unknown,
    warnings,
    suppressed,
  }
}

/** Adds a warning to tables whose delta gave other rows than reading all. The published rows are correct, the delta was not. */
export const withDifference = (outcome: TableOutcome, differing: ReadonlySet<string>): TableOutcome =>
  differing.has(outcome.table)
    ? { ...outcome, warnings: [...outcome.warnings, { code: 'DELTA_DIFFERS', column: '*', text: DIFFERS }] }
    : outcome

export const DIFFERS =
  'what was told to have changed is not all that changed (DELTA_DIFFERS); all rows were read, and those are published'

const UNCHANGED: Difference = Object.freeze({ added: 0, changed: 0, removed: 0 })

/**
 * Compares the staged tables of `current` with those of `previous`; tables above the limit are only counted. Where a
 * table holds all that changed since the version that left, of which `rowsBefore` gives the rows, only what changed is compared.
 */
export async function describeTables(
  targets: readonly Session[],
  publication: Publication,
  staged: readonly StagedTable[],
  { current, previous }: { readonly current: string; readonly previous: string },
  observer: RunObserver,
  rowsBefore: (table: string) => number | null = () => null,
): Promise<readonly TableOutcome[]> {
  const { limits } = publication
  const changesOf = async (target: Session, { table, changes, way, rows }: StagedTable): Promise<Difference | null> => {
    const had = rowsBefore(table.name)
    if (way !== 'delta' || changes === null || had === null) return null
    const changed = changes.changed === null ? null : qualified(stagingSchema(publication), changes.changed)
    const counts = await countChanged(target, table, changed, qualified(previous, table.name), rows, had)
    // So few changed rows cannot move any share by more than the limit.
    const most = (2 * (counts.added + counts.changed + counts.removed)) / Math.max(1, rows - counts.added)
    return most <= limits.figureShare && counts.removed >= 0 ? counts : null
  }
  return spread(targets, staged, async (target, entry) => {
    if (entry.carried) return outcomeOf(entry, UNCHANGED)
    try {
      const counts = await changesOf(target, entry)
      if (counts !== null) return outcomeOf(entry, counts)
      if (entry.rows > limits.differenceRows) return outcomeOf(entry, null)
      const { difference, warnings } = await compareVersions(target, entry.table, current, previous, limits)
      for (const { column, text } of warnings) {
        observer({ kind: 'notice', text: `implausible figure in ${entry.table.name}.${column}: ${text}` })
      }
      return outcomeOf(entry, difference, warnings)
    } catch (error) {
      // A failed comparison must not stop the record and the clean-up.
      observer({ kind: 'notice', text: `${entry.table.name} was not compared (${asVitrineError(error).code})` })
      return outcomeOf(entry, null)
    }
  })
}
