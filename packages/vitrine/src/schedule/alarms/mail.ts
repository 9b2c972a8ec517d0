/** E-mail through an SMTP server. The library is loaded when there is something to send. */
import { Secret } from '../../base/secret.ts'
import type { Alarm } from './alarm.ts'
import { type Channel, type Refuse, Undelivered } from './channel.ts'

interface Server {
  readonly host: string
  readonly port: number
  /** TLS from the first byte on (smtps). */
  readonly secure: boolean
  readonly login: { readonly user: string; readonly password: Secret } | null
}

const URL_NAME = 'VITRINE_ALARM_SMTP_URL'
const FROM_NAME = 'VITRINE_ALARM_MAIL_FROM'
const TO_NAME = 'VITRINE_ALARM_MAIL_TO'

const SUBJECTS: Readonly<Record<Alarm['kind'], string>> = {
  failed: 'nothing published',
  stale: 'not fresh',
  missing: 'readers miss what was published',
  recovered: 'recovered',
  warnings: 'published, with suspicious content',
  preparation: 'a step before the run failed',
  metabase: 'Metabase was not kept in step',
  follow: 'following what changes',
}

export const mail: Channel = {
  variables: {
    [URL_NAME]: 'e-mails each alarm through this server: smtps://user:password@host:port, or smtp://',
    [FROM_NAME]: 'the address that these e-mails come from',
    [TO_NAME]: 'the addresses that get these e-mails, with commas between them',
  },
  parse(values, refuse) {
    const names = [URL_NAME, FROM_NAME, TO_NAME]
    const given = names.map((name) => values(name))
    if (given.every((value) => value === null)) return null
    for (const [index, name] of names.entries()) {
      if (given[index] === null) refuse(name, 'it is missing beside the others for e-mail', `set ${names.join(', ')}`)
    }
    const [url, from, to] = given
    const addresses = (list: string | null | undefined, name: string) =>
      (list?.split(',') ?? []).filter((text) => isAddress(text, name, refuse)).map((text) => text.trim())
    const server = url == null ? null : serverOf(url, refuse)
    const [sender] = addresses(from, FROM_NAME)
    const receivers = addresses(to, TO_NAME)
    if (server === null || sender === undefined) return null
    return async (message, signal) => {
      if (message !== 'success') await mailed(message, server, { from: sender, to: receivers, signal })
    }
  },
}

/** No name beside the address, no quotes: what cannot be misread by any server. */
function isAddress(text: string, name: string, refuse: Refuse): boolean {
  const known = /^[^\s@<>"(),:;[\\\]]+@[a-z\d.-]+$/i.test(text.trim())
  if (!known) refuse(name, 'it is no address of the form name@host', 'write the bare address')
  return known
}

function serverOf(text: string, refuse: Refuse): Server | null {
  const url = smtpUrl(text)
  if (url === null) {
    refuse(URL_NAME, 'it is not a URL of the form smtps://user:password@host:port', 'percent-encode special characters')
    return null
  }
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replaceAll(/[[\]]/g, '')
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port)
  if (url.username === '') return { host, port, secure, login: null }
  const password = new Secret(decodeURIComponent(url.password))
  return { host, port, secure, login: { user: decodeURIComponent(url.username), password } }
}

/** Null when it is none, or holds more than a server and a login. */
function smtpUrl(text: string): URL | null {
  try {
    const url = new URL(text)
    const plain = ['', '/'].includes(url.pathname) && url.search === '' && url.hash === ''
    // Throws for a percent sign that begins no character.
    decodeURIComponent(url.username + url.password)
    return plain && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '' ? url : null
  } catch {
    return null
  }
}

interface Envelope {
  readonly from: string
  readonly to: readonly string[]
  readonly signal: AbortSignal
}

async function mailed(
  alarm: Alarm,
  { host, port, secure, login }: Server,
  { from, to, signal }: Envelope,
): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    host,
    port,
    secure,
    // A password never travels in the clear, except on this machine.
    requireTLS: login !== null && !LOOPBACK.includes(host),
    ...(login === null ? {} : { auth: { user: login.user, pass: login.password.reveal() } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const subject = `Vitrine ${alarm.publication}: ${SUBJECTS[alarm.kind]}`
  const message = { from, to: [...to], subject, text: `${alarm.text}\n`, signal }
  const { rejected } = await transport.sendMail(message).catch((error: unknown) => {
    throw undelivered(error)
  })
  if (rejected.length > 0) throw new Undelivered(`it refused ${rejected.length} of ${to.length} addresses`, false)
}

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** By codes alone: the message of the library may quote the address or what the server says. */
function undelivered(error: unknown): unknown {
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : Number.NaN
  // From 500 on the server refuses for good (RFC 5321, 4.2.1).
  return Number.isInteger(status) ? new Undelivered(`it answered ${status}`, status < 500) : error
}
