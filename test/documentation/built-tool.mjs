// Runs command lines with the build of the tool, in a process of its own: a message { argv, environment } in, a message
// { status, stdout, stderr } out. One process for all of them, because most of the time of a short command is its start.
import { systemClock } from '../../packages/vitrine/src/base/clock.ts'
import { runProgram } from '../../packages/vitrine/src/cli/program.ts'
import { vitrine } from '../../packages/vitrine/src/cli/vitrine.ts'

process.on('message', async ({ argv, environment }) => {
  const written = { stdout: '', stderr: '' }
  const output = (name) => ({
    isTerminal: false,
    columns: 80,
    write: (text) => {
      written[name] += text
    },
  })
  const status = await runProgram(vitrine, argv, {
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment,
    folder: process.cwd(),
    clock: systemClock,
    ask: null,
    onInterrupt: () => () => undefined,
    exit: (code) => process.exit(code),
  })
  process.send({ status, ...written })
})
