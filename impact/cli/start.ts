/** Entry file of `npm start`. */
import { onRecentNode } from './node-version.ts'

await onRecentNode(async () => {
  const [{ processIo, runProgram }, { startProgram }] = await Promise.all([
    import('vitrine/cli'),
    import('./start/program.ts'),
  ])
  process.exitCode = await runProgram(startProgram, process.argv.slice(2), processIo())
})
