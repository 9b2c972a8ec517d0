/** `erase`: takes the rest of a value out of the target, once it has left the source and the published version. */
import type { ExitName } from '../../base/errors.ts'
import { counted } from '../../base/format.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { erase as eraseFrom } from '../../run/erase.ts'
import type { Call, Command } from '../command.ts'
import { withWritableTarget } from '../sessions.ts'
import { type TraceAnswer, toldLeft, traceAnswer, tracedValue, traceText } from '../traced.ts'

export const eraseCommand: Command = {
  name: 'erase',
  parameters: '<table> [column]',
  summary: 'take what is left of an erased value out of the target',
  description:
    'For after a value was erased in the application and a sync has published without it. Removes the kept version, staging ' +
    'and versions left behind, and renews the statistics that quote the value; then it looks for the value as trace does. ' +
    'It records when something was erased from which table, never what, and no rollback brings an older version back. ' +
    'The value is read from standard input. Files of the server keep traces: docs/operating/erasure.md has the steps.',
  options: {
    '--history':
      'forget the recorded days of history tables whose figures hold the value; they cannot be computed again',
  },
  examples: [{ line: 'erase shop_customer < value.txt', says: 'after the sync that published without it' }],
  run,
}

/** What `erase --json` prints. */
export interface EraseAnswer extends TraceAnswer {
  /** Recorded days that were forgotten. */
  readonly days: number
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const { source, target, pseudonymKey } = call.settings({ source: 'optional', target: 'required' })
  const wanted = await tracedValue(call, { pseudonymKey })
  const { trace, days } = await withWritableTarget(call, { target, source }, async (session) => {
    await requireBookkeeping(session, publication.schema)
    return eraseFrom({ session, publication }, wanted, pseudonymKey, call.flag('history'))
  })
  const answer: EraseAnswer = { ...traceAnswer(trace), days }
  call.answer(answer, () => {
    const forgotten = days === 0 ? '' : `Forgotten: ${counted(days, 'recorded day')}.\n`
    return `Erased: no earlier version is kept, and none comes back.\n${forgotten}${traceText(trace)}`
  })
  return toldLeft(call, trace)
}
