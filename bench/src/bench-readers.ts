/** `readers`: what readers of the published schema notice of the switch, over many runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type BenchContext, migrateTool, runTool, sourceOf } from './bench.ts'
import { READER } from './publication.ts'
import { type LookUp, Readers } from './readers.ts'
import type { Figure } from './report.ts'
import { spreadOf } from './rounds.ts'
import { rowCounts } from './tables.ts'

const FULL_ROWS = 600_000
const RUNS_PER_ROUND = 4
const QUIET_MS = 2_000
/** More than the clocks of two processes on one machine differ. */
const CLOCK_MS = 0.5
const CHANGE_EVERY_MS = 20

/** Changes the generation number in the source all the time, so that reads at two instants can be told apart. Returns its end. */
export async function changeSource(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench changes' })
  client.on('error', () => undefined)
  await client.connect()
  let changing = true
  const loop = (async () => {
    while (changing) {
      await client.query('update generation set number = number + 1')
      await sleep(CHANGE_EVERY_MS)
    }
  })()
  return async () => {
    changing = false
    await loop
    await client.end()
  }
}

/** Milliseconds of the longest look-up that overlapped the switch's transaction; null when none did. */
export function worstDuring(
  lookUps: readonly LookUp[],
  switched: { readonly at: number; readonly milliseconds: number },
): number | null {
  const begin = switched.at - switched.milliseconds - CLOCK_MS
  const end = switched.at + CLOCK_MS
  const meeting = lookUps.filter(({ start, milliseconds }) => start <= end && start + milliseconds >= begin)
  return meeting.length === 0 ? null : Math.max(...meeting.map(({ milliseconds }) => milliseconds))
}

export async function benchReaders(context: BenchContext): Promise<readonly Figure[]> {
  const { servers, rounds } = context
  const schema = await sourceOf(context, FULL_ROWS)
  const counts = rowCounts(Number(schema.split('_')[1]))
  await servers.emptyTarget('tool')
  await migrateTool(context, 'readers', schema)
  await runTool(context, 'sync', 'readers', schema)
  const sourceUrl = new URL(servers.sourceUrl())
  sourceUrl.searchParams.set('options', `-c search_path=${schema}`)
  const stopChanging = await changeSource(sourceUrl.href)
  const readers = await Readers.start(servers.targetUrl('tool', READER), counts)
  const stalls: number[] = []
  const switches: number[] = []
  let unseen = 0
  try {
    await sleep(QUIET_MS)
    const quiet = spreadOf(readers.lookUps.map(({ milliseconds }) => milliseconds))
    for (let run = 0; run < rounds * RUNS_PER_ROUND; run++) {
      await readers.renewIdle()
      const first = readers.lookUps.length
      const { switched } = await runTool(context, 'sync', 'readers', schema)
      await readers.lookIdle()
      const worst = switched === null ? null : worstDuring(readers.lookUps.slice(first), switched)
      if (worst === null) unseen += 1
      else stalls.push(Math.max(0, worst - quiet.median))
      if (switched !== null) switches.push(switched.milliseconds)
    }
    return figures(readers, stalls, quiet, switches, unseen)
  } finally {
    await readers.stop()
    await stopChanging()
  }
}

const wholeCount = (value: number) => ({ median: value, min: value, max: value })

function figures(
  readers: Readers,
  stalls: readonly number[],
  quiet: { readonly median: number; readonly max: number },
  switches: readonly number[],
  unseen: number,
): readonly Figure[] {
  const longest = spreadOf(switches)
  const floor = `quiet look-up ${quiet.median.toFixed(1)} ms (worst ${quiet.max.toFixed(1)})`
  const looks = `${readers.lookUps.length} look-ups, ${readers.aggregations} aggregations`
  const common = { bench: 'readers', unit: 'count', goal: 0, judged: 'max', always: true } as const
  return [
    {
      bench: 'readers',
      what: `stall at the switch, ${stalls.length + unseen} runs`,
      unit: 'ms',
      goal: 5,
      spread: spreadOf(stalls),
      judged: 'max',
      orientation: `switch ${longest.median.toFixed(1)} ms (worst ${longest.max.toFixed(1)}), ${floor}`,
    },
    { ...common, what: 'errors', spread: wholeCount(readers.errors.length), orientation: readers.errors[0] ?? looks },
    { ...common, what: 'empty, partial or mixed answers', spread: wholeCount(readers.wrong) },
  ]
}
