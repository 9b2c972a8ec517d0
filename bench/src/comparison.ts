/**
 * Compares the tool with other ways to fill a second database, for docs/comparison.md: `node bench/dist/comparison.js
 * [--scale S] [--rounds N]`. Measures time, CPU of both servers and of the way itself, WAL, and what a reader sees meanwhile.
 * Needs Linux and psql. Starts embedded servers in `.bench/comparison`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { type BenchContext, migrateTool, runTool, sourceOf } from './bench.ts'
import { changeSource } from './bench-readers.ts'
import { runPsql } from './child.ts'
import { PUBLISHED, READER } from './publication.ts'
import { Readers } from './readers.ts'
import { findPsql, type Psql } from './reference-psql.ts'
import { type Replicated, replicate } from './replication.ts'
import { spreadOf } from './rounds.ts'
import { cpuOf, walOf } from './server-cpu.ts'
import { BenchServers, embeddedServers, type TargetName, withClient } from './servers.ts'
import { rowCounts } from './tables.ts'
import { importForeign, TABLES, WAYS, type Way } from './ways.ts'

/** 300 000 published rows in two tables, as in the bench `readers`. */
const FULL_ROWS = 600_000
const QUIET_MS = 10_000
const FOLDER = fileURLToPath(new URL('../../.bench/comparison', import.meta.url))

/** Does one refresh. Returns the seconds of CPU of its own processes. */
type Refresh = () => Promise<number>

interface Cost {
  readonly seconds: number
  readonly sourceCpu: number
  readonly targetCpu: number
  readonly ownCpu: number
  readonly wal: number
}

interface Row {
  readonly way: string
  readonly cells: readonly (string | number)[]
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Seconds of CPU in the last line of the shell's `times`, which is about its children. */
function ownCpu(output: string): number {
  const [minutes = 0, seconds = 0, more = 0, rest = 0] = (output.trim().split('\n').at(-1) ?? '')
    .split(/[ms ]+/)
    .map(Number)
  return 60 * (minutes + more) + seconds + rest
}

async function costOf(refresh: Refresh, admins: readonly [Client, Client]): Promise<Cost> {
  const [source, target] = admins
  const look = async () => ({ source: await cpuOf(source), target: await cpuOf(target), wal: await walOf(target) })
  const before = await look()
  const started = performance.now()
  const own = await refresh()
  const seconds = (performance.now() - started) / 1000
  const after = await look()
  return {
    seconds,
    sourceCpu: after.source - before.source,
    targetCpu: after.target - before.target,
    ownCpu: own,
    wal: after.wal - before.wal,
  }
}

/** Measures costs without readers, then what readers see while the source changes all the time. */
async function judged(
  context: BenchContext,
  side: TargetName,
  schema: string,
  refresh: Refresh,
): Promise<Row['cells']> {
  const { servers, rounds } = context
  await refresh()
  const costs = await withClient(servers.sourceUrl(), (source) =>
    withClient(servers.adminUrl(side), async (target) => {
      const found: Cost[] = []
      for (let round = 0; round < rounds; round++) {
        await servers.settle()
        found.push(await costOf(refresh, [source, target]))
      }
      return found
    }),
  )
  const bytes = await withClient(servers.adminUrl(side), async (client) => {
    const { rows } = await client.query<{ bytes: string }>(
      `select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c where c.relnamespace = '${PUBLISHED}'::regnamespace and relkind = 'r'`,
    )
    return Number(rows[0]?.bytes)
  })
  const seen = await seenWhile(context, side, schema, async () => {
    for (let round = 0; round < rounds; round++) await refresh()
  })
  const median = (of: keyof Cost) => spreadOf(costs.map((cost) => cost[of])).median
  return [
    median('seconds').toFixed(2),
    median('sourceCpu').toFixed(2),
    median('targetCpu').toFixed(2),
    median('ownCpu').toFixed(2),
    Math.round(median('wal') / 1e6),
    Math.round(bytes / 1e6),
    ...seen,
  ]
}

/** What readers see during `work`, while the source changes all the time. */
async function seenWhile(
  { servers }: BenchContext,
  side: TargetName,
  schema: string,
  goesOn: () => Promise<unknown>,
): Promise<Row['cells']> {
  const url = new URL(servers.sourceUrl())
  url.searchParams.set('options', `-c search_path=${schema}`)
  const stopChanging = await changeSource(url.href)
  const readers = await Readers.start(servers.targetUrl(side, READER), rowCounts(Number(schema.split('_')[1])))
  try {
    await goesOn()
  } finally {
    await readers.stop()
    await stopChanging()
  }
  const answers = readers.lookUps.length + readers.aggregations
  return [
    Math.round(Math.max(...readers.lookUps.map(({ milliseconds }) => milliseconds))),
    `${readers.wrong} of ${answers}`,
    readers.errors.length === 0 ? '0' : `${readers.errors.length}: ${readers.errors[0]}`,
  ]
}

/** The baseline: what readers see when nothing is refreshed. */
async function byNobody(context: BenchContext, schema: string): Promise<Row> {
  const seen = await seenWhile(context, 'tool', schema, () => sleep(QUIET_MS))
  return { way: 'nothing', cells: ['', '', '', '', '', '', ...seen] }
}

async function byTool(context: BenchContext, schema: string): Promise<Row> {
  await context.servers.emptyTarget('tool')
  await migrateTool(context, 'readers', schema)
  const refresh = async () => (await runTool(context, 'sync', 'readers', schema)).cpuSeconds
  return { way: 'vitrine sync', cells: await judged(context, 'tool', schema, refresh) }
}

async function byHand(context: BenchContext, schema: string, psql: Psql, way: Way): Promise<Row> {
  const { servers } = context
  await servers.emptyTarget('reference')
  const admin = way.admin(new URL(servers.sourceUrl()))
  await withClient(servers.adminUrl('reference'), async (client) => {
    for (const statement of admin.length === 0 ? [] : [...admin, ...importForeign(schema)])
      await client.query(statement)
  })
  await withClient(servers.targetUrl('reference'), (client) => client.query(TABLES))
  const script = `${way.script(schema)}times\n`
  const refresh = async () => ownCpu((await runPsql(script, psql, servers.ends('reference'))).output)
  return { way: way.name, cells: await judged(context, 'reference', schema, refresh) }
}

const HEAD = [
  'way',
  's',
  'CPU source',
  'CPU target',
  'CPU own',
  'WAL MB',
  'MB after',
  'longest look-up ms',
  'wrong answers',
  'errors',
]

const tableOf = (rows: readonly Row[]): string => {
  const all = [HEAD, HEAD.map(() => '---'), ...rows.map(({ way, cells }) => [way, ...cells])]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const replicationText = ({ change, ...copy }: Replicated): string =>
  [
    `logical replication: first copy ${copy.seconds.toFixed(2)} s, CPU source ${copy.sourceCpu.toFixed(2)} s, target ${copy.targetCpu.toFixed(2)} s, WAL ${Math.round(copy.targetWal / 1e6)} MB`,
    `  a reader meanwhile: ${copy.empty} answers of ${copy.asked} empty, ${copy.half} with one table of two`,
    `  ${change.rows} changed rows: seen after ${Math.round(change.milliseconds)} ms, CPU of both servers ${change.cpu.toFixed(2)} s`,
    `  the same while the subscriber is away: ${(copy.kept / 1e6).toFixed(1)} MB of WAL kept on the source`,
    `  a column added to the publication: the subscription had failed ${copy.stops} times and stood`,
  ].join('\n')

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
  })
  const [rounds, scale] = [Number(values.rounds), Number(values.scale)]
  const psql = findPsql(process.env['PATH'] ?? '')
  if (!(rounds >= 1 && scale >= 0.001 && scale <= 1)) throw new Error('--rounds from 1 on, --scale from 0.001 to 1')
  if (process.platform !== 'linux' || psql === null) throw new Error('it needs Linux and psql')
  const servers = await BenchServers.open(await embeddedServers(FOLDER, { wal_level: 'logical' }))
  try {
    const context: BenchContext = { servers, psql, rounds, scale, say }
    const schema = await sourceOf(context, FULL_ROWS)
    const rows: Row[] = []
    say('vitrine sync …')
    rows.push(await byTool(context, schema), await byNobody(context, schema))
    for (const way of WAYS) {
      say(`${way.name} …`)
      rows.push(await byHand(context, schema, psql, way))
    }
    say('logical replication …')
    const replicated = replicationText(await replicate(servers, schema))
    process.stdout.write(
      `${tableOf(rows)}\n\n${replicated}\n\n${servers.versions} · ${psql.version} · Node ${process.version}\n`,
    )
  } finally {
    await servers.stop()
  }
}

await main()
