/**
 * What a channel is: the variables that configure it, and how one alarm, or one sign of life, leaves by it. A delivery is
 * bounded and tried a few times; it never fails a run. URLs and passwords are in no reason: whoever has one can post.
 */
import { type Problem, VitrineError } from '../../base/errors.ts'
import type { Limits } from '../../base/limits.ts'
import { pause } from '../../base/pause.ts'
import type { Alarm } from './alarm.ts'

/** The value of an environment variable; null for one that is missing or empty. */
export type Values = (variable: string) => string | null

/** Notes what is wrong with a variable. */
export type Refuse = (place: string, detail: string, remedy: string) => void

/** One file of this folder, and one line in `index.ts`. */
export interface Channel<Settings> {
  /** What each variable is for. The first one names the channel when nothing arrived. */
  readonly variables: Readonly<Record<string, string>>
  /** Null when the channel is not configured, or when something is wrong: that is handed to `refuse`. */
  parse(values: Values, refuse: Refuse): Settings | null
  /** One try. Rejects when the alarm did not arrive, with `Undelivered` where more is known; ends when the signal aborts. */
  readonly alarm?: (alarm: Alarm, settings: Settings, signal: AbortSignal) => Promise<void>
  /** The same for the sign of life after each scheduled success. */
  readonly success?: (settings: Settings, signal: AbortSignal) => Promise<void>
}

export interface DeliveryRules {
  readonly limits: Pick<Limits, 'deliveryTimeoutMs' | 'deliveryTries' | 'deliveryPauseMs'>
  readonly signal: AbortSignal
}

/** A channel that is configured. Each function returns why nothing arrived, or null. */
export interface Receiver {
  readonly variable: string
  alarm(alarm: Alarm, rules: DeliveryRules): Promise<string | null>
  success(rules: DeliveryRules): Promise<string | null>
}

/** A channel without the type of its settings. */
export interface AnyChannel {
  readonly variables: Readonly<Record<string, string>>
  /** Null when it is not configured. Throws SETTINGS_INVALID with all that is wrong. */
  configure(values: Values): Receiver | null
}

export const channel = <Settings>({ variables, parse, alarm, success }: Channel<Settings>): AnyChannel => ({
  variables,
  configure(values) {
    const problems: Problem[] = []
    const settings = parse(values, (place, detail, remedy) => problems.push({ place, detail, remedy }))
    if (problems.length > 0) throw new VitrineError('SETTINGS_INVALID', { problems })
    if (settings === null) return null
    return Object.freeze({
      variable: Object.keys(variables)[0] ?? '',
      alarm: async (told: Alarm, rules: DeliveryRules) =>
        alarm === undefined ? null : deliver((signal) => alarm(told, settings, signal), rules),
      success: async (rules: DeliveryRules) =>
        success === undefined ? null : deliver((signal) => success(settings, signal), rules),
    })
  },
})

/** Why nothing arrived, and whether another try may help. */
export class Undelivered extends Error {
  readonly again: boolean

  constructor(reason: string, again: boolean) {
    super(reason)
    this.again = again
  }
}

async function deliver(send: (signal: AbortSignal) => Promise<void>, rules: DeliveryRules): Promise<string | null> {
  const { limits, signal } = rules
  for (let tries = 1; ; tries++) {
    const failure = await once(send, rules)
    if (failure === null) return null
    if (!failure.again || tries >= limits.deliveryTries || signal.aborted) return failure.message
    await pause(limits.deliveryPauseMs * 2 ** (tries - 1), signal)
  }
}

async function once(
  send: (signal: AbortSignal) => Promise<void>,
  { limits: { deliveryTimeoutMs }, signal }: DeliveryRules,
): Promise<Undelivered | null> {
  const late = AbortSignal.timeout(deliveryTimeoutMs)
  try {
    await send(AbortSignal.any([signal, late]))
    return null
  } catch (error) {
    if (late.aborted) return new Undelivered(`no answer within ${deliveryTimeoutMs} ms`, true)
    return error instanceof Undelivered ? error : new Undelivered(`it could not be reached${codeOf(error)}`, true)
  }
}

/** The system's code of a failed connection. The message is left out: it may quote the address. */
function codeOf(error: unknown): string {
  const failed = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = failed instanceof Error && 'code' in failed ? String(failed.code) : ''
  return /^[A-Z_0-9]{3,40}$/.test(code) ? ` (${code})` : ''
}
