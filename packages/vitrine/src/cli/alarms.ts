/**
 * Raises alarms: on stderr, and by the configured channels. Alarms are recorded in the target, so that one is
 * sent per due time, whichever process raises it, and undelivered ones are sent again. If the target does not answer, they are
 * sent without a record. Never fails a run.
 */
import type { Session } from '../postgres/connect.ts'
import { NOT_OURS } from '../record/attempt.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { ownRecord } from '../record/installation.ts'
import {
  type AlarmsLeft,
  claimAlarm,
  claimUndelivered,
  closeAlarms,
  type PendingAlarm,
  recordDelivery,
} from '../record/raised-alarms.ts'
import { type Alarm, alarmOf, recoveredAlarm } from '../schedule/alarms/alarm.ts'
import { deliver, type Message } from '../schedule/alarms/channel.ts'
import type { ScheduleEvent } from '../schedule/loop.ts'
import type { Call } from './command.ts'
import type { SettingsFor } from './environment.ts'
import { writing } from './sessions.ts'

type Channels = Pick<SettingsFor<{ readonly target: 'required' }>, 'alarms' | 'target'>

/** Kinds about single events: one never counts as a repetition of another. */
const PASSING: readonly Alarm['kind'][] = ['warnings', 'metabase', 'follow', 'recovered']
/** Most alarms that a long-running process keeps. */
const REMEMBERED = 20

/** The alarms of one process. */
export class Alarms {
  readonly #call: Call
  readonly #settings: Channels
  readonly #channels: readonly string[]
  /** Alarms that could not be recorded. */
  #unrecorded: Omit<PendingAlarm<Alarm>, 'id'>[] = []

  constructor(call: Call, settings: Channels) {
    this.#call = call
    this.#settings = settings
    this.#channels = settings.alarms.map(({ variable }) => variable)
  }

  /** `before` has the rows of each table in the version before the one that was published. */
  async raise(event: ScheduleEvent, before?: ReadonlyMap<string, number>): Promise<void> {
    const { publication, io } = this.#call
    const alarm = alarmOf(event, publication, io.clock.now(), before)
    if (alarm !== null) await this.send(alarm)
    if (event.kind === 'published') await this.#deliver('success', this.#channels)
  }

  /** Silent when somebody has raised the same alarm before. */
  async send(alarm: Alarm): Promise<void> {
    const id = await this.#recorded(alarm)
    if (id === null) return
    this.#call.say(`alarm: ${alarm.text}`)
    const undelivered = await this.#deliver(alarm, this.#channels)
    if (id === undefined) this.#unrecorded = [...this.#unrecorded, { body: alarm, undelivered }].slice(-REMEMBERED)
    else await this.#writing((session) => recordDelivery(session, id, undelivered)).catch(() => undefined)
  }

  /** Its number in the record; null when it was recorded before, undefined when it cannot be recorded. */
  async #recorded(alarm: Alarm): Promise<number | null | undefined> {
    if (NOT_OURS.includes(alarm.code ?? '')) return
    return this.#writing((session) => this.#claim(session, alarm, this.#channels)).catch(() => undefined)
  }

  /** Sends undelivered alarms again, and reports the end of trouble when `well`. */
  async settle({ open, undelivered }: AlarmsLeft, due: Date, well: boolean): Promise<void> {
    const recovered = well && open + this.#unrecorded.length > 0
    if (this.#unrecorded.length + undelivered === 0 && !recovered) return
    const over = await this.#writing(async (session) => {
      await this.#record(session)
      await this.#sendAgain(session)
      return recovered ? await closeAlarms(session, this.#call.publication.schema) : []
    }).catch(() => [])
    if (over.every((kind) => kind === 'preparation')) return
    await this.send(recoveredAlarm(this.#call.publication, due, this.#call.io.clock.now()))
  }

  async #record(session: Session): Promise<void> {
    for (const { body, undelivered } of this.#unrecorded) await this.#claim(session, body, undelivered)
    this.#unrecorded = []
  }

  async #sendAgain(session: Session): Promise<void> {
    const { schema } = this.#call.publication
    for (const { id, body, undelivered } of await claimUndelivered<Alarm>(session, schema, this.#channels)) {
      const late = { ...body, text: `${body.text} (not delivered before; raised at ${body.at})` }
      const still = await this.#deliver(late, undelivered)
      await recordDelivery(session, id, still)
    }
  }

  #claim(session: Session, alarm: Alarm, undelivered: readonly string[]): Promise<number | null> {
    return claimAlarm(session, this.#call.publication.schema, alarm, undelivered, PASSING.includes(alarm.kind))
  }

  /** Throws VitrineError where our alarms cannot be recorded: no bookkeeping, another layout, another installation. */
  #writing<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { publication } = this.#call
    return writing(this.#call, 'target', this.#settings.target, async (session) => {
      await requireBookkeeping(session, publication.schema)
      await ownRecord({ session, publication })
      return work(session)
    })
  }

  /** Sends to all channels at the same time, so that a slow one delays no other. Returns those that were not reached. */
  async #deliver(message: Message, channels: readonly string[]): Promise<readonly string[]> {
    const rules = { limits: this.#call.publication.limits, signal: this.#call.signal }
    const missed = this.#settings.alarms.map(async (receiver) => {
      const { variable } = receiver
      if (!channels.includes(variable)) return []
      const reason = await deliver(receiver, message, rules)
      if (reason !== null) this.#call.say(`${variable} was not reached: ${reason}.`)
      return reason === null ? [] : [variable]
    })
    // Channels that only other processes have stay undelivered, for those processes.
    const elsewhere = channels.filter((name) => !this.#channels.includes(name))
    return [...elsewhere, ...(await Promise.all(missed)).flat()]
  }
}

/** Sends an alarm that is made already. */
export const raiseAlarm = (call: Call, settings: Channels, alarm: Alarm): Promise<void> =>
  new Alarms(call, settings).send(alarm)
