/**
 * Impact's whole publication against a plain copy of its results, for several numbers of companies: the difference is the cost of
 * rules, joins and checks. Also times a rollback. `node bench/dist/impact.js [--rounds N] [--phases]`; with `--nights` only runs
 * that read changes against runs that read everything.
 */
import { parseArgs } from 'node:util'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import { migrateOperational } from 'impact/dist/database/migrate.js'
import { loadSample } from 'impact/dist/database/sample.js'
import impact from 'impact/dist/publication/index.js'
import { definePublication, type Publication } from 'vitrine'
import { parseAddress, rollback, sync } from 'vitrine/run'
import { copyResults } from './impact-copy.ts'
import { compareNights } from './impact-nights.ts'
import { type Figure, tableOf } from './report.ts'
import { alternate, spreadOf } from './rounds.ts'
import { migrateTarget, withClient } from './servers.ts'

const NOW = new Date('2026-07-22T10:00:00Z')
const [S, M, L] = [300, 5_000, 50_000]
/** The data with which the original Django command was measured. */
const ORIGINAL = { companies: 3_000, newest: 11, oldest: 47 }

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    phases: { type: 'boolean', default: false },
    nights: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Publishes once. Returns milliseconds. */
async function publish(publication: Publication, source: string, target: string): Promise<number> {
  const started = performance.now()
  const { phases, tables } = await sync({
    publication,
    source: parseAddress(source, 'source'),
    target: parseAddress(target, 'target'),
    at: NOW,
    code: 'bench',
  })
  const milliseconds = performance.now() - started
  if (values.phases) {
    const times = tables.map(({ table, way, reason, rows, milliseconds: took }) => {
      return `${table} ${Math.round(took)} (${rows}, ${reason ?? way})`
    })
    say(`${Math.round(milliseconds)} ms ${JSON.stringify(phases)} ${times.join(', ')}`)
  }
  return milliseconds
}

async function timeRollback(publication: Publication, target: string): Promise<number> {
  const started = performance.now()
  await rollback({
    publication,
    target: parseAddress(target, 'target'),
  })
  return performance.now() - started
}

/** Creates an operational database with so many companies, and a target database. */
async function prepare(
  servers: readonly [EmbeddedServer, EmbeddedServer],
  publication: Publication,
  companies: number,
): Promise<{ readonly source: string; readonly target: string; readonly results: string }> {
  say(`${companies} companies …`)
  const [one, other] = servers
  const names = { source: `impact_${companies}`, target: `published_${companies}`, results: `results_${companies}` }
  await withClient(one.url('postgres'), (client) => client.query(`create database ${names.source}`))
  await withClient(other.url('postgres'), async (client) => {
    await client.query(`create database ${names.target}`)
    await client.query(`create database ${names.results}`)
  })
  const urls = { source: one.url(names.source), target: other.url(names.target), results: other.url(names.results) }
  await withClient(urls.source, async (client) => {
    await migrateOperational(client)
    await loadSample(client, { size: companies, today: '2026-07-22' })
    // Like a database in use; otherwise the figures depend on when autovacuum runs.
    await client.query('vacuum analyze')
  })
  for (const url of [urls.target, urls.results]) {
    await migrateTarget(url, publication)
    await publish(publication, urls.source, url)
  }
  return urls
}

async function measure(servers: readonly [EmbeddedServer, EmbeddedServer]): Promise<readonly Figure[]> {
  // Nobody else uses these servers, so the superuser can be the writer.
  const publication = definePublication({ ...impact, writer: servers[1].superuser, reader: 'bench_metabase' })
  if (values.nights) {
    const { source, target, results } = await prepare(servers, publication, L)
    return compareNights({ servers, publication, source, full: target, delta: results, rounds, publish, say })
  }
  const [small, medium, large, original] = [
    await prepare(servers, publication, S),
    await prepare(servers, publication, M),
    await prepare(servers, publication, L),
    await prepare(servers, publication, ORIGINAL.companies),
  ]
  say('against a pure copy …')
  const copies = await alternate(rounds, {
    first: () => publish(publication, large.source, large.target),
    second: () => copyResults(large, publication),
  })
  say('by number of companies …')
  const sizes: (readonly [number, number, number])[] = []
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [s, m, l] = [
      await publish(publication, small.source, small.target),
      await publish(publication, medium.source, medium.target),
      await publish(publication, large.source, large.target),
    ]
    sizes.push([s, m, l])
    times.push(await publish(publication, original.source, original.target))
  }
  say('rollback …')
  const rollbacks: number[] = []
  for (let round = 0; round < 2 * rounds; round++) rollbacks.push(await timeRollback(publication, large.target))
  const slopes = sizes.map(([s, m, l]) => (l - m) / (L - M) / ((m - s) / (M - S)))
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2)
  const [run, copy] = [copies.map(({ first }) => first), copies.map(({ second }) => second)].map(spreadOf)
  const [atS, atM, atL] = [0, 1, 2].map((index) => spreadOf(sizes.map((row) => row[index] ?? 0)).median)
  return [
    {
      bench: 'impact',
      what: 'whole run, 50 000 companies, 11 tables, against a pure copy of its results',
      unit: 'ratio',
      goal: 2.5,
      spread: spreadOf(copies.map(({ first, second }) => first / second)),
      orientation: `run ${seconds(run?.median ?? 0)} s, copy ${seconds(copy?.median ?? 0)} s`,
    },
    {
      bench: 'impact',
      what: 'time of one more company, from M to L against from S to M',
      unit: 'ratio',
      goal: 1.15,
      spread: spreadOf(slopes),
      orientation: `S ${seconds(atS ?? 0)} s, M ${seconds(atM ?? 0)} s, L ${seconds(atL ?? 0)} s`,
    },
    {
      bench: 'impact',
      what: `${ORIGINAL.companies} companies, seconds (the original: ${ORIGINAL.newest} and ${ORIGINAL.oldest})`,
      unit: 'ratio',
      goal: ORIGINAL.newest,
      spread: spreadOf(times.map((milliseconds) => milliseconds / 1000)),
    },
    {
      bench: 'impact',
      what: 'rollback, 50 000 companies',
      unit: 'ms',
      goal: 2_000,
      judged: 'max',
      spread: spreadOf(rollbacks),
    },
  ]
}

async function main(): Promise<void> {
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1 on')
  const start = (name: string) =>
    startServer({ dataDirectory: serverHome(`${process.cwd()}/.bench/impact-${name}-${process.pid}`), ephemeral: true })
  const servers = await Promise.all([start('source'), start('target')])
  try {
    process.stdout.write(`${tableOf(await measure(servers), true)}\n`)
  } finally {
    await Promise.all(servers.map((server) => server.stop('immediate')))
  }
}

await main()
