/** The command line `vitrine`, as a value. Started by `main.ts`; tests run it in-process. */
import { COMMANDS } from './commands/index.ts'
import type { Program } from './program.ts'

export const vitrine: Program = Object.freeze({
  name: 'vitrine',
  summary: 'Publishes a safe copy of an operational PostgreSQL database for Metabase.',
  commands: COMMANDS,
  publication: null,
})
