/** The settings of the page: where it listens, how browsers reach it, and who may see it. Refuses what would be open by mistake. */
import { type Problem, VitrineError } from '../base/errors.ts'
import type { Language } from '../base/language.ts'
import { Secret } from '../base/secret.ts'
import type { Access } from '../page/access.ts'
import { HASHED } from '../page/password.ts'
import type { PageReach } from '../page/security.ts'
import type { Values } from '../schedule/alarms/channel.ts'
import type { HttpAddress } from '../schedule/listener.ts'

export const PAGE_VARIABLES = {
  VITRINE_PAGE_PASSWORD: 'the password of those who read the page of serve, or its scrypt:salt:hash',
  VITRINE_PAGE_OPERATOR_PASSWORD: 'the password of those who may also publish and roll back there',
  VITRINE_PAGE_USER_HEADER:
    'instead of passwords: the header in which a proxy, which asks who it is and removes that header from requests, names the visitor',
  VITRINE_PAGE_OPERATORS: 'the visitors, as that header names them, who may publish and roll back; apart by commas',
  VITRINE_PAGE_URL: 'the address of the page as a browser shows it, when a proxy stands before it',
  VITRINE_PAGE_TRUST_PROXY: 'yes: believe the X-Forwarded headers of the proxy before the page',
  VITRINE_PAGE_FRAMED_BY: 'the origins that may show public dashboards in a frame; apart by blanks',
} as const

export interface PageAnswering {
  readonly address: HttpAddress
  readonly prefix: string
  readonly language: Language | null
  readonly access: Access
  readonly reach: PageReach
}

/** The options of the command line; null for absent ones. */
export interface PageWish {
  readonly host: string | null
  readonly port: string | null
  readonly prefix: string | null
  readonly language: string | null
}

const PORT = 4000
const SHORTEST_PASSWORD = 12
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/

/** Throws SETTINGS_INVALID with all that is wrong, and PAGE_OPEN. */
export function pageSettings(values: Values, wish: PageWish): PageAnswering {
  const problems: Problem[] = []
  const refuse = (place: string, detail: string, remedy: string) => problems.push({ place, detail, remedy })
  const host = wish.host ?? '127.0.0.1'
  const onLoopback = LOOPBACK.test(host)
  const port = Number(wish.port ?? PORT)
  if (!/^\d{1,5}$/.test(wish.port ?? '0') || port > 65_535)
    refuse('--port', 'it is no port', 'give a number from 0 to 65535; 0 takes a free one')
  if (!/^[\w.:-]+$/.test(host)) refuse('--host', 'it is no host', 'give a name or an address')
  const url = webAddress(values('VITRINE_PAGE_URL'), refuse)
  const prefix = (wish.prefix ?? url?.pathname ?? '').replace(/\/+$/, '')
  if (!/^(?:\/[\w.~-]+)*$/.test(prefix) || /\/\.\.?(?:\/|$)/.test(prefix))
    refuse('--prefix', 'it is no path', 'write it as /vitrine')
  const { language } = wish
  if (language !== null && language !== 'fr' && language !== 'en')
    refuse('--language', 'the page does not speak it', 'give fr or en')
  const trust = values('VITRINE_PAGE_TRUST_PROXY')
  if (trust !== null && trust !== 'yes' && trust !== 'no')
    refuse('VITRINE_PAGE_TRUST_PROXY', 'it is neither yes nor no', 'write yes, or leave it out')
  const framedBy = (values('VITRINE_PAGE_FRAMED_BY') ?? '').split(/\s+/).filter(Boolean)
  if (!framedBy.every((each) => /^https?:\/\/(?:\*\.)?[\w.-]+(?::\d+)?$/.test(each)))
    refuse('VITRINE_PAGE_FRAMED_BY', 'it holds what is no origin', 'write origins such as https://www.example.org')
  const access = accessOf(values, refuse)
  if (problems.length > 0) throw new VitrineError('SETTINGS_INVALID', { problems })
  const trustsProxy = trust === 'yes'
  if (access.kind === 'open' && (!onLoopback || trustsProxy || (url !== null && !LOOPBACK.test(url.hostname)))) {
    const detail = onLoopback ? 'A proxy stands before it.' : 'It would listen beyond this machine.'
    throw new VitrineError('PAGE_OPEN', { place: onLoopback ? 'VITRINE_PAGE_URL' : '--host', detail })
  }
  return Object.freeze({
    address: { host, port },
    prefix,
    language: language === 'fr' || language === 'en' ? language : null,
    access,
    reach: { origin: url?.origin ?? null, onLoopback, trustsProxy, framedBy },
  })
}

type Refuse = (place: string, detail: string, remedy: string) => void

function webAddress(text: string | null, refuse: Refuse): URL | null {
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const isPlain = url !== null && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (url !== null && isPlain && /^https?:$/.test(url.protocol)) return url
  refuse('VITRINE_PAGE_URL', 'it is no address of a page', 'write it as https://data.example.org/vitrine')
  return null
}

function accessOf(values: Values, refuse: Refuse): Access {
  const header = values('VITRINE_PAGE_USER_HEADER')
  const password = (name: string): Secret | undefined => {
    const text = values(name)
    if (text === null) return undefined
    if (text.startsWith('scrypt:') ? !HASHED.test(text) : text.length < SHORTEST_PASSWORD)
      refuse(name, 'it is too short, or no hash', `give at least ${SHORTEST_PASSWORD} characters, or scrypt:salt:hash`)
    return new Secret(text)
  }
  const reader = password('VITRINE_PAGE_PASSWORD')
  const operator = password('VITRINE_PAGE_OPERATOR_PASSWORD')
  if (reader !== undefined && reader.reveal() === operator?.reveal())
    refuse('VITRINE_PAGE_OPERATOR_PASSWORD', 'it is that of the readers too', 'give another')
  const operators = (values('VITRINE_PAGE_OPERATORS') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  if (header === null) {
    if (operators.length > 0)
      refuse('VITRINE_PAGE_OPERATORS', 'no proxy names visitors', 'set VITRINE_PAGE_USER_HEADER, or leave it out')
    if (reader === undefined && operator === undefined) return { kind: 'open' }
    return { kind: 'passwords', passwords: { ...(reader && { reader }), ...(operator && { operator }) } }
  }
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(header))
    refuse('VITRINE_PAGE_USER_HEADER', 'it is no name of a header', 'write it as X-Remote-User')
  if (reader !== undefined || operator !== undefined)
    refuse('VITRINE_PAGE_USER_HEADER', 'passwords are set too', 'let the proxy ask, or the page, not both')
  return { kind: 'proxy', header, operators }
}
