/**
 * Three benches of one table of a million rows. `pass`: without rules, against psql. `compute`: with rules, against psql that copies
 * their finished results. `scan`: with and without the search for forbidden patterns in its values.
 */

import { type BenchContext, requireSameResult, runReference, runTool, sourceOf } from './bench.ts'
import { NEXT } from './reference.ts'
import type { Figure } from './report.ts'
import { alternate, spreadOf } from './rounds.ts'

/** Rows of all source tables; one sixth are companies. */
export const FULL_ROWS = 6_000_000

const GOALS = { pass: 1.1, compute: 1.2 } as const

export async function benchCopy(context: BenchContext, subject: 'pass' | 'compute'): Promise<readonly Figure[]> {
  const { servers, rounds } = context
  const schema = await sourceOf(context, FULL_ROWS)
  await servers.emptyTarget('tool')
  await servers.emptyTarget('reference')
  const pairs = await alternate(
    rounds,
    {
      first: async () => {
        await servers.emptyStaging('tool')
        return runTool(context, 'load', subject, schema)
      },
      second: async () => {
        await servers.emptyStaging('reference')
        return runReference(context, subject, schema)
      },
    },
    () => requireSameResult(context, NEXT, ['company']),
  )
  const [tool, cpu, reference] = [
    spreadOf(pairs.map(({ first }) => first.seconds)),
    spreadOf(pairs.map(({ first }) => first.cpuSeconds)),
    spreadOf(pairs.map(({ second }) => second)),
  ].map(({ median }) => median.toFixed(2))
  return [
    {
      bench: subject,
      what: `${subject === 'pass' ? '25 columns' : '30 columns, 5 by rules'}, against the reference`,
      unit: 'ratio',
      goal: GOALS[subject],
      spread: spreadOf(pairs.map(({ first, second }) => first.seconds / second)),
      orientation: `tool ${tool} s (its CPU ${cpu} s), reference ${reference} s`,
    },
  ]
}

/** Bytes of a row of `company` in binary COPY, on average. */
const ROW_BYTES = 207

/** The tool against itself: the same rows, with and without a search in their values. */
export async function benchScan(context: BenchContext): Promise<readonly Figure[]> {
  const schema = await sourceOf(context, FULL_ROWS)
  await context.servers.emptyTarget('tool')
  const load = (subject: 'pass' | 'unwatched') => async () => {
    await context.servers.emptyStaging('tool')
    return runTool(context, 'load', subject, schema)
  }
  const pairs = await alternate(context.rounds, { first: load('pass'), second: load('unwatched') })
  const { median } = spreadOf(pairs.map(({ first, second }) => first.cpuSeconds - second.cpuSeconds))
  const megabytes = (ROW_BYTES * FULL_ROWS * context.scale) / 6 / 1e6
  return [
    {
      bench: 'scan',
      what: '11 texts of 25 columns looked at, against none',
      unit: 'ratio',
      goal: GOALS.pass,
      spread: spreadOf(pairs.map(({ first, second }) => first.seconds / second.seconds)),
      orientation: `${median.toFixed(2)} s of CPU more, ${Math.round(megabytes / Math.max(median, 0.01))} MB/s`,
    },
  ]
}
