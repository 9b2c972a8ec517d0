/** Tells what must be heard of: on stderr, at the webhook, and by a sign of life. Never fails a run. */
import type { Publication } from '../publication/publication.ts'
import { type Alarm, alarmOf } from '../schedule/alarm.ts'
import { deliverAlarm, deliverPing } from '../schedule/delivery.ts'
import type { ScheduleEvent } from '../schedule/loop.ts'
import { systemSleep } from '../schedule/pause.ts'
import type { Call } from './command.ts'
import type { Settings, Variable } from './environment.ts'
import { instant } from './language.ts'

export type AlarmSettings = Pick<Settings, 'alarmWebhook' | 'alarmFormat' | 'pingUrl'>

/** `before` has the rows of each table in the version before the one that was published. */
export async function raiseAlarms(
  call: Call,
  publication: Publication,
  settings: AlarmSettings,
  event: ScheduleEvent,
  before: ReadonlyMap<string, number> = new Map(),
): Promise<void> {
  const { language, io } = call
  const moment = (at: Date) => instant(language, at, publication.zone)
  const alarm = alarmOf(event, publication, language.alarms, moment, io.clock.now(), before)
  if (alarm !== null) await raiseAlarm(call, publication, settings, alarm)
  if (event.kind !== 'published') return
  tell(call, 'VITRINE_PING_URL', await deliverPing({ ping: settings.pingUrl }, rulesOf(call, publication)))
}

/** The same for an alarm that is made already. */
export async function raiseAlarm(
  call: Call,
  publication: Publication,
  { alarmWebhook, alarmFormat }: Omit<AlarmSettings, 'pingUrl'>,
  alarm: Alarm,
): Promise<void> {
  call.say(`${call.language.alarms.alarm}: ${alarm.text}`)
  const receivers = { webhook: alarmWebhook, format: alarmFormat }
  tell(call, 'VITRINE_ALARM_WEBHOOK', await deliverAlarm(alarm, receivers, rulesOf(call, publication)))
}

const rulesOf = ({ signal }: Call, { limits }: Publication) => ({ limits, sleep: systemSleep, signal })

function tell(call: Call, variable: Variable, reason: string | null): void {
  if (reason !== null) call.say(call.language.alarms.undelivered(variable, reason))
}
