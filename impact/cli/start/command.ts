/**
 * `start`: the whole system on this machine. Prepares the two databases, publishes, prints where to read, and then
 * publishes every night. Without given databases it starts the demonstration (`demonstration.ts`); otherwise it does the same
 * steps on those.
 */
import { dirname, join, resolve } from 'node:path'
import {
  type Call,
  type Command,
  type PublishedRun,
  publishNow,
  type Settings,
  type SyncAnswer,
  stayPublishing,
  syncAnswer,
  syncText,
  wantedOf,
  withVariables,
} from 'vitrine/cli'
import { addressUrl, type ExitName, nextDue, printable, type SyncRequest, VitrineError } from 'vitrine/run'
import { databaseFolder } from '../../database/sql-file.ts'
import { APPLICATION, applicationOf } from '../application.ts'
import { sizeOf } from '../commands/sample.ts'
import { relevesDeNuit } from '../releves-de-nuit.ts'
import { startDemonstration } from './demonstration.ts'
import { hostForMetabase, keptPort, type OwnMetabase, ownMetabase, showInMetabase } from './metabase.ts'
import { prepareOperational } from './operational.ts'
import { type StartedPage, showPage, wantedPage } from './page.ts'
import { step } from './step.ts'
import { inventHistory, prepareSourceRole, prepareTarget } from './target.ts'

export const startCommand: Command = {
  name: 'start',
  summary: 'start the whole system on this machine',
  description:
    'Without DATABASE_URL and METABASE_DATABASE_URL it starts two real PostgreSQL servers: the operational database of ' +
    'Impact, filled with invented data, and the database that Metabase reads. Then it publishes, and again each night at ' +
    'midnight until Ctrl-C, and shows the dashboards in a browser meanwhile. With both variables it does the same on those databases; with DATABASE_ADMIN_URL it also makes ' +
    'the role of DATABASE_URL. With --metabase the dashboards stand in that Metabase: a blank one is set up, and another ' +
    'one needs METABASE_API_KEY, or METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD, which a blank one takes over too. ' +
    'The servers of the demonstration listen on 127.0.0.1 alone: Metabase must run on this machine.',
  options: {
    '--once': 'publish once, then stop everything',
    '--size <size>': 'size of the invented data: S (300 companies), M (5,000) or L (50,000); M by default',
    '--fresh': 'remove the data of the demonstration and start over',
    '--sample': 'with DATABASE_URL: load invented data if the operational database is empty',
    '--port <n>': 'port of the operational database; that of Metabase takes the next (free ones by default)',
    '--page <n>': 'port of the page with the dashboards (default: 4000, or a free one)',
    '--data <folder>': 'folder of the data of the demonstration (default: .vitrine)',
    '--metabase <url>': 'show what is published in this Metabase, and set it up if it is blank',
    '--metabase-sees <host>':
      'the host that leads this Metabase to this machine: host.docker.internal in Docker Desktop (default: 127.0.0.1)',
    '--key-file <file>':
      'keeps the key of this Metabase, and the login that is made up (default: metabase.env in .vitrine)',
  },
  examples: [
    { line: '', says: 'start everything' },
    { line: '-- --once', says: 'publish once; nothing is left running' },
    { line: '-- --fresh --size S', says: 'start over with little data' },
    { line: '-- --metabase http://localhost:3000', says: 'with the dashboards in a Metabase on this machine' },
  ],
  run,
}

/** What `start --json` prints for each published version. */
export interface StartAnswer extends SyncAnswer {
  readonly nextDue: Date
}

/** Databases that are ready, and what is printed about them. */
interface Ready
  extends Pick<SyncRequest, 'source' | 'target' | 'pseudonymKey'>,
    Pick<Settings, 'sourceAdmin' | 'reader' | 'seen' | 'alarms' | 'http'> {
  /** The data is invented, so a history is invented too. */
  readonly invented: boolean
  /** Fixed settings of the feeds before each night. */
  readonly releves: Readonly<Record<string, string | number>>
  /** Lines to print with the result. */
  readonly told: readonly string[]
  /** Variables beyond the environment that later runs need to keep Metabase in step. */
  readonly variables: Readonly<Record<string, string>>
  stop(): Promise<void>
}

async function run(call: Call): Promise<ExitName> {
  const metabase = await ownMetabase(call, join(folderOf(call), 'metabase.env'))
  const answering = wantedPage(call)
  const ready = await prepare(call, metabase)
  const show = (published: PublishedRun) => tell(call, published)
  let page: StartedPage | null = null
  try {
    show(await publishNow(call, ready))
    if (ready.invented) await inventHistory(call, ready)
    const shown = metabase === null ? null : await inMetabase(call, metabase, ready)
    const once = call.flag('once')
    page = once ? null : await showPage(shown?.call ?? call, answering, ready)
    const ends = page === null ? [] : [...page.told, 'Ctrl-C stops everything.']
    const lines = [...ready.told, ...(shown?.told ?? []), ...ends]
    if (!call.json) for (const line of lines) call.io.stdout.write(`${line}\n`)
    const within = shown?.call ?? call
    if (!once) await stayPublishing(within, ready, { prepare: relevesDeNuit(call, ready, ready.releves), show })
    return 'ok'
  } finally {
    await page?.close()
    await ready.stop()
  }
}

async function inMetabase(call: Call, metabase: OwnMetabase, ready: Ready) {
  const { METABASE_SOURCE_URL: source } = ready.variables
  const shown = await step(call, 'dashboards in Metabase', () => showInMetabase(metabase, ready, source))
  return { ...shown, call: withVariables(shown.call, ready.variables) }
}

function tell(call: Call, published: PublishedRun): void {
  const { schedule, zone } = call.publication
  const answer: StartAnswer = { ...syncAnswer(published), nextDue: nextDue(schedule, zone, call.io.clock.now()) }
  call.answer(answer, () => `${syncText(call, published)}\n`)
}

const folderOf = (call: Call): string =>
  resolve(call.io.folder, call.text('data') ?? join(dirname(dirname(databaseFolder())), '.vitrine'))

/** Checks all arguments before it starts anything. */
async function prepare(call: Call, metabase: OwnMetabase | null): Promise<Ready> {
  const size = sizeOf(call)
  const port = call.text('port') === null ? null : call.positive('port', 1)
  const given = call.settings({ source: 'optional', target: 'optional' })
  if (given.source !== null || given.target !== null) return ownDatabases(metabase?.call ?? call, metabase !== null)
  if (call.flag('sample')) throw new VitrineError('USAGE', { place: '--sample', detail: 'It goes with DATABASE_URL.' })
  const host = metabase === null ? null : hostForMetabase(metabase)
  const targetPort = metabase === null ? null : keptPort(metabase)
  const folder = folderOf(call)
  const started = await startDemonstration(call, { folder, fresh: call.flag('fresh'), size, port, targetPort })
  const files = [started.environmentFile, ...(metabase === null ? [] : [metabase.file])]
  // With --once the servers stop at the end, so an address would be useless.
  const told = call.flag('once')
    ? []
    : [
        readerLine(addressUrl(started.reader)),
        `For the other commands: set -a; ${files.map((file) => `. '${file}'; `).join('')}set +a; npm run impact -- status`,
      ]
  // Sources on this machine need no pause between calls.
  const releves = { baseUrl: started.sources, perSecond: 1_000 }
  const seen = host === null ? null : { ...started.reader, host }
  const variables = seen === null ? {} : { ...started.variables, METABASE_SOURCE_URL: addressUrl(seen) }
  return { ...given, ...started, invented: true, seen, releves, told, variables }
}

/** The same steps on the databases of the environment; removes nothing and starts no server. */
async function ownDatabases(call: Call, inMetabase: boolean): Promise<Ready> {
  for (const name of ['fresh', 'port', 'data', 'metabase-sees']) {
    const key = name === 'metabase-sees' ? 'metabaseSees' : name
    if (!call.flag(key) && call.text(key) === null) continue
    const detail = 'It is for the demonstration, and DATABASE_URL names a database.'
    throw new VitrineError('USAGE', { place: `--${name}`, detail })
  }
  const needs = { ...APPLICATION, target: 'required', reader: 'optional', seen: 'optional', admin: 'optional' } as const
  const settings = call.settings(needs)
  const { source, target, reader, admin } = settings
  // Throws when it is unknown under which address Metabase reaches the database.
  if (inMetabase) wantedOf(call, settings)
  const sample = call.flag('sample')
  const address = applicationOf(settings)
  await prepareOperational(call, { address, sample, size: sizeOf(call), demonstration: false })
  await prepareSourceRole(call, settings)
  await prepareTarget(call, { source, target, reader, admin })
  const told = reader === null ? [] : [readerLine(printable(reader))]
  return { ...settings, invented: false, releves: {}, told, variables: {}, stop: () => Promise.resolve() }
}

const readerLine = (address: string): string => `Read only, as the role metabase: ${address}`
