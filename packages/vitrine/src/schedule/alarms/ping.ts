/** A dead man's switch: who waits in vain for its request raises the alarm, even when this machine is gone. */
import type { Channel } from './channel.ts'
import { request, webUrl } from './web.ts'

export const ping: Channel = {
  variables: { VITRINE_PING_URL: 'is fetched after each scheduled success: a dead man’s switch' },
  parse(values, refuse) {
    const url = webUrl(values, refuse, 'VITRINE_PING_URL')
    return (
      url && (async (message, signal) => (message === 'success' ? request(url, { method: 'GET' }, signal) : undefined))
    )
  },
}
