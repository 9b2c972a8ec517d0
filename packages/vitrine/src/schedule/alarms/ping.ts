/** A dead man's switch: who waits in vain for its request raises the alarm, even when this machine is gone. */
import { channel } from './channel.ts'
import { request, webUrl } from './web.ts'

export const ping = channel({
  variables: { VITRINE_PING_URL: 'is fetched after each scheduled success: a dead man’s switch' },
  parse: (values, refuse) => webUrl(values, refuse, 'VITRINE_PING_URL'),
  success: (url, signal) => request(url, { method: 'GET' }, signal),
})
