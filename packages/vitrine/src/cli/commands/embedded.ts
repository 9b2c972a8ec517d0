/** `embedded`: starts the PostgreSQL server that `init` made for a first look, or stops it. */
import type { ExitName } from '../../base/errors.ts'
import type { Call, Command } from '../command.ts'
import { startEmbedded, stopEmbedded } from '../embedded-server.ts'

export const embeddedCommand: Command = {
  name: 'embedded',
  summary: 'start or stop the embedded PostgreSQL of this folder',
  description:
    'The server that init starts when no target is named: for a first look and for tests, on 127.0.0.1 alone, with its data in ' +
    '.vitrine/target. It goes on after the command; after a restart of the machine, start it again.',
  options: { '--stop': 'stop it; its data stays' },
  examples: [
    { line: 'embedded', says: 'start it, or see where it listens' },
    { line: 'embedded --stop', says: 'stop it' },
  ],
  withoutPublication: true,
  run,
}

/** What `embedded --json` prints. */
export interface EmbeddedAnswer {
  readonly running: boolean
  /** On 127.0.0.1. */
  readonly port: number | null
}

async function run(call: Call): Promise<ExitName> {
  const { folder } = call.io
  if (call.flag('stop')) {
    const was = await stopEmbedded(folder)
    call.answer({ running: false, port: null } satisfies EmbeddedAnswer, () =>
      was ? 'Stopped.\n' : 'It was not running.\n',
    )
    return 'ok'
  }
  const { port } = await startEmbedded(folder)
  call.answer({ running: true, port } satisfies EmbeddedAnswer, () => `It listens on 127.0.0.1:${port}.\n`)
  return 'ok'
}
