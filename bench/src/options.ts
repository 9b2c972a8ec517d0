/** Parses the command line of the benches, before anything is started. */
import { parseArgs } from 'node:util'

export const BENCHES = ['pass', 'scan', 'compute', 'ranges', 'run', 'memory', 'readers', 'switches', 'delta'] as const
export type BenchName = (typeof BENCHES)[number]

export interface Options {
  readonly benches: readonly BenchName[]
  /** Number of measured pairs, after one warm-up of each side. */
  readonly rounds: number
  /** Share of the full number of rows. Goals on speed are judged only at 1. */
  readonly scale: number
  readonly json: boolean
}

export const USAGE = `usage: node bench/dist/main.js [${BENCHES.join('|')} …] [--rounds N] [--scale S] [--json]

  --rounds N   measured rounds of each pair, 1 to 100 (default 5)
  --scale S    share of the full number of rows, 0.001 to 1 (default 1); goals are judged at 1 only
  --json       the result as JSON instead of a table

The servers are embedded ones, kept under .bench/, unless BENCH_SOURCE_URL and BENCH_TARGET_URL name two of your own
(URLs of a superuser; the databases bench, tool and reference and the roles bench_writer and bench_reader are made there).
`

/** Throws an Error that names the argument. */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const rounds = Number(values.rounds)
  const scale = Number(values.scale)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new Error('--rounds takes a number from 1 to 100')
  if (!(scale >= 0.001 && scale <= 1)) throw new Error('--scale takes a number from 0.001 to 1')
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench === name))
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: the benches are ${BENCHES.join(', ')}`)
  const benches = BENCHES.filter((bench) => positionals.length === 0 || positionals.includes(bench))
  return { benches, rounds, scale, json: values.json }
}
