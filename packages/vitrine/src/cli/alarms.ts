/** Tells what a scheduled run must be heard of: on stderr, at the webhook, and by a sign of life. Never fails a run. */
import type { Publication } from '../publication/publication.ts'
import { alarmOf } from '../schedule/alarm.ts'
import { deliverAlarm, deliverPing } from '../schedule/delivery.ts'
import type { ScheduleEvent } from '../schedule/loop.ts'
import { systemSleep } from '../schedule/pause.ts'
import type { Call } from './command.ts'
import type { Settings, Variable } from './environment.ts'
import { instant } from './language.ts'

export async function raiseAlarms(
  call: Call,
  publication: Publication,
  { alarmWebhook, pingUrl }: Pick<Settings, 'alarmWebhook' | 'pingUrl'>,
  event: ScheduleEvent,
): Promise<void> {
  const { language, io, signal } = call
  const words = language.alarms
  const rules = { limits: publication.limits, sleep: systemSleep, signal }
  const receivers = { webhook: alarmWebhook, ping: pingUrl }
  const told = (variable: Variable, reason: string | null) => {
    if (reason !== null) call.say(words.undelivered(variable, reason))
  }
  const moment = (at: Date) => instant(language, at, publication.zone)
  const alarm = alarmOf(event, publication, words, moment, io.clock.now())
  if (alarm !== null) {
    call.say(`${words.alarm}: ${alarm.text}`)
    told('VITRINE_ALARM_WEBHOOK', await deliverAlarm(alarm, receivers, rules))
  }
  if (event.kind === 'published') told('VITRINE_PING_URL', await deliverPing(receivers, rules))
}
