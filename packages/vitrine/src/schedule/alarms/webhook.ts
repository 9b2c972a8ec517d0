/** A webhook gets each alarm by POST: the whole alarm for a program, or only its text for a chat. */
import type { Alarm } from './alarm.ts'
import type { Channel } from './channel.ts'
import { request, webUrl } from './web.ts'

/** `chat`: only a text, as the incoming webhooks of Slack, Mattermost and Rocket.Chat take it. */
const FORMATS = ['json', 'chat'] as const
type Format = (typeof FORMATS)[number]

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** In a chat &, < and > begin markup (`<!channel>` calls everybody), so they are written as entities. */
const bodyOf = (alarm: Alarm, format: Format): string =>
  JSON.stringify(
    format === 'json' ? alarm : { text: alarm.text.replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign) },
  )

export const webhook: Channel = {
  variables: {
    VITRINE_ALARM_WEBHOOK: 'gets each alarm by POST, such as the incoming webhook of a chat',
    VITRINE_ALARM_FORMAT: 'json (default): the whole alarm; chat: only a text, for Slack, Mattermost and their like',
  },
  parse(values, refuse) {
    const place = 'VITRINE_ALARM_FORMAT'
    const name = values(place) ?? 'json'
    const format = FORMATS.find((known) => known === name)
    if (format === undefined) refuse(place, 'it is not a format of alarms', `write ${FORMATS.join(' or ')}`)
    const url = webUrl(values, refuse, 'VITRINE_ALARM_WEBHOOK')
    if (url === null || format === undefined) return null
    const headers = { 'content-type': 'application/json' }
    return async (message, signal) => {
      if (message !== 'success') await request(url, { method: 'POST', body: bodyOf(message, format), headers }, signal)
    }
  },
}
