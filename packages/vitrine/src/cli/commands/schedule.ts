/** `schedule`: stays up and publishes whenever a run is due, until it is interrupted. */
import { type ExitName, interruptOf, VitrineError } from '../../base/errors.ts'
import { duration, instant } from '../../base/format.ts'
import { pause } from '../../base/pause.ts'
import { dueAround } from '../../schedule/due.ts'
import { type Listener, listen } from '../../schedule/listener.ts'
import { keepPublishing, type ScheduleEvent, type SchedulePorts } from '../../schedule/loop.ts'
import { missingError, readMonitorFacts } from '../../schedule/monitor-facts.ts'
import { Alarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import { type AroundRuns, type DueLook, lookAt, publishDue } from '../due-runs.ts'
import type { Settings, SettingsFor } from '../environment.ts'
import { parseHttpAddress } from '../http-address.ts'
import type { Connections } from '../publishing.ts'
import { reading } from '../sessions.ts'

export const scheduleCommand: Command = {
  name: 'schedule',
  summary: 'stay up, and publish whenever a run is due',
  description:
    'Publishes at each due time of the publication, once, whatever else publishes too: an earlier version that started since ' +
    'counts. A missed due time is made up for at the start. What may help is tried again, with growing pauses; a due time ' +
    'given up, or passed without a version, raises an alarm. SIGINT and SIGTERM end it in good order. With --listen it ' +
    'answers monitors: /health (200 when fresh, 503 otherwise) and /metrics (for Prometheus). Where stderr is no terminal, ' +
    'each line begins with its time in UTC.',
  options: {
    '--listen <address>': 'answer /health and /metrics at host:port, or at a port of 127.0.0.1',
  },
  examples: [
    { line: 'schedule', says: 'as a service' },
    { line: 'schedule --listen 9187', says: 'the same, watched by a monitor on this machine' },
    { line: 'sync --if-due', says: 'instead, from a cron of the platform every quarter of an hour' },
  ],
  logs: true,
  run: async (call) => stayPublishing(call, scheduleSettings(call), {}),
}

const NEEDS = { source: 'required', target: 'required' } as const

/** The settings of a schedule, with `--listen` in place of its variable. Throws what `parseSettings` throws, and USAGE. */
export function scheduleSettings(call: Call): SettingsFor<typeof NEEDS> {
  const settings = call.settings(NEEDS)
  const text = call.text('listen')
  if (text === null) return settings
  const http = parseHttpAddress(text)
  if (http !== null) return { ...settings, http }
  throw new VitrineError('USAGE', {
    place: '--listen',
    detail: 'It takes host:port, such as 127.0.0.1:9187, or a port.',
  })
}

const SLICE_MS = 5_000
const LOOK_MS = 15 * 60_000

/** What `stayPublishing` needs of the settings. */
export type StaySettings = Connections & Pick<Settings, 'alarms' | 'http'>

/** Publishes at each due time until the call is interrupted. */
export async function stayPublishing(call: Call, settings: StaySettings, around: AroundRuns): Promise<ExitName> {
  const { io, signal, fault, publication } = call
  const dueTimes = (at: Date) => dueAround(publication, at)
  // A schedule that cannot be followed is refused here, before anything is asked.
  dueTimes(io.clock.now())
  let rows: DueLook['rows'] | undefined
  const alarms = new Alarms(call, settings)
  const ports: SchedulePorts<DueLook> = {
    around: dueTimes,
    limits: publication.limits,
    clock: io.clock,
    chance: Math.random,
    pause,
    sliceMs: SLICE_MS,
    lookMs: LOOK_MS,
    look: async () => {
      const found = await lookAt(call, settings.target, settings.alarms)
      await alarms.settle(found.alarms, found.last, !found.due && found.missing.length === 0)
      return found
    },
    unwell: ({ missing }) => missingError(publication, missing),
    run: (found) => {
      rows = found.rows
      return publishDue(call, settings, {}, around, found)
    },
    tell: async (event) => {
      log(call, event)
      await alarms.raise(event, rows)
    },
  }
  const listener = await answerMonitors(call, settings)
  try {
    await keepPublishing(ports, AbortSignal.any([signal, fault]))
  } finally {
    await listener?.close()
  }
  if (fault.aborted) {
    const { last: due } = dueTimes(io.clock.now())
    await ports.tell({ kind: 'failed', due, error: interruptOf(fault), tries: 1, pauseMs: null })
  }
  call.say('The schedule has ended.')
  return 'ok'
}

/** Null when no address is given. Throws SETTINGS_INVALID before anything is published when it cannot be had. */
async function answerMonitors(call: Call, { target, http }: StaySettings): Promise<Listener | null> {
  if (http === null) return null
  const look = () => reading(call, 'target', target, (session) => readMonitorFacts(session, call.publication))
  const listener = await listen(http, { clock: call.io.clock, look })
  call.say(`Listening: ${listener.url}/health and ${listener.url}/metrics.`)
  return listener
}

function log(call: Call, event: ScheduleEvent): void {
  if (event.kind === 'waiting') call.say(`Next run due: ${instant(event.next, call.publication.zone)}.`)
  if (event.kind === 'no longer due') call.say('No longer due: another run has published.')
  // Which of several schedules publishes is chance: who comes second waits, and nothing is wrong.
  if (event.kind === 'busy') call.say(`Another run is under way: waiting for it. ${event.error.detail}`)
  if (event.kind !== 'failed') return
  call.tell(event.error)
  if (event.pauseMs !== null) {
    const times = event.tries === 1 ? 'once' : `${event.tries} times`
    call.say(`Failed ${times}; trying again in ${duration(event.pauseMs)}.`)
  }
}
