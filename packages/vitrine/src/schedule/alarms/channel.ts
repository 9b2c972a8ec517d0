/**
 * What a channel is: the variables that configure it, and how one alarm, or one sign of life, leaves by it. A delivery is
 * bounded and tried a few times; it never fails a run. Reasons never hold URLs or passwords: whoever has one can post.
 */
import { type Problem, VitrineError } from '../../base/errors.ts'
import type { Limits } from '../../base/limits.ts'
import { pause } from '../../base/pause.ts'
import type { Alarm } from './alarm.ts'

/** The value of an environment variable; null for one that is missing or empty. */
export type Values = (variable: string) => string | null

/** Notes what is wrong with a variable. */
export type Refuse = (place: string, detail: string, remedy: string) => void

/** What leaves by a channel: an alarm, or the sign of life after each scheduled success. */
export type Message = Alarm | 'success'

/**
 * One try. Does nothing for a message that is not for this channel. Rejects when it did not arrive, with `Undelivered` where
 * more is known; ends when the signal aborts.
 */
export type Send = (message: Message, signal: AbortSignal) => Promise<void>

/** One file of this folder, and one line in `index.ts`. */
export interface Channel {
  /** What each variable is for. The first one names the channel when nothing arrived. */
  readonly variables: Readonly<Record<string, string>>
  /** Null when the channel is not configured, or when a value is wrong: `refuse` gets the reason. */
  parse(values: Values, refuse: Refuse): Send | null
}

/** A channel that is configured. */
export interface Receiver {
  readonly variable: string
  readonly send: Send
}

/** Null when it is not configured. Throws SETTINGS_INVALID with all that is wrong. */
export function configured({ variables, parse }: Channel, values: Values): Receiver | null {
  const problems: Problem[] = []
  const send = parse(values, (place, detail, remedy) => problems.push({ place, detail, remedy }))
  if (problems.length > 0) throw new VitrineError('SETTINGS_INVALID', { problems })
  return send === null ? null : Object.freeze({ variable: Object.keys(variables)[0] ?? '', send })
}

export interface DeliveryRules {
  readonly limits: Pick<Limits, 'deliveryTimeoutMs' | 'deliveryTries' | 'deliveryPauseMs'>
  readonly signal: AbortSignal
}

/** Why nothing arrived, and whether another try may help. */
export class Undelivered extends Error {
  readonly again: boolean

  constructor(reason: string, again: boolean) {
    super(reason)
    this.again = again
  }
}

/** Returns why nothing arrived, or null. */
export async function deliver({ send }: Receiver, message: Message, rules: DeliveryRules): Promise<string | null> {
  const { limits, signal } = rules
  for (let tries = 1; ; tries++) {
    const failure = await once((either) => send(message, either), rules)
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
