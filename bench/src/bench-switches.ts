/**
 * `switches`: what readers notice of many switches between two ready versions, with no other load than their own. Switches by
 * renaming schemas run beside an idle transaction; switches by moving tables do not, because it would block them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchContext, migrateTool, runTool, sourceOf } from './bench.ts'
import { worstDuring } from './bench-readers.ts'
import { runNode } from './child.ts'
import { READER, WRITER } from './publication.ts'
import { Readers } from './readers.ts'
import type { Figure } from './report.ts'
import { spreadOf } from './rounds.ts'
import { withClient } from './servers.ts'
import { rowCounts } from './tables.ts'
import { parseSwitches } from './tool-report.ts'

const FULL_ROWS = 600_000
const SWITCHES_PER_ROUND = 20
const QUIET_MS = 2_000
const IDLE_FOR_MS = 300

type Way = 'rename' | 'move'
/** Longest stall of a reader, in milliseconds. For `move`: the lock timeout of 100 ms plus the work. */
const GOALS: Readonly<Record<Way, number>> = { rename: 5, move: 150 }

/** Publishes two versions of the same tables with different generation numbers. */
async function publishTwice(context: BenchContext, schema: string): Promise<void> {
  await context.servers.emptyTarget('tool')
  await migrateTool(context, 'readers', schema)
  for (let version = 0; version < 2; version++) {
    await withClient(context.servers.sourceUrl(), (client) =>
      client.query(`update ${schema}.generation set number = number + 1`),
    )
    await runTool(context, 'sync', 'readers', schema)
  }
}

/** Without the right to create schemas, the tool switches by moving tables. The writer owns the database, so it can revoke its own right. */
const refuseCreate = ({ servers }: BenchContext): Promise<unknown> =>
  withClient(servers.targetUrl('tool'), (client) => client.query(`revoke create on database tool from ${WRITER}`))

async function measure(context: BenchContext, schema: string, way: Way): Promise<readonly Figure[]> {
  const { servers, rounds } = context
  const readers = await Readers.start(servers.targetUrl('tool', READER), rowCounts(Number(schema.split('_')[1])))
  let measuring = true
  const renewing = (async () => {
    while (measuring && way === 'rename') {
      await readers.renewIdle()
      await sleep(IDLE_FOR_MS)
      await readers.lookIdle()
    }
  })()
  try {
    await sleep(QUIET_MS)
    const quiet = spreadOf(readers.lookUps.map(({ milliseconds }) => milliseconds))
    const count = String(rounds * SWITCHES_PER_ROUND)
    const { output } = await runNode('switches.js', [schema, count], servers.ends('tool'))
    const { switches, givenUp } = parseSwitches(output)
    const worst = switches.map((one) => worstDuring(readers.lookUps, one)).filter((found) => found !== null)
    const stalls = worst.map((milliseconds) => Math.max(0, milliseconds - quiet.median))
    const times = spreadOf(switches.map(({ milliseconds }) => milliseconds))
    const tries = spreadOf(switches.map((one) => one.tries))
    const seen = `${readers.lookUps.length} look-ups, ${readers.aggregations} aggregations`
    const floor = `quiet look-up ${quiet.median.toFixed(1)} ms (worst ${quiet.max.toFixed(1)})`
    const over = (limit: number) => stalls.filter((stall) => stall > limit).length
    const common = { bench: 'switches', unit: 'count', goal: 0, judged: 'max', always: true } as const
    const wholeCount = (value: number) => ({ median: value, min: value, max: value })
    return [
      {
        bench: 'switches',
        what: `stall, ${switches.length} switches by ${way}`,
        unit: 'ms',
        goal: GOALS[way],
        spread: spreadOf(stalls),
        judged: 'max',
        orientation: `${over(GOALS[way])} above; switch ${times.median.toFixed(1)} ms (worst ${times.max.toFixed(1)}), tries ${tries.median} (worst ${tries.max}), ${givenUp} given up, ${floor}`,
      },
      {
        ...common,
        what: `errors, by ${way}`,
        spread: wholeCount(readers.errors.length),
        orientation: readers.errors[0] ?? seen,
      },
      {
        ...common,
        what: `empty, partial or mixed answers, by ${way}`,
        spread: wholeCount(readers.wrong),
      },
    ]
  } finally {
    measuring = false
    await renewing
    await readers.stop()
  }
}

export async function benchSwitches(context: BenchContext): Promise<readonly Figure[]> {
  const schema = await sourceOf(context, FULL_ROWS)
  await publishTwice(context, schema)
  const byRename = await measure(context, schema, 'rename')
  await refuseCreate(context)
  return [...byRename, ...(await measure(context, schema, 'move'))]
}
