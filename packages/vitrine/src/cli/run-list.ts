/** The runs of a record as a table for people. Called by `status` and `runs`. */
import type { Publication } from '../publication/publication.ts'
import type { RunRecord, Trigger } from '../record/runs.ts'
import { duration, type Language } from './language.ts'
import { textTable } from './text-table.ts'

export interface RunListWords {
  readonly runColumns: Readonly<Record<'run' | 'started' | 'trigger' | 'state' | 'time' | 'error', string>>
  readonly states: Readonly<Record<RunRecord['state'] | 'ended', string>>
  readonly triggers: Readonly<Record<Trigger, string>>
  readonly noRun: string
}

/** A run that nobody leads any more has ended: its process was killed, and the next run closes its record. */
export const stateOf = ({ state }: RunRecord, underWay: boolean): keyof RunListWords['states'] =>
  state === 'running' && !underWay ? 'ended' : state

/** `underWay`: whether a run holds the lock at this moment. Instants are on the clocks of the publication. */
export function runListText(
  runs: readonly RunRecord[],
  underWay: boolean,
  { zone }: Publication,
  language: Language,
  words: RunListWords,
): string {
  if (runs.length === 0) return `${words.noRun}\n`
  const titles = words.runColumns
  const rows = runs.map((run) => [
    String(run.id),
    language.moment(run.startedAt, zone),
    words.triggers[run.trigger],
    words.states[stateOf(run, underWay)],
    run.finishedAt === null ? '' : duration(language, run.finishedAt.getTime() - run.startedAt.getTime()),
    [run.errorCode, run.errorPlace].filter((part) => part !== null).join(' '),
  ])
  return textTable(
    [
      { title: titles.run, right: true },
      { title: titles.started },
      { title: titles.trigger },
      { title: titles.state },
      { title: titles.time, right: true },
      { title: titles.error },
    ],
    rows,
  )
}
