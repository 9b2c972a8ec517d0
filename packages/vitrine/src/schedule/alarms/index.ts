/** The channels by which an alarm can leave. */
import type { Channel } from './channel.ts'
import { mail } from './mail.ts'
import { ping } from './ping.ts'
import { webhook } from './webhook.ts'

export const CHANNELS: readonly Channel[] = Object.freeze([webhook, mail, ping])
