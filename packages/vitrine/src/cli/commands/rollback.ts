/** `rollback`: brings back the version before the published one, at once and whole. */
import type { ExitName } from '../../base/errors.ts'
import { duration, instant } from '../../base/format.ts'
import { command } from '../../base/remedy.ts'
import type { SwitchWay } from '../../record/outcome.ts'
import type { TableOutcome } from '../../record/runs.ts'
import { rollback as rollBack } from '../../run/rollback.ts'
import { nextDue } from '../../schedule/due.ts'
import type { Call, Command } from '../command.ts'
import { showing } from '../progress.ts'
import { rounded } from '../publishing.ts'
import { outcomesText } from '../run-list.ts'

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'bring back the version before the published one',
  description:
    'Switches back to the previous version, which is kept out of sight, and keeps the present one in its place: a second ' +
    'rollback undoes the first. Nothing is read from the source. The history does not go back: every recorded day stays. ' +
    'Recorded as a run. The schedule publishes again at the next due time, so correct the cause before.',
  options: {},
  examples: [
    { line: 'rollback', says: 'what was published this night is wrong' },
    { line: command('sync'), says: 'when the cause is corrected' },
  ],
  run,
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

async function run(call: Call): Promise<ExitName> {
  const { publication, io, signal } = call
  const { target } = call.settings({ source: 'optional', target: 'required' })
  const started = io.clock.monotonicMs()
  const report = await showing(io, (observer) => rollBack({ publication, target, observer, signal }))
  const { switchWay: way, switchTries: tries } = report
  const answer: RollbackAnswer = {
    run: report.run,
    dataOf: report.dataOf,
    nextDue: nextDue(publication.schedule, publication.zone, io.clock.now()),
    tables: rounded(report.tables),
    switch: { way, tries, milliseconds: Math.round(report.switchMilliseconds) },
    milliseconds: Math.round(io.clock.monotonicMs() - started),
  }
  call.answer(answer, () => rollbackText(call, answer))
  return 'ok'
}

function rollbackText({ publication }: Call, { tables, dataOf, nextDue, milliseconds }: RollbackAnswer): string {
  const { zone } = publication
  const readers = dataOf === null ? '' : ` Readers see data of ${instant(dataOf, zone)}.`
  return [
    outcomesText(tables, publication),
    `Rolled back in ${duration(milliseconds)}.${readers}`,
    `A second rollback undoes this one. The next run is due at ${instant(nextDue, zone)}, and reads the source again.`,
    '',
  ].join('\n')
}
