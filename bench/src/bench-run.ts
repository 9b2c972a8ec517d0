/** `run`: a whole run of four tables against a script of psql pipes; `ranges`: a table read by ranges; `memory`: the peak of a run. */
import { type BenchContext, migrateTool, requireSameResult, runReference, runTool, sourceOf } from './bench.ts'
import { FULL_ROWS } from './bench-copy.ts'
import { PUBLISHED } from './publication.ts'
import type { Figure } from './report.ts'
import { alternate, spreadOf } from './rounds.ts'

const SMALL_ROWS = 100_000
const MEGABYTE = 1024 * 1024

export async function benchRun(context: BenchContext): Promise<readonly Figure[]> {
  const { servers, rounds } = context
  const schema = await sourceOf(context, FULL_ROWS)
  await servers.emptyTarget('tool')
  await servers.emptyTarget('reference')
  await migrateTool(context, 'run', schema)
  const pairs = await alternate(
    rounds,
    {
      first: () => runTool(context, 'sync', 'run', schema),
      second: () => runReference(context, 'run', schema),
    },
    () => requireSameResult(context, PUBLISHED, ['company', 'account', 'invitation', 'membership']),
  )
  const [tool, cpu, reference] = [
    spreadOf(pairs.map(({ first }) => first.seconds)),
    spreadOf(pairs.map(({ first }) => first.cpuSeconds)),
    spreadOf(pairs.map(({ second }) => second)),
  ].map(({ median }) => median.toFixed(1))
  return [
    {
      bench: 'run',
      what: 'whole run, 4 tables, against the reference',
      unit: 'ratio',
      goal: 1.15,
      spread: spreadOf(pairs.map(({ first, second }) => first.seconds / second)),
      orientation: `tool ${tool} s (its CPU ${cpu} s), reference ${reference} s`,
    },
  ]
}

/** The tool against itself: one table read in ranges by two sessions, and by one statement. */
export async function benchRanges(context: BenchContext): Promise<readonly Figure[]> {
  const schema = await sourceOf(context, FULL_ROWS)
  await context.servers.emptyTarget('tool')
  await migrateTool(context, 'pass', schema)
  const pairs = await alternate(context.rounds, {
    first: () => runTool(context, 'sync', 'ranged', schema),
    second: () => runTool(context, 'sync', 'pass', schema),
  })
  const figure = { bench: 'ranges', unit: 'ratio' } as const
  const median = (figures: readonly number[]) => spreadOf(figures).median
  const [ranged, whole] = [pairs.map(({ first }) => first), pairs.map(({ second }) => second)]
  const cpu = [ranged, whole].map((side) => median(side.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2))
  const peaks = [ranged, whole].map((side) => median(side.map(({ peakBytes }) => peakBytes / MEGABYTE)).toFixed(0))
  return [
    {
      ...figure,
      what: 'a run of one table by ranges, against one statement',
      goal: 1.05,
      spread: spreadOf(pairs.map(({ first, second }) => first.seconds / second.seconds)),
      orientation: `CPU of the tool ${cpu[0]} s against ${cpu[1]} s`,
    },
    {
      ...figure,
      what: 'its peak memory, against one statement',
      goal: 1.25,
      spread: spreadOf(pairs.map(({ first, second }) => first.peakBytes / second.peakBytes)),
      orientation: `${peaks[0]} MB against ${peaks[1]} MB`,
    },
  ]
}

export async function benchMemory(context: BenchContext): Promise<readonly Figure[]> {
  const { servers } = context
  const [large, small] = [await sourceOf(context, FULL_ROWS), await sourceOf(context, SMALL_ROWS)]
  const peakAt = async (schema: string) => {
    // A fresh target, because the tool refuses a version with far fewer rows than the one before.
    await servers.emptyTarget('tool')
    await migrateTool(context, 'run', schema)
    return (await runTool(context, 'sync', 'run', schema)).peakBytes / MEGABYTE
  }
  // Memory hardly varies from one run to the next, and needs no warm-up.
  const pairs: { readonly large: number; readonly small: number }[] = []
  for (let round = 0; round < Math.min(context.rounds, 3); round++) {
    pairs.push({ large: await peakAt(large), small: await peakAt(small) })
  }
  const smallPeak = spreadOf(pairs.map((pair) => pair.small)).median.toFixed(0)
  return [
    {
      bench: 'memory',
      what: 'peak of the process at 6 M rows',
      unit: 'MB',
      goal: 128,
      spread: spreadOf(pairs.map((pair) => pair.large)),
      orientation: `${smallPeak} MB at 100 k rows`,
    },
    {
      bench: 'memory',
      what: 'the same, against 100 k rows',
      unit: 'ratio',
      goal: 1.25,
      spread: spreadOf(pairs.map((pair) => pair.large / pair.small)),
    },
  ]
}
