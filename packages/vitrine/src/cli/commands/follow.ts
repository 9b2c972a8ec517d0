/** `follow`: stays up, and publishes what changed every few minutes, until it is interrupted. */
import { type ExitName, interruptOf, VitrineError } from '../../base/errors.ts'
import { duration } from '../../base/format.ts'
import { pause } from '../../base/pause.ts'
import { requireFollowable } from '../../run/foreseen.ts'
import type { SyncReport } from '../../run/observer.ts'
import { alarmOf, followAlarm } from '../../schedule/alarms/alarm.ts'
import { dueAround } from '../../schedule/due.ts'
import { type Dueness, isDue } from '../../schedule/dueness.ts'
import { type FollowEvent, keepFollowing } from '../../schedule/follow.ts'
import { missingError } from '../../schedule/monitor-facts.ts'
import { Alarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import type { SettingsFor } from '../environment.ts'
import { publishUnless, tellPublished } from '../publishing.ts'
import { codeOf } from '../rules-code.ts'

export const followCommand: Command = {
  name: 'follow',
  summary: 'stay up, and publish what changed every few minutes',
  description:
    'Between due times, publishes again and again what changed, so that data are minutes old. Needs a schedule beside it: a ' +
    'night that is due goes first, and computes the figures of its day; follow leaves those, and Metabase, as they are. A table ' +
    'is read whole only up to limits.followRows rows: a larger one of which what changed cannot be told makes it wait, and say ' +
    'which and why. A rollback goes back by one publication, which is then minutes. SIGINT and SIGTERM end it in good order.',
  options: { '--every <time>': 'from one publication to the next, such as 90s, 5m or 1h; at least 1m (default: 5m)' },
  examples: [
    { line: 'follow', says: 'as a service beside schedule' },
    { line: 'follow --every 15m', says: 'four times an hour' },
  ],
  logs: true,
  run: stayFollowing,
}

const NEEDS = { source: 'required', target: 'required' } as const
type FollowSettings = SettingsFor<typeof NEEDS>

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
const [LEAST_MS, MOST_MS] = [60_000, 24 * 3_600_000]

function everyOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  const milliseconds = Number(number) * (UNITS[unit] ?? 0)
  if (milliseconds >= LEAST_MS && milliseconds <= MOST_MS) return milliseconds
  const detail = 'It takes a time of 1m to 24h, such as 90s, 5m or 1h.'
  throw new VitrineError('USAGE', { place: '--every', detail })
}

async function stayFollowing(call: Call): Promise<ExitName> {
  const everyMs = everyOf(call.text('every') ?? '5m')
  const settings = call.settings(NEEDS)
  const { io, signal, fault, publication } = call
  const alarms = new Alarms(call, settings)
  const ports = {
    ...{ everyMs, limits: publication.limits, chance: Math.random, pause },
    monotonicMs: () => io.clock.monotonicMs(),
    round: () => publishBetween(call, settings, alarms),
    tell: (event: FollowEvent) => tell(call, alarms, event),
  }
  await keepFollowing(ports, AbortSignal.any([signal, fault]))
  if (fault.aborted) await ports.tell({ kind: 'failed', error: interruptOf(fault), pauseMs: 0, lasts: true })
  call.say('It follows no more.')
  return 'ok'
}

/** Null where a run of the schedule is due. Throws FOLLOW_WAITS, RUN_IN_PROGRESS and what a run throws. */
export async function publishBetween(call: Call, settings: FollowSettings, alarms: Alarms): Promise<SyncReport | null> {
  const { publication } = call
  const code = codeOf(publication)
  const looks: Dueness[] = []
  try {
    const published = await publishUnless(call, settings, { trigger: 'follow' }, async (session) => {
      const found = await isDue(session, publication)
      looks.push(found)
      if (found.due) return true
      await requireFollowable({ session, publication }, code).catch((error: unknown) => {
        throw found.missing.length > 0 ? missingError(publication, found.missing) : error
      })
      return false
    })
    if (published === null) return null
    tellPublished(call, published)
    return published.report
  } finally {
    for (const { last: due, missing } of looks)
      if (missing.length > 0) await alarms.raise({ kind: 'unwell', due, error: missingError(publication, missing) })
  }
}

async function tell(call: Call, alarms: Alarms, event: FollowEvent): Promise<void> {
  const { publication, io } = call
  const at = io.clock.now()
  const { last: due } = dueAround(publication, at)
  if (event.kind === 'published') {
    const alarm = alarmOf({ ...event, due }, publication, at)
    if (alarm !== null) await alarms.send(alarm)
  } else if (event.kind === 'waiting') {
    if (event.error === null) call.say('A run of the schedule is due, and goes first.')
    else if (event.error.code === 'RUN_IN_PROGRESS') call.say(`Another run goes first. ${event.error.detail}`)
    else call.tell(event.error)
  } else if (event.kind === 'failed') {
    call.tell(event.error)
    if (event.pauseMs > 0) call.say(`Trying again in ${duration(event.pauseMs)}.`)
    if (event.lasts) await alarms.send(followAlarm(event.error, publication, due, at))
  } else await alarms.send(followAlarm(null, publication, due, at))
}
