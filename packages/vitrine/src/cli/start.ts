/** The process `vitrine`: its arguments and streams, and the exit status that it ends with. Called by `main.ts`. */
import { processIo } from './process-io.ts'
import { runProgram } from './program.ts'
import { vitrine } from './vitrine.ts'

export async function start(): Promise<void> {
  process.exitCode = await runProgram(vitrine, process.argv.slice(2), processIo())
}
