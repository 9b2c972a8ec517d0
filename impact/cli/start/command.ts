/**
 * `start`: the whole system on this machine. Makes the two databases ready, publishes, says where to read, and goes on
 * publishing each night. The demonstration is in `demonstration.ts`; with databases of one's own, the same steps are done
 * on those.
 */
import { dirname, join, resolve } from 'node:path'
import type { Settings } from 'vitrine/cli'
import {
  type Call,
  type Command,
  defineCommand,
  type Published,
  publishUnless,
  type SyncAnswer,
  stayPublishing,
  syncAnswer,
  syncText,
} from 'vitrine/cli'
import type { IsDone, SyncRequest } from 'vitrine/run'
import { type Address, addressUrl, type ExitName, nextDue, printable, VitrineError } from 'vitrine/run'
import { databaseFolder } from '../../database/sql-file.ts'
import publication from '../../publication/index.ts'
import { afterReleves } from '../commands/nuit.ts'
import { sizeOf } from '../commands/sample.ts'
import { frenchWords } from '../french-words.ts'
import { startDemonstration } from './demonstration.ts'
import { prepareOperational } from './operational.ts'
import { prepareTarget } from './target.ts'
import { startWords } from './words.ts'

/** What `start --json` prints for each version that it publishes. */
export interface StartAnswer extends SyncAnswer {
  readonly nextDue: Date
}

type Alarms = Pick<Settings, 'alarmWebhook' | 'alarmFormat' | 'pingUrl' | 'httpAddress'>

/** Databases that are ready to publish, and what is told about them. */
interface Ready extends Pick<SyncRequest, 'source' | 'target' | 'pseudonymKey'>, Alarms {
  /** What is imposed on the feeds before each night. */
  readonly releves: Readonly<Record<string, string | number>>
  /** Lines for the reader of the result. */
  readonly told: readonly string[]
  stop(): Promise<void>
}

export const startCommand: Command = defineCommand(
  'start',
  startWords,
  {
    once: '--once',
    size: '--size <size>',
    fresh: '--fresh',
    sample: '--sample',
    port: '--port <n>',
    data: '--data <folder>',
  },
  start,
)

async function start(call: Call): Promise<ExitName> {
  const ready = await prepare(call)
  const run = async (trigger: SyncRequest['trigger'], isDone: IsDone) => {
    const wish = { only: null, dryRun: false, allowShrink: false, trigger }
    const published = await publishUnless(call, publication, ready, wish, frenchWords.sync, isDone)
    if (published !== null) tell(call, published)
    return published?.report ?? null
  }
  try {
    await run('command', async () => false)
    const lines = call.flag('once') ? ready.told : [...ready.told, startWords.untilInterrupt]
    if (!call.json) for (const line of lines) call.io.stdout.write(`${line}\n`)
    if (!call.flag('once')) {
      const nightly = afterReleves(call, publication, ready, ready.releves, (isDone) => run('schedule', isDone))
      await stayPublishing(call, publication, ready, nightly, frenchWords.schedule)
    }
    return 'ok'
  } finally {
    await ready.stop()
  }
}

function tell(call: Call, published: Published): void {
  const due = nextDue(publication.schedule, publication.zone, call.io.clock.now())
  const answer: StartAnswer = { ...syncAnswer(published), nextDue: due }
  call.answer(answer, () => `${syncText(published, publication, call.language, frenchWords.sync)}\n`)
}

/** Everything that is wrong with the arguments is said before anything is started. */
async function prepare(call: Call): Promise<Ready> {
  const size = sizeOf(call)
  const port = call.text('port') === null ? null : call.positive('port', 1)
  const given = call.settings(publication, { source: 'optional', target: 'optional' })
  if (given.source !== null || given.target !== null) return ownDatabases(call)
  if (call.flag('sample')) throw new VitrineError('USAGE', { place: '--sample', detail: 'It goes with DATABASE_URL.' })
  const folder = resolve(call.io.folder, call.text('data') ?? join(dirname(dirname(databaseFolder())), '.vitrine'))
  const { source, target, reader, pseudonymKey, sources, environmentFile, stop } = await startDemonstration(call, {
    folder,
    fresh: call.flag('fresh'),
    size,
    port,
  })
  const told = [startWords.reader(addressUrl(reader)), startWords.environment(environmentFile)]
  const { alarmWebhook, alarmFormat, pingUrl, httpAddress } = given
  const alarms = { alarmWebhook, alarmFormat, pingUrl, httpAddress }
  // Sources on this machine need no pause between two questions.
  const releves = { baseUrl: sources, perSecond: 1_000 }
  return { source, target, pseudonymKey, ...alarms, releves, told, stop }
}

/** The same steps on databases that the environment names; nothing of them is removed, and no server is started. */
async function ownDatabases(call: Call): Promise<Ready> {
  for (const name of ['fresh', 'port', 'data']) {
    if (!call.flag(name) && call.text(name) === null) continue
    const detail = 'It is for the demonstration, and DATABASE_URL names a database.'
    throw new VitrineError('USAGE', { place: `--${name}`, detail })
  }
  const needs = { source: 'required', target: 'required', reader: 'optional', admin: 'optional' } as const
  const settings = call.settings(publication, needs)
  const { source, target, reader, admin } = settings
  const sample = call.flag('sample')
  await prepareOperational(call, { address: source, sample, size: sizeOf(call), demonstration: false })
  await prepareTarget(call, { source, target, reader, admin })
  return { ...settings, releves: {}, told: readerLines(reader), stop: () => Promise.resolve() }
}

const readerLines = (reader: Address | null): readonly string[] =>
  reader === null ? [] : [startWords.reader(printable(reader))]
