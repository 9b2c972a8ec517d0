/**
 * Impact's whole publication at a size of the sample, against a pure copy of the same tables already computed: what the
 * rules, the joins and the checks cost over moving their results. `node bench/dist/impact.js [S|M|L] [--rounds N]`.
 */

import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import { migrateOperational } from 'impact/dist/database/migrate.js'
import { loadSample, type SampleSize } from 'impact/dist/database/sample.js'
import impact from 'impact/dist/publication/index.js'
import { definePublication, type Publication } from 'vitrine'
import { parseAddress } from 'vitrine/postgres/address'
import { connect, type Session } from 'vitrine/postgres/connect'
import { identifier, qualified } from 'vitrine/publication/shape'
import { sync } from 'vitrine/run/sync'
import { applyPlan, planFor } from 'vitrine/target/migrate'
import {
  clearWorkSchema,
  declareReferences,
  finishTable,
  loadTable,
  openStaging,
  referencesOf,
  stagedShape,
  validateReference,
} from 'vitrine/target/staging'
import { alternate, spreadOf } from './rounds.ts'
import { withClient } from './servers.ts'

const GOAL = 2
const SIZES: readonly SampleSize[] = ['S', 'M', 'L']
const NOW = new Date('2026-07-22T10:00:00Z')

interface Ends {
  readonly source: string
  readonly results: string
  readonly target: string
}

/** A publication whose writer is the superuser of a server that only the bench uses. */
const publicationFor = (server: EmbeddedServer): Publication =>
  definePublication({ ...impact, writer: server.superuser, reader: 'bench_metabase' })

const session = (url: string, side: 'source' | 'target', publication: Publication): Promise<Session> =>
  connect(parseAddress(url, 'bench'), {
    side,
    name: 'bench',
    limits: publication.limits,
    readOnly: false,
    searchPath: [],
  })

async function publish(ends: Ends, target: string, publication: Publication): Promise<number> {
  const started = performance.now()
  const { phases, tables } = await sync({
    publication,
    source: parseAddress(ends.source, 'source'),
    target: parseAddress(target, 'target'),
    only: null,
    dryRun: false,
    allowShrink: false,
    at: NOW,
    pseudonymKey: null,
    trigger: 'command',
    observer: () => undefined,
    signal: new AbortController().signal,
  })
  if (process.argv.includes('--phases')) {
    const slow = tables.map(({ table, milliseconds }) => `${table} ${Math.round(milliseconds)}`)
    process.stderr.write(`${JSON.stringify(phases)} ${slow.join(', ')}\n`)
  }
  return performance.now() - started
}

/** Moves the published tables of one database into the staging schema of another: copy, keys, indexes, references, statistics. */
async function copyResults(ends: Ends, publication: Publication): Promise<number> {
  const started = performance.now()
  const lead = await session(ends.target, 'target', publication)
  const streams = await Promise.all(
    [1, 2].map(async () => ({
      source: await session(ends.results, 'source', publication),
      target: await session(ends.target, 'target', publication),
    })),
  )
  const staging = await openStaging(lead, publication)
  const queue = [...publication.tables]
  await Promise.all(
    streams.map(async ({ source, target }) => {
      for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
        const shape = stagedShape(table, publication)
        const columns = shape.columns.map(({ name }) => name)
        const select = `select ${columns.map(identifier).join(', ')} from ${qualified(publication.schema, table.name)}`
        await loadTable(target, shape, staging, { source: source.client, select, columns, rewriter: null })
        await finishTable(target, shape, staging)
      }
    }),
  )
  const references = referencesOf(publication.tables.map((table) => stagedShape(table, publication)))
  await declareReferences(lead, staging, references)
  for (const reference of references) await validateReference(lead, staging, reference)
  const milliseconds = performance.now() - started
  await clearWorkSchema(lead, publication, staging)
  await Promise.all([lead, ...streams.flatMap(({ source, target }) => [source, target])].map((open) => open.end()))
  return milliseconds
}

async function prepare(ends: Ends, size: SampleSize, publication: Publication): Promise<void> {
  await withClient(ends.source, async (client) => {
    await migrateOperational(client)
    await loadSample(client, { size, today: '2026-07-22' })
  })
  for (const url of [ends.results, ends.target]) {
    const target = await session(url, 'target', publication)
    await applyPlan(target, publication, await planFor(target, publication))
    await target.end()
  }
  await publish(ends, ends.results, publication)
}

async function main(): Promise<void> {
  const [wanted = 'L'] = process.argv
    .slice(2)
    .filter((argument) => !argument.startsWith('--') && !/^\d+$/.test(argument))
  const size = SIZES.find((known) => known === wanted.toUpperCase())
  const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1] ?? 3) || 3
  if (size === undefined) throw new Error(`the size is one of ${SIZES.join(', ')}`)
  const start = (name: string) =>
    startServer({ dataDirectory: serverHome(`${process.cwd()}/.bench/impact-${name}-${process.pid}`), ephemeral: true })
  const [one, other] = await Promise.all([start('source'), start('target')])
  try {
    await withClient(one.url('postgres'), (client) => client.query('create database impact'))
    await withClient(other.url('postgres'), async (client) => {
      await client.query('create database results')
      await client.query('create database published')
    })
    const ends = { source: one.url('impact'), results: other.url('results'), target: other.url('published') }
    const publication = publicationFor(other)
    await prepare(ends, size, publication)
    const pairs = await alternate(rounds, {
      first: () => publish(ends, ends.target, publication),
      second: () => copyResults(ends, publication),
    })
    const ratio = spreadOf(pairs.map(({ first, second }) => first / second))
    const [run, copy] = [spreadOf(pairs.map(({ first }) => first)), spreadOf(pairs.map(({ second }) => second))]
    const companies = await withClient(ends.source, async (client) => {
      const { rows } = await client.query<{ n: number }>('select count(*)::integer as n from entreprises_entreprise')
      return rows[0]?.n ?? 1
    })
    process.stdout.write(
      [
        `impact ${size}: whole run against a pure copy of its results: ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}), goal ≤ ${GOAL.toFixed(2)}: ${ratio.median <= GOAL ? 'met' : 'MISSED'}`,
        `run ${(run.median / 1000).toFixed(2)} s, copy ${(copy.median / 1000).toFixed(2)} s, ${((1000 * run.median) / companies).toFixed(0)} µs a company, peak memory of the process ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
        '',
      ].join('\n'),
    )
  } finally {
    await Promise.all([one.stop('immediate'), other.stop('immediate')])
  }
}

await main()
