/**
 * The curves of `docs/growth.md`: how the cost of a run grows with rows, columns, tables, streams, ranges and readers. Every point is
 * measured in alternation with the first point of its curve, so that a busy machine slows both.
 * `node bench/dist/growth.js [--rounds N] [--scale S] [--curves rows,streams] [--out docs/growth.json]`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { type BenchContext, sourceOf } from './bench.ts'
import { changeRows } from './bench-delta.ts'
import { runNode } from './child.ts'
import { type Grown, grown } from './growth-publication.ts'
import { READER } from './publication.ts'
import { type Spread, spreadOf } from './rounds.ts'
import { BenchServers, embeddedServers, migrateTarget, withClient } from './servers.ts'
import { parseReport } from './tool-report.ts'

interface Setting extends Grown {
  readonly rows: number
  /** Number of people who read the version before during the run; null for a first version. */
  readonly readers: number | null
  /** Percentage of rows that changed since the kept version, 100 for a run that reads everything; null without a kept version. */
  readonly changed: number | null
}

interface Curve {
  readonly name: string
  /** What grows: the title of the axis. */
  readonly of: string
  readonly points: readonly (readonly [at: number, setting: Setting])[]
}

const MILLION = 1_000_000
const BASE: Setting = {
  kind: 'run',
  size: 0,
  streams: 2,
  rangeMegabytes: 1024,
  rows: MILLION,
  readers: null,
  changed: null,
}
const curve = (
  name: string,
  of: string,
  values: readonly number[],
  at: (value: number) => Partial<Setting>,
): Curve => ({
  name,
  of,
  points: values.map((value) => [value, { ...BASE, ...at(value) }]),
})

const CURVES: readonly Curve[] = [
  curve(
    'rows',
    'rows of four tables',
    [0.2, 0.6, 2, 6].map((times) => times * MILLION),
    (rows) => ({ rows }),
  ),
  curve('columns', 'columns of one table', [5, 25, 50, 100], (size) => ({ kind: 'wide', size })),
  curve('tables', 'tables of 500 rows', [1, 10, 50, 200], (size) => ({ kind: 'many', size })),
  curve('streams', 'streams, four tables', [1, 2, 4, 8], (streams) => ({ streams })),
  curve('ranges', 'streams, one table by ranges of 1 MB', [1, 2, 4, 8], (streams) => ({
    kind: 'wide',
    size: 25,
    streams,
    rangeMegabytes: 1,
  })),
  // Its own number of rows, because they are changed.
  curve('changed', '% of the rows of one table that changed', [100, 20, 5, 1, 0.1, 0], (changed) => ({
    kind: 'wide',
    size: 25,
    rows: 1_999_980,
    changed,
  })),
  curve('readers', 'readers that count without pause', [0, 1, 4, 16], (readers) => ({ readers })),
]

export interface Measure {
  readonly seconds: number
  readonly megabytes: number
  readonly wal: number
}

/** Runs `work` while `count` readers each count a published table again and again. */
async function withReaders<T>(url: string, count: number, work: () => Promise<T>): Promise<T> {
  let reading = true
  const clients = Array.from(
    { length: count },
    () => new pg.Client({ connectionString: url, application_name: 'bench' }),
  )
  for (const client of clients) client.on('error', () => undefined)
  await Promise.all(clients.map((client) => client.connect()))
  const loops = clients.map(async (client) => {
    while (reading) await client.query('select count(*) from shop.membership')
  })
  try {
    return await work()
  } finally {
    reading = false
    await Promise.allSettled(loops)
    await Promise.all(clients.map((client) => client.end()))
  }
}

const runOnce = (context: BenchContext, setting: Setting, schema: string, work: 'full' | 'delta' = 'full') =>
  runNode('tool.js', [work, JSON.stringify(setting), schema], context.servers.ends('tool'))

async function measure(context: BenchContext, setting: Setting, round: number): Promise<Measure> {
  const { servers } = context
  const schema = await sourceOf(context, setting.rows)
  // Starts from an empty target, so that no point finds another's tables.
  await servers.emptyTarget('tool')
  await migrateTarget(servers.targetUrl('tool'), grown(setting, schema))
  const { changed } = setting
  const versions = changed !== null ? 2 : setting.readers !== null ? 1 : 0
  for (let version = 0; version < versions; version++) await runOnce(context, setting, schema)
  const isDelta = changed !== null && changed < 100
  if (isDelta) await changeRows(context, schema, changed / 100, round)
  await servers.settle()
  const place = () =>
    withClient(servers.targetUrl('tool'), async (client) => {
      const { rows } = await client.query<{ at: string }>('select pg_current_wal_lsn() - $1::pg_lsn as at', ['0/0'])
      return Number(rows[0]?.at)
    })
  const before = await place()
  const { seconds, output } = await withReaders(servers.targetUrl('tool', READER), setting.readers ?? 0, () =>
    runOnce(context, setting, schema, isDelta ? 'delta' : 'full'),
  )
  return { seconds, megabytes: parseReport(output).peakBytes / 2 ** 20, wal: (await place()) - before }
}

interface Point {
  readonly at: number
  /** Ratio to the time of the curve's first point in the same round. */
  readonly time: Spread
  readonly memory: Spread
  readonly wal: Spread
}

async function points(context: BenchContext, { name, points }: Curve): Promise<readonly Point[]> {
  const rounds: Measure[][] = []
  for (let round = 0; round < context.rounds; round++) {
    const measures: Measure[] = []
    for (const [at, setting] of points) {
      context.say(`${name} ${at}, round ${round + 1} …`)
      measures.push(await measure(context, setting, round))
    }
    rounds.push(measures)
  }
  return points.map(([at], index) => {
    const against = (of: keyof Measure) =>
      spreadOf(rounds.map((measures) => (measures[index]?.[of] ?? Number.NaN) / (measures[0]?.[of] ?? Number.NaN)))
    return { at, time: against('seconds'), memory: against('megabytes'), wal: against('wal') }
  })
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    curves: { type: 'string', default: CURVES.map(({ name }) => name).join(',') },
    out: { type: 'string', default: 'docs/growth.json' },
  },
})

async function main(): Promise<void> {
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const [load = 0] = loadavg()
  const servers = await BenchServers.open(
    await embeddedServers(fileURLToPath(new URL('../../.bench', import.meta.url))),
  )
  try {
    const scale = Number(values.scale)
    const context: BenchContext = { servers, psql: null, rounds: Number(values.rounds), scale, say }
    const chosen = CURVES.filter(({ name }) => values.curves.split(',').includes(name))
    const curves: unknown[] = []
    for (const one of chosen) {
      const { name, of } = one
      const measured = await points(context, one)
      const grows =
        name === 'rows' ? measured.map((point) => ({ ...point, at: Math.round(point.at * scale) })) : measured
      curves.push({ name, of, points: grows })
    }
    const facts = {
      scale,
      rounds: context.rounds,
      servers: servers.versions,
      node: process.version,
      cores: availableParallelism(),
      load: Number(load.toFixed(1)),
    }
    // The format that the repository's formatter wants.
    const text = JSON.stringify({ ...facts, curves }, rounded, 2).replaceAll(/\{\s+"median"[^}]*\}/g, (spread) =>
      spread.replaceAll(/\s+/g, ' '),
    )
    writeFileSync(values.out, `${text}\n`)
    say(`${values.out}: ${readFileSync(values.out).length} bytes`)
  } finally {
    await servers.stop()
  }
}

/** Two digits: more would not be reproducible. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(2)) : value

await main()
