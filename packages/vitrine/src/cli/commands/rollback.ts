/** `rollback`: brings back the version before the published one, at once and whole. */
import type { ExitName } from '../../base/errors.ts'
import type { SwitchWay } from '../../record/outcome.ts'
import type { TableOutcome } from '../../record/runs.ts'
import { type RollbackReport, rollback as rollBack } from '../../run/rollback.ts'
import { nextDue } from '../../schedule/due.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { duration, instant } from '../language.ts'
import { showProgress } from '../progress.ts'
import { outcomesText, type SyncWords } from './sync.ts'

export interface RollbackWords extends CommandWords {
  readonly options: Readonly<Record<string, never>>
  readonly done: (instant: string | null, time: string) => string
  /** What happens next: a second rollback, the next run. */
  readonly afterwards: (nextDue: string) => string
}

export const rollbackEnglish: RollbackWords = {
  summary: 'bring back the version before the published one',
  description:
    'Switches back to the previous version, which is kept out of sight, and keeps the present one in its place: a second ' +
    'rollback undoes the first. Nothing is read from the source. The history does not go back: every recorded day stays. ' +
    'Recorded as a run. The schedule publishes again at the next due time, so correct the cause before.',
  options: {},
  examples: [
    { line: 'rollback', says: 'what was published this night is wrong' },
    { line: 'sync', says: 'when the cause is corrected' },
  ],
  done: (instant, time) =>
    `Rolled back in ${time}. ${instant === null ? '' : `Readers see data of ${instant}.`}`.trim(),
  afterwards: (nextDue) =>
    `A second rollback undoes this one. The next run is due at ${nextDue}, and reads the source again.`,
}

/** What `rollback --json` prints. Instants are ISO 8601 in UTC. */
export interface RollbackAnswer {
  readonly run: number
  /** Of when the data are that readers see now; null when it was never recorded. */
  readonly dataOf: Date | null
  readonly nextDue: Date
  readonly tables: readonly TableOutcome[]
  readonly switch: { readonly way: SwitchWay; readonly tries: number; readonly milliseconds: number }
  readonly milliseconds: number
}

export const defineRollback = (words: RollbackWords, syncWords: SyncWords): Command =>
  defineCommand('rollback', words, {}, (call) => rollback(call, words, syncWords))

async function rollback(call: Call, words: RollbackWords, syncWords: SyncWords): Promise<ExitName> {
  const publication = await call.publication()
  const { target } = call.settings(publication, { source: 'optional', target: 'required' })
  const started = call.io.clock.monotonicMs()
  const progress = showProgress(call.io, call.language, syncWords)
  let report: RollbackReport
  try {
    report = await rollBack({ publication, target, observer: progress.observe, signal: call.signal })
  } finally {
    progress.end()
  }
  const milliseconds = Math.round(call.io.clock.monotonicMs() - started)
  const { schedule, zone } = publication
  const answer: RollbackAnswer = {
    run: report.run,
    dataOf: report.dataOf,
    nextDue: nextDue(schedule, zone, call.io.clock.now()),
    tables: report.tables.map((table) => ({ ...table, milliseconds: Math.round(table.milliseconds) })),
    switch: {
      way: report.switchWay,
      tries: report.switchTries,
      milliseconds: Math.round(report.switchMilliseconds),
    },
    milliseconds,
  }
  const moment = (at: Date) => instant(call.language, at, zone)
  call.answer(answer, () =>
    [
      outcomesText(answer.tables, publication, call.language, syncWords),
      words.done(answer.dataOf === null ? null : moment(answer.dataOf), duration(call.language, milliseconds)),
      words.afterwards(moment(answer.nextDue)),
      '',
    ].join('\n'),
  )
  return 'ok'
}
