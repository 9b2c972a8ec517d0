/** The command line `vitrine`: as a value, which tests run in-process, and as the process that `main.ts` starts. */
import { demoCommand } from './commands/demo.ts'
import { embeddedCommand } from './commands/embedded.ts'
import { COMMANDS } from './commands/index.ts'
import { initCommand } from './commands/init.ts'
import { registerCommand } from './commands/register.ts'
import { processIo } from './process-io.ts'
import { type Program, runProgram } from './program.ts'

export const vitrine: Program = Object.freeze({
  name: 'vitrine',
  summary: 'Publishes a safe copy of an operational PostgreSQL database for Metabase.',
  // The first four are for a team that begins, and not for a program that has its publication inside.
  commands: [initCommand, demoCommand, embeddedCommand, registerCommand, ...COMMANDS],
  publication: null,
})

export async function start(): Promise<void> {
  process.exitCode = await runProgram(vitrine, process.argv.slice(2), processIo())
}
