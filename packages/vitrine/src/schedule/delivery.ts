/**
 * Brings alarms to a webhook, and a sign of life to a dead man's switch after each success. Every try is bounded, tries are
 * few, and nothing here fails a run: what could not be delivered is given back as a reason. The URLs are secrets, since
 * whoever has one can post: they are in no reason.
 */
import type { Limits } from '../base/limits.ts'
import type { Secret } from '../base/secret.ts'
import type { Alarm } from './alarm.ts'
import type { Sleep } from './pause.ts'

/**
 * `json`: the whole alarm, for a program. `chat`: an object with nothing but a text, as the incoming webhooks of Slack,
 * Mattermost and Rocket.Chat take it.
 */
export const ALARM_FORMATS = ['json', 'chat'] as const
export type AlarmFormat = (typeof ALARM_FORMATS)[number]

/** What is posted. In a chat &, < and > begin markup (`<!channel>` calls everybody), so they are written as entities. */
export const alarmBody = (alarm: Alarm, format: AlarmFormat): string =>
  JSON.stringify(
    format === 'json' ? alarm : { text: alarm.text.replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign) },
  )

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export interface Receivers {
  /** Gets each alarm as JSON, by POST. */
  readonly webhook: Secret | null
  readonly format: AlarmFormat
  /** Is fetched after each success: who waits for it in vain raises the alarm, even when this machine is gone. */
  readonly ping: Secret | null
}

/** How deliveries wait and end. */
export interface DeliveryRules {
  readonly limits: Pick<Limits, 'deliveryTimeoutMs' | 'deliveryTries' | 'deliveryPauseMs'>
  readonly sleep: Sleep
  readonly signal: AbortSignal
}

/** Null when it arrived or there is no webhook, otherwise why not. */
export const deliverAlarm = (
  alarm: Alarm,
  { webhook, format }: Omit<Receivers, 'ping'>,
  rules: DeliveryRules,
): Promise<string | null> =>
  deliver(
    webhook,
    { method: 'POST', body: alarmBody(alarm, format), headers: { 'content-type': 'application/json' } },
    rules,
  )

/** The same for the sign of life. */
export const deliverPing = ({ ping }: Pick<Receivers, 'ping'>, rules: DeliveryRules): Promise<string | null> =>
  deliver(ping, { method: 'GET' }, rules)

async function deliver(url: Secret | null, request: RequestInit, rules: DeliveryRules): Promise<string | null> {
  if (url === null) return null
  const { limits, sleep, signal } = rules
  for (let tries = 1; ; tries++) {
    const { reason, again } = await once(url, request, limits.deliveryTimeoutMs, signal)
    if (reason === null) return null
    if (!again || tries >= limits.deliveryTries || signal.aborted) return reason
    await sleep(limits.deliveryPauseMs * 2 ** (tries - 1), signal)
  }
}

interface Try {
  readonly reason: string | null
  readonly again: boolean
}

async function once(url: Secret, request: RequestInit, timeoutMs: number, signal: AbortSignal): Promise<Try> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    // A redirection would hand the alarm to an address that nobody has set.
    const response = await fetch(url.reveal(), {
      ...request,
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
    })
    // The answer itself is not waited for: it may never end.
    await response.body?.cancel()
    if (response.ok) return { reason: null, again: false }
    return { reason: `it answered ${response.status}`, again: response.status >= 500 || response.status === 429 }
  } catch (error) {
    if (late.aborted) return { reason: `no answer within ${timeoutMs} ms`, again: true }
    return { reason: `it could not be reached${codeOf(error)}`, again: true }
  }
}

/** The system's code of a failed connection. The message is left out: it may quote the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^[A-Z_0-9]{3,40}$/.test(code) ? ` (${code})` : ''
}
