/** `schedule`: stays up and publishes whenever a run is due, until it is interrupted. */
import type { ExitName } from '../../base/errors.ts'
import type { Publication } from '../../publication/publication.ts'
import { DueTimes } from '../../schedule/due.ts'
import { keepPublishing, type ScheduleEvent } from '../../schedule/loop.ts'
import { systemSleep } from '../../schedule/pause.ts'
import { raiseAlarms } from '../alarms.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { DueRuns, type PublishUnless } from '../due-runs.ts'
import type { SettingsFor } from '../environment.ts'
import { duration, instant } from '../language.ts'
import { publishUnless, type SyncWords, tellPublished } from './sync.ts'

export interface ScheduleWords extends CommandWords {
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
    'given up, or passed without a version, raises an alarm. SIGINT and SIGTERM end it in good order.',
  options: {},
  examples: [
    { line: 'schedule', says: 'as a service' },
    { line: 'sync --if-due', says: 'instead, from a cron of the platform every quarter of an hour' },
  ],
  next: (instant) => `Next run due: ${instant}.`,
  noLongerDue: 'No longer due: another run has published.',
  again: (attempts, pause) => `Failed ${attempts === 1 ? 'once' : `${attempts} times`}; trying again in ${pause}.`,
  busy: 'Waiting for the other run.',
  ended: 'The schedule has ended.',
}

export const defineSchedule = (words: ScheduleWords, syncWords: SyncWords): Command =>
  defineCommand('schedule', words, {}, (call) => schedule(call, words, syncWords))

const NEEDS = { source: 'required', target: 'required' } as const
const WISH = { only: null, dryRun: false, allowShrink: false, trigger: 'schedule' } as const

async function schedule(call: Call, words: ScheduleWords, syncWords: SyncWords): Promise<ExitName> {
  const publication = await call.publication()
  const settings = call.settings(publication, NEEDS)
  const publish: PublishUnless = async (isDone) => {
    const published = await publishUnless(call, publication, settings, WISH, syncWords, isDone)
    if (published !== null) tellPublished(call, publication, published, syncWords)
    return published?.report ?? null
  }
  await stayPublishing(call, publication, settings, publish, words)
  call.say(words.ended)
  return 'ok'
}

const SLICE_MS = 5_000
const LOOK_MS = 15 * 60_000

/** Publishes at each due time until the call is interrupted. `publish` also shows what it published. */
export async function stayPublishing(
  call: Call,
  publication: Publication,
  settings: Pick<SettingsFor<typeof NEEDS>, 'target' | 'alarmWebhook' | 'pingUrl'>,
  publish: PublishUnless,
  words: ScheduleWords,
): Promise<void> {
  const { io, signal } = call
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
      await raiseAlarms(call, publication, settings, event)
    },
  }
  await keepPublishing(ports, signal)
}

function log(call: Call, publication: Publication, event: ScheduleEvent, words: ScheduleWords): void {
  if (event.kind === 'waiting') call.say(words.next(instant(call.language, event.next, publication.zone)))
  if (event.kind === 'no longer due') call.say(words.noLongerDue)
  if (event.kind !== 'busy' && event.kind !== 'failed') return
  call.tell(event.error)
  if (event.kind === 'busy') call.say(words.busy)
  else if (event.pauseMs !== null) call.say(words.again(event.attempts, duration(call.language, event.pauseMs)))
}
