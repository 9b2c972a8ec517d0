/** The channels by which an alarm can leave. */
import type { AnyChannel } from './channel.ts'
import { mail } from './mail.ts'
import { ping } from './ping.ts'
import { webhook } from './webhook.ts'

export const CHANNELS: readonly AnyChannel[] = Object.freeze([webhook, mail, ping])
