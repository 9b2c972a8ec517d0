/** The runs of a record, and the outcomes of their tables, as text for people. Called by the commands that show runs. */

import { counted, countText, duration, moment } from '../base/format.ts'
import { type Publication, publishedRelations } from '../publication/publication.ts'
import type { RunRecord, TableOutcome } from '../record/runs.ts'
import type { ForeseenWay } from '../run/foreseen.ts'
import { textTable } from './text-table.ts'

/** A running record without a process: it was killed, and the next run will close the record. */
const stateText = ({ state }: RunRecord, underWay: boolean): string =>
  state === 'running' && !underWay ? 'ended without a word' : state

/** `underWay`: whether a run holds the lock at this moment. Instants are on the clocks of the publication. */
export function runListText(runs: readonly RunRecord[], underWay: boolean, { zone }: Publication): string {
  if (runs.length === 0) return 'No run yet.\n'
  const rows = runs.map((run) => [
    String(run.id),
    moment(run.startedAt, zone),
    run.trigger,
    stateText(run, underWay),
    run.finishedAt === null ? '' : duration(run.finishedAt.getTime() - run.startedAt.getTime()),
    [run.errorCode, run.errorPlace].filter((part) => part !== null).join(' '),
  ])
  return textTable([{ right: 'run' }, 'started', 'by', 'state', { right: 'time' }, 'error'], rows)
}

/** In the order of the publication; runs and records use other orders. */
export function inOrder(tables: readonly TableOutcome[], publication: Publication): readonly TableOutcome[] {
  const order = publishedRelations(publication).map(({ name }) => name)
  return tables.toSorted((a, b) => order.indexOf(a.table) - order.indexOf(b.table))
}

/** One line per table, in the order of the publication, then what is unknown and what is suppressed in them. */
export function outcomesText(tables: readonly TableOutcome[], publication: Publication): string {
  const ordered = inOrder(tables, publication)
  const rows = ordered.map((table) => [
    table.table,
    ...[table.rows, table.added, table.changed, table.removed].map((value) => countText(value)),
    table.carried ? 'as it was' : duration(table.milliseconds),
  ])
  const titles = ['rows', 'added', 'changed', 'removed', 'time'].map((right) => ({ right }))
  return [textTable(['table', ...titles], rows), ...ordered.flatMap(unknownText), ...ordered.flatMap(suppressedText)]
    .join('\n')
    .trimEnd()
}

/** For each table, whether only what changed is read, and why not. */
export const waysText = (ways: readonly ForeseenWay[]): string =>
  ways.length === 0
    ? ''
    : `\nThe next run reads, as far as it can be said before:\n${ways
        .map(
          ({ table, reason }) =>
            `  ${table}: ${reason === null ? 'what has changed' : `every row, because ${reason}`}\n`,
        )
        .join('')}`

/** How many rows of a table hold something unknown, and why; nothing for a table without such rows. */
function unknownText({ table, unknown }: TableOutcome): readonly string[] {
  const reasons = Object.entries(unknown).sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return []
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0)
  const why = reasons.map(([reason, rows]) => `${reason} ${countText(rows)}`).join(', ')
  return [`${table}: ${counted(total, 'row')} with something unknown (${why})`]
}

const suppressedText = ({ table, suppressed }: TableOutcome): readonly string[] =>
  (suppressed?.rows ?? 0) === 0
    ? []
    : // sound because there is none without a figure.
      [
        `${table}: cells of ${counted(suppressed?.rows ?? 0, 'row')} suppressed, in ${counted(suppressed?.groups ?? 0, 'small group')}`,
      ]
