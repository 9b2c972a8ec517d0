/** One round of `follow`, without its loop: its ways, null where a run is due, or the code of what it throws; and what it says. */
import { asVitrineError } from '../../src/base/errors.ts'
import { Alarms } from '../../src/cli/alarms.ts'
import { callOf } from '../../src/cli/command.ts'
import { publishBetween } from '../../src/cli/commands/follow.ts'
import type { Environment } from '../../src/cli/environment.ts'
import type { Publication } from '../../src/index.ts'
import { capture } from '../cli/captured-io.ts'

export async function round(publication: Publication, environment: Environment) {
  const [signal, names] = [new AbortController().signal, (name: string) => name]
  let outcome: Readonly<Record<string, string>> | string | null = null
  const { stdout, stderr } = await capture(
    async (_, io) => {
      const facts = { io, signal, fault: signal, command: 'follow', parameters: [], options: {}, publication }
      const call = callOf({ ...facts, explain: () => null, names })
      const settings = call.settings({ source: 'required', target: 'required' })
      outcome = await publishBetween(call, settings, new Alarms(call, settings)).then(
        (report) => report && Object.fromEntries(report.tables.map(({ table, way }) => [table, way])),
        (thrown: unknown) => {
          const error = asVitrineError(thrown)
          call.tell(error)
          return error.code
        },
      )
      return 0
    },
    'follow',
    { environment },
  )
  return { outcome: outcome as Readonly<Record<string, string>> | string | null, said: stdout + stderr }
}
