/**
 * The command line of the benches: starts the servers, runs the wanted benches, prints the figures, stops the servers.
 * Exit status 0; 1 when something failed or a reader saw something wrong; 2 for a wrong argument; 130 when interrupted.
 */
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BenchContext } from './bench.ts'
import { benchCopy, benchScan } from './bench-copy.ts'
import { benchDelta } from './bench-delta.ts'
import { benchReaders } from './bench-readers.ts'
import { benchMemory, benchRanges, benchRun } from './bench-run.ts'
import { benchSwitches } from './bench-switches.ts'
import { endChildren } from './child.ts'
import { type BenchName, type Options, parseOptions, USAGE } from './options.ts'
import { findPsql } from './reference-psql.ts'
import { type Figure, isMet, tableOf } from './report.ts'
import { BenchServers, embeddedServers, type ServerPair } from './servers.ts'

const FOLDER = fileURLToPath(new URL('../../.bench', import.meta.url))

const RUNNERS: Readonly<Record<BenchName, (context: BenchContext) => Promise<readonly Figure[]>>> = {
  pass: (context) => benchCopy(context, 'pass'),
  scan: benchScan,
  compute: (context) => benchCopy(context, 'compute'),
  ranges: benchRanges,
  run: benchRun,
  memory: benchMemory,
  readers: benchReaders,
  switches: benchSwitches,
  delta: benchDelta,
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** The caller's own servers, by superuser URLs; null when none is named. Throws when only one is. */
function ownServers(env: NodeJS.ProcessEnv): ServerPair | null {
  const [source, target] = [env['BENCH_SOURCE_URL'], env['BENCH_TARGET_URL']]
  if (source === undefined && target === undefined) return null
  if (source === undefined || target === undefined) throw new Error('BENCH_SOURCE_URL and BENCH_TARGET_URL go together')
  return { source, target, stop: () => Promise.resolve() }
}

/** Ctrl-C ends the processes and stops the servers before this process goes. */
function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('stopping …')
      endChildren()
      stop().finally(() => process.exit(130))
    })
  }
}

async function measure({ benches, rounds, scale, json }: Options): Promise<boolean> {
  const [load = 0] = loadavg()
  const psql = findPsql(process.env['PATH'] ?? '')
  const servers = await BenchServers.open(ownServers(process.env) ?? (await embeddedServers(FOLDER)))
  let stopping: Promise<void> | null = null
  const stop = () => (stopping ??= servers.stop())
  stopOnSignal(stop)
  try {
    const figures: Figure[] = []
    for (const bench of benches) {
      say(`${bench} …`)
      figures.push(...(await RUNNERS[bench]({ servers, psql, rounds, scale, say })))
    }
    const reference = psql === null ? 'raw driver streams, no psql found' : psql.version
    const facts = {
      scale,
      rounds,
      reference,
      servers: servers.versions,
      node: process.version,
      cores: availableParallelism(),
      // Load of the minute before the start: above 0.5, other work disturbed the measurement.
      load: Number(load.toFixed(1)),
    }
    if (json) process.stdout.write(`${JSON.stringify({ ...facts, figures }, null, 2)}\n`)
    else {
      const head = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
      process.stdout.write(`${tableOf(figures, scale === 1)}\n\n${head.join(' · ')}\n`)
    }
    return figures.every((figure) => !figure.always || isMet(figure))
  } catch (error) {
    // Errors after an interruption come from the stopping servers.
    if (stopping === null) throw error
    return false
  } finally {
    await stop()
  }
}

async function main(): Promise<number> {
  let options: Options | 'help'
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
  try {
    return (await measure(options)) ? 0 : 1
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return 1
  }
}

process.exitCode = await main()
