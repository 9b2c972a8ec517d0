/** `schedule`: stays up and publishes whenever a run is due, until it is interrupted. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Publication } from '../../publication/publication.ts'
import { DueTimes, nextDue } from '../../schedule/due.ts'
import { type HttpAddress, type Listener, listen } from '../../schedule/listener.ts'
import { keepPublishing, type ScheduleEvent } from '../../schedule/loop.ts'
import { systemSleep } from '../../schedule/pause.ts'
import { type AlarmSettings, raiseAlarms } from '../alarms.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { DueRuns, type PublishUnless } from '../due-runs.ts'
import type { SettingsFor } from '../environment.ts'
import { readFigures } from '../figures.ts'
import { parseHttpAddress } from '../http-address.ts'
import { duration, instant } from '../language.ts'
import { publishUnless, type SyncWords, tellPublished } from './sync.ts'

export interface ScheduleWords extends CommandWords {
  readonly options: Readonly<Record<'listen', string>>
  readonly listening: (url: string) => string
  readonly next: (instant: string) => string
  readonly noLongerDue: string
  readonly again: (attempts: number, pause: string) => string
  readonly busy: string
  readonly ended: string
}

export const scheduleEnglish: ScheduleWords = {
  summary: 'stay up, and publish whenever a run is due',
  description:
    'Publishes at each due time of the publication, once, whatever else publishes too: an earlier version that started since ' +
    'counts. A missed due time is made up for at the start. What may help is tried again, with growing pauses; a due time ' +
    'given up, or passed without a version, raises an alarm. SIGINT and SIGTERM end it in good order. With --listen it ' +
    'answers monitors: /health (200 when fresh, 503 otherwise) and /metrics (for Prometheus).',
  options: { listen: 'answer /health and /metrics at host:port, or at a port of 127.0.0.1' },
  examples: [
    { line: 'schedule', says: 'as a service' },
    { line: 'schedule --listen 9187', says: 'the same, watched by a monitor on this machine' },
    { line: 'sync --if-due', says: 'instead, from a cron of the platform every quarter of an hour' },
  ],
  listening: (url) => `Listening: ${url}/health and ${url}/metrics.`,
  next: (instant) => `Next run due: ${instant}.`,
  noLongerDue: 'No longer due: another run has published.',
  again: (attempts, pause) => `Failed ${attempts === 1 ? 'once' : `${attempts} times`}; trying again in ${pause}.`,
  busy: 'Waiting for the other run.',
  ended: 'The schedule has ended.',
}

export const defineSchedule = (words: ScheduleWords, syncWords: SyncWords): Command =>
  defineCommand('schedule', words, { listen: '--listen <address>' }, (call) => schedule(call, words, syncWords))

const NEEDS = { source: 'required', target: 'required' } as const
async function schedule(call: Call, words: ScheduleWords, syncWords: SyncWords): Promise<ExitName> {
  const publication = await call.publication()
  const settings = scheduleSettings(call, publication)
  const publish: PublishUnless = async (isDone) => {
    const published = await publishUnless(call, publication, settings, WISH, syncWords, isDone)
    if (published !== null) tellPublished(call, publication, published, syncWords)
    return published?.report ?? null
  }
  await stayPublishing(call, publication, settings, publish, words)
  call.say(words.ended)
  return 'ok'
}

/** What the schedule is told to do once it runs; also called by systems that publish in their own way. */
export const WISH = { only: null, dryRun: false, allowShrink: false, trigger: 'schedule' } as const

/** The settings of a schedule, with `--listen` in place of its variable. Throws what `parseSettings` throws, and USAGE. */
export function scheduleSettings(call: Call, publication: Publication): SettingsFor<typeof NEEDS> {
  const settings = call.settings(publication, NEEDS)
  const text = call.text('listen')
  if (text === null) return settings
  const httpAddress = parseHttpAddress(text)
  if (httpAddress !== null) return { ...settings, httpAddress }
  throw new VitrineError('USAGE', {
    place: '--listen',
    detail: 'It takes host:port, such as 127.0.0.1:9187, or a port.',
  })
}

const SLICE_MS = 5_000
const LOOK_MS = 15 * 60_000

/** What `stayPublishing` needs of the settings. */
export interface StaySettings extends AlarmSettings {
  readonly target: SettingsFor<typeof NEEDS>['target']
  readonly httpAddress: HttpAddress | null
}

/** Publishes at each due time until the call is interrupted. `publish` also shows what it published. */
export async function stayPublishing(
  call: Call,
  publication: Publication,
  settings: StaySettings,
  publish: PublishUnless,
  words: ScheduleWords,
): Promise<void> {
  const { io, signal } = call
  // A schedule that cannot be followed is refused here, before anything is asked.
  nextDue(publication.schedule, publication.zone, io.clock.now())
  const runs = new DueRuns(call, publication, settings.target, publish)
  const ports = {
    due: new DueTimes(publication.schedule, publication.zone),
    limits: publication.limits,
    clock: io.clock,
    chance: Math.random,
    sleep: systemSleep,
    sliceMs: SLICE_MS,
    lookMs: LOOK_MS,
    look: () => runs.look(),
    run: () => runs.run(),
    tell: async (event: ScheduleEvent) => {
      log(call, publication, event, words)
      await raiseAlarms(call, publication, settings, event, runs.rows)
    },
  }
  const listener = await answerMonitors(call, publication, settings, words)
  try {
    await keepPublishing(ports, signal)
  } finally {
    await listener?.close()
  }
}

/** Null when no address is given. Throws SETTINGS_INVALID before anything is published when it cannot be had. */
async function answerMonitors(
  call: Call,
  publication: Publication,
  { target, httpAddress }: StaySettings,
  words: ScheduleWords,
): Promise<Listener | null> {
  if (httpAddress === null) return null
  const look = () => readFigures(call, publication, target)
  const listener = await listen(httpAddress, { clock: call.io.clock, look })
  call.say(words.listening(listener.url))
  return listener
}

function log(call: Call, publication: Publication, event: ScheduleEvent, words: ScheduleWords): void {
  if (event.kind === 'waiting') call.say(words.next(instant(call.language, event.next, publication.zone)))
  if (event.kind === 'no longer due') call.say(words.noLongerDue)
  if (event.kind !== 'busy' && event.kind !== 'failed') return
  call.tell(event.error)
  if (event.kind === 'busy') call.say(words.busy)
  else if (event.pauseMs !== null) call.say(words.again(event.attempts, duration(call.language, event.pauseMs)))
}
