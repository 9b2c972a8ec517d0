/** The process behind `npm start`. */
import { processIo, runProgram } from 'vitrine/cli'
import { startProgram } from './start/program.ts'

const io = processIo()
if (io.environment['npm_lifecycle_event'] !== undefined) {
  // npm runs us through a shell that does not pass signals on: when it is killed, we would stay behind with the servers.
  // Only once, and not when we are ending already: a second signal leaves the servers.
  const shell = process.ppid
  let ending = false
  io.onInterrupt(() => {
    ending = true
  })
  setInterval(() => process.ppid !== shell && !ending && process.kill(process.pid, 'SIGTERM'), 1000).unref()
}
process.exitCode = await runProgram(startProgram, process.argv.slice(2), io)
