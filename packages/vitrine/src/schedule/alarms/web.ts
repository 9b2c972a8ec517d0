/** One web request, for the channels that need no more. */
import { Secret } from '../../base/secret.ts'
import { type Refuse, Undelivered, type Values } from './channel.ts'

/** Null when the variable is not set, or refused. */
export function webUrl(values: Values, refuse: Refuse, variable: string): Secret | null {
  const text = values(variable)
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  // A request is refused at run time when its URL holds a user: better now than in the night.
  const known = url !== null && ['http:', 'https:'].includes(url.protocol) && url.username + url.password === ''
  if (known) return new Secret(text)
  refuse(variable, 'it is not a URL of the form https://host/path', 'copy it whole, without a user')
  return null
}

export async function request(url: Secret, init: RequestInit, signal: AbortSignal): Promise<void> {
  // A redirection would hand the alarm to an address that nobody has set.
  const response = await fetch(url.reveal(), { ...init, redirect: 'manual', signal })
  // The answer itself is not waited for: it may never end.
  await response.body?.cancel()
  const again = response.status >= 500 || response.status === 429
  if (!response.ok) throw new Undelivered(`it answered ${response.status}`, again)
}
