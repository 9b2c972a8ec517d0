/** `trace`: whether a value still stands anywhere in the target. */
import type { ExitName } from '../../base/errors.ts'
import { takeRunLock } from '../../postgres/lock.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { traceIn } from '../../run/trace.ts'
import type { Call, Command } from '../command.ts'
import { reading } from '../sessions.ts'
import { toldLeft, traceAnswer, tracedValue, traceText } from '../traced.ts'

export const traceCommand: Command = {
  name: 'trace',
  parameters: '<table> [column]',
  summary: 'count where a value still stands in the target; the value is read from standard input',
  description:
    'Looks for a value of a published column (the primary key, unless another is named) in the published version and the ' +
    'kept one, in staging and versions left behind, in the history and in the statistics of PostgreSQL. For a column of ' +
    'pseudonyms give the original: its pseudonym is looked for. The value comes from standard input, never from the command ' +
    'line, and is compared here: no server gets it. Prints counts, and exits with 11 when something is left.',
  options: {},
  examples: [
    { line: 'trace shop_customer < value.txt', says: 'by the key of the table' },
    { line: 'trace shop_customer person < value.txt', says: 'by the address behind a pseudonym' },
  ],
  run,
}

async function run(call: Call): Promise<ExitName> {
  const { publication } = call
  const settings = call.settings({ target: 'required' })
  const wanted = await tracedValue(call, settings)
  const found = await reading(call, 'target', settings.target, async (session) => {
    await requireBookkeeping(session, publication.schema)
    await takeRunLock(session, publication.schema)
    return traceIn({ session, publication }, wanted, settings.pseudonymKey)
  })
  call.answer(traceAnswer(found), () => traceText(found))
  return toldLeft(call, found)
}
