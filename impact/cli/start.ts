/** The process behind `npm start`. */
import { onRecentNode } from './node-version.ts'

/**
 * npm runs us through a shell that does not pass signals on: when it is killed, we would stay behind with the servers.
 * Only once, and not when we are ending already: a second signal leaves the servers.
 */
function followShell(onInterrupt: (listener: () => void) => () => void): void {
  const shell = process.ppid
  let ending = false
  onInterrupt(() => {
    ending = true
  })
  setInterval(() => process.ppid !== shell && !ending && process.kill(process.pid, 'SIGTERM'), 1000).unref()
}

await onRecentNode(async () => {
  const [{ processIo, runProgram }, { startProgram }] = await Promise.all([
    import('vitrine/cli'),
    import('./start/program.ts'),
  ])
  const io = processIo()
  if (io.environment['npm_lifecycle_event'] !== undefined) followShell(io.onInterrupt)
  process.exitCode = await runProgram(startProgram, process.argv.slice(2), io)
})
