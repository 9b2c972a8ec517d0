/**
 * `start`: the whole system on this machine. Makes the two databases ready, publishes, says where to read, and goes on
 * publishing each night. The demonstration is in `demonstration.ts`; with databases of one's own, the same steps are done
 * on those.
 */
import { dirname, join, resolve } from 'node:path'
import {
  type Call,
  type Command,
  type Published,
  publishNow,
  type Settings,
  type SyncAnswer,
  stayPublishing,
  syncAnswer,
  syncText,
} from 'vitrine/cli'
import { addressUrl, type ExitName, nextDue, printable, type SyncRequest, VitrineError } from 'vitrine/run'
import { databaseFolder } from '../../database/sql-file.ts'
import { APPLICATION, applicationOf } from '../application.ts'
import { sizeOf } from '../commands/sample.ts'
import { relevesDeNuit } from '../releves-de-nuit.ts'
import { startDemonstration } from './demonstration.ts'
import { prepareOperational } from './operational.ts'
import { prepareSourceRole, prepareTarget } from './target.ts'

export const startCommand: Command = {
  name: 'start',
  summary: 'start the whole system on this machine',
  description:
    'Without DATABASE_URL and METABASE_DATABASE_URL it starts two real PostgreSQL servers: the operational database of ' +
    'Impact, filled with invented data, and the database that Metabase reads. Then it publishes, and again each night at ' +
    'midnight until Ctrl-C. With both variables it does the same on those databases; with DATABASE_ADMIN_URL it also makes the role of DATABASE_URL.',
  options: {
    '--once': 'publish once, then stop everything',
    '--size <size>': 'size of the invented data: S (300 companies), M (5,000) or L (50,000); M by default',
    '--fresh': 'remove the data of the demonstration and start over',
    '--sample': 'with DATABASE_URL: load invented data if the operational database is empty',
    '--port <n>': 'port of the operational database; that of Metabase takes the next (free ones by default)',
    '--data <folder>': 'folder of the data of the demonstration (default: .vitrine)',
  },
  examples: [
    { line: '', says: 'start everything' },
    { line: '-- --once', says: 'publish once; nothing is left running' },
    { line: '-- --fresh --size S', says: 'start over with little data' },
  ],
  run,
}

/** What `start --json` prints for each version that it publishes. */
export interface StartAnswer extends SyncAnswer {
  readonly nextDue: Date
}

/** Databases that are ready to publish, and what is printed about them. */
interface Ready
  extends Pick<SyncRequest, 'source' | 'target' | 'pseudonymKey'>,
    Pick<Settings, 'sourceAdmin' | 'alarms' | 'http'> {
  /** What is imposed on the feeds before each night. */
  readonly releves: Readonly<Record<string, string | number>>
  /** Lines for the reader of the result. */
  readonly told: readonly string[]
  stop(): Promise<void>
}

async function run(call: Call): Promise<ExitName> {
  const ready = await prepare(call)
  const show = (published: Published) => tell(call, published)
  try {
    show(await publishNow(call, ready))
    const once = call.flag('once')
    const lines = once ? ready.told : [...ready.told, 'Ctrl-C stops everything.']
    if (!call.json) for (const line of lines) call.io.stdout.write(`${line}\n`)
    if (!once) await stayPublishing(call, ready, { prepare: relevesDeNuit(call, ready, ready.releves), show })
    return 'ok'
  } finally {
    await ready.stop()
  }
}

function tell(call: Call, published: Published): void {
  const { schedule, zone } = call.publication
  const answer: StartAnswer = { ...syncAnswer(published), nextDue: nextDue(schedule, zone, call.io.clock.now()) }
  call.answer(answer, () => `${syncText(call, published)}\n`)
}

/** Everything that is wrong with the arguments is said before anything is started. */
async function prepare(call: Call): Promise<Ready> {
  const size = sizeOf(call)
  const port = call.text('port') === null ? null : call.positive('port', 1)
  const given = call.settings({ source: 'optional', target: 'optional' })
  if (given.source !== null || given.target !== null) return ownDatabases(call)
  if (call.flag('sample')) throw new VitrineError('USAGE', { place: '--sample', detail: 'It goes with DATABASE_URL.' })
  const folder = resolve(call.io.folder, call.text('data') ?? join(dirname(dirname(databaseFolder())), '.vitrine'))
  const started = await startDemonstration(call, { folder, fresh: call.flag('fresh'), size, port })
  // With --once its servers stop at once: an address of them would lead nowhere.
  const told = call.flag('once')
    ? []
    : [
        readerLine(addressUrl(started.reader)),
        `For the other commands: set -a; . '${started.environmentFile}'; set +a; npm run impact -- status`,
      ]
  // Sources on this machine need no pause between two questions.
  const releves = { baseUrl: started.sources, perSecond: 1_000 }
  return { ...given, ...started, releves, told }
}

/** The same steps on databases that the environment names; nothing of them is removed, and no server is started. */
async function ownDatabases(call: Call): Promise<Ready> {
  for (const name of ['fresh', 'port', 'data']) {
    if (!call.flag(name) && call.text(name) === null) continue
    const detail = 'It is for the demonstration, and DATABASE_URL names a database.'
    throw new VitrineError('USAGE', { place: `--${name}`, detail })
  }
  const needs = { ...APPLICATION, target: 'required', reader: 'optional', admin: 'optional' } as const
  const settings = call.settings(needs)
  const { source, target, reader, admin } = settings
  const sample = call.flag('sample')
  const address = applicationOf(settings)
  await prepareOperational(call, { address, sample, size: sizeOf(call), demonstration: false })
  await prepareSourceRole(call, settings)
  await prepareTarget(call, { source, target, reader, admin })
  const told = reader === null ? [] : [readerLine(printable(reader))]
  return { ...settings, releves: {}, told, stop: () => Promise.resolve() }
}

const readerLine = (address: string): string => `Read only, as the role metabase: ${address}`
