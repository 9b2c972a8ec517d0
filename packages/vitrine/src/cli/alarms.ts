/** Tells what must be heard of: on stderr, and by the channels that are configured. Never fails a run. */
import { type Alarm, alarmOf } from '../schedule/alarms/alarm.ts'
import { deliver, type Message } from '../schedule/alarms/channel.ts'
import type { ScheduleEvent } from '../schedule/loop.ts'
import type { Call } from './command.ts'
import type { Settings } from './environment.ts'

type Channels = Pick<Settings, 'alarms'>

/** `before` has the rows of each table in the version before the one that was published. */
export async function raiseAlarms(
  call: Call,
  settings: Channels,
  event: ScheduleEvent,
  before?: ReadonlyMap<string, number>,
): Promise<void> {
  const alarm = alarmOf(event, call.publication, call.io.clock.now(), before)
  if (alarm !== null) await raiseAlarm(call, settings, alarm)
  if (event.kind === 'published') await toEach(call, settings, 'success')
}

/** The same for an alarm that is made already. */
export async function raiseAlarm(call: Call, settings: Channels, alarm: Alarm): Promise<void> {
  call.say(`alarm: ${alarm.text}`)
  await toEach(call, settings, alarm)
}

/** All at the same time: a channel that does not answer delays no other. */
async function toEach(call: Call, { alarms }: Channels, message: Message): Promise<void> {
  const rules = { limits: call.publication.limits, signal: call.signal }
  const reasons = await Promise.all(alarms.map((receiver) => deliver(receiver, message, rules)))
  for (const [index, { variable }] of alarms.entries()) {
    const reason = reasons[index] ?? null
    if (reason !== null) call.say(`${variable} was not reached: ${reason}.`)
  }
}
