/** The soak from the command line. Exit status 0; 1 when anything was wrong; 2 for a wrong argument; 130 when interrupted. */
import { parseOptions, type SoakOptions, USAGE } from './options.ts'
import { reportOf, wrongsOf } from './report.ts'
import { soak } from './soak.ts'
import { endVictims } from './victim.ts'

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

async function main(): Promise<number> {
  let options: SoakOptions | 'help'
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    return 2
  }
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      endVictims()
      // The servers are ephemeral: they end with this process.
      process.exit(130)
    })
  }
  say(`seed ${options.seed}`)
  const result = await soak(options, say)
  process.stdout.write(`${reportOf(result, options.seed)}\n`)
  return wrongsOf(result) === 0 ? 0 : 1
}

process.exitCode = await main()
