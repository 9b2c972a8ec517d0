/**
 * The page as one application: each request is guarded, its visitor identified, and answered by a place. Knows neither the environment
 * nor the socket; `listen.ts` listens, and tests ask it directly.
 */
import { Hono, type MiddlewareHandler } from 'hono'
import { stream } from 'hono/streaming'
import type { StreamingApi } from 'hono/utils/stream'
import { asVitrineError } from '../base/errors.ts'
import { html } from '../drawing/html.ts'
import type { Reading } from '../drawing/reading.ts'
import { type Access, hasToken, type KnownVisitor, Visitors } from './access.ts'
import { Answers } from './answers.ts'
import { compressed } from './compress.ts'
import type { Html, PageApp, PageCall, PageContext, PageEnv, PageFacts, Routes } from './context.ts'
import { see } from './found-answers.ts'
import { assetsOf, frame } from './frame.ts'
import { addLogin, fieldsOf, formLimit, message } from './login.ts'
import type { Readers } from './reader-sessions.ts'
import { addressOf, Bucket, guarded, isFromOurPage, type PageReach } from './security.ts'
import { say } from './texts.ts'
import { addLanguage, languageOf } from './visitor-language.ts'

export interface PageSettings extends Omit<PageContext, 'show' | 'answers' | 'asReader' | 'freshness'> {
  readonly readers: Readers
  /** Logs failures that no page explains. */
  readonly tell: (thrown: unknown) => void
  readonly access: Access
  readonly reach: PageReach
  readonly places: readonly Routes[]
}

/** Requests per caller, at once and per second: a page makes about ten. */
const PAGES = [600, 30] as const

export function createPage(settings: PageSettings): PageApp {
  const { prefix, clock, reach, access } = settings
  const root: PageApp = new Hono<PageEnv>()
  const visitors = new Visitors(access, reach, clock, prefix)
  const assets = assetsOf(settings.theme)
  const answers = new Answers(settings.readers)
  const asReader: PageContext['asReader'] = (work) => settings.readers.use(work)
  const context: PageContext = { ...settings, answers, asReader, freshness: (reading) => freshness(reading), show }
  const isPublic = (call: PageCall): boolean => call.req.path.startsWith(`${prefix}/public/`)

  async function show(call: PageCall, content: Html | AsyncIterable<Html>, facts: PageFacts): Promise<Response> {
    const { reading } = call.var.visitor
    const told = facts.place === null ? null : (facts.freshness ?? (await freshness(reading)))
    const [open, close] = frame(call, context, { ...facts, freshness: told, assets })
    if (facts.etag !== undefined) call.header('etag', facts.etag)
    call.status(facts.status ?? 200)
    if (!(Symbol.asyncIterator in content)) return call.html(html`${open}${content}${close}`)
    call.header('content-type', 'text/html; charset=UTF-8')
    const write = async (out: StreamingApi) => {
      await out.write(String(open))
      for await (const part of content) await out.write(String(part))
      await out.write(String(close))
    }
    return stream(call, write, async (thrown, out) => {
      settings.tell(thrown)
      await out.write(String(broken(reading, thrown)))
    })
  }

  const freshness = async (reading: Reading) => (await see({ answers, context: settings }, reading)).freshness

  root.use(guarded(reach, isPublic))
  root.use(compressed)
  root.use(knowing(context, visitors, reach))
  const app = root.basePath(prefix)
  for (const { path, type, body } of Object.values(assets)) {
    const headers = { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }
    app.get(path, (call) => call.body(body, 200, headers))
  }
  addLanguage(app, prefix, reach)
  addLogin(app, context, visitors, reach)
  app.use(admitting(context, visitors, isPublic))
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '*', formLimit, changing(context, reach))
  app.post('/logout', (call) => {
    visitors.logOut(call)
    return call.redirect(`${prefix}/login`, 303)
  })
  app.get('/', (call) => call.redirect(`${prefix}/dashboards`, 302))
  for (const place of settings.places) place(app, context)
  root.notFound((call) => refuse(call, context, 404, 'notFound'))
  root.onError((thrown, call) => {
    settings.tell(thrown)
    const { reading } = call.var.visitor
    const title = say(reading.language, 'failed')
    return show(call, broken(reading, thrown), { title, place: null, status: 500 })
  })
  return root
}

const broken = ({ language }: Reading, thrown: unknown): Html =>
  message(say(language, 'failed'), say(language, 'failedDetail', asVitrineError(thrown).code))

type Guard = MiddlewareHandler<PageEnv>

const NOBODY: KnownVisitor = { role: 'reader', loggedIn: false, token: '' }

/** Identifies the visitor, and limits the rate. */
function knowing(context: PageContext, visitors: Visitors, reach: PageReach): Guard {
  const pages = new Bucket(context.clock, ...PAGES)
  return async (call, next) => {
    const { zone, locale } = context.publication()
    const reading = { language: languageOf(call, context), zone, written: locale }
    call.set('visitor', { ...(visitors.known(call) ?? NOBODY), reading })
    return pages.take(addressOf(call, reach)) ? next() : refuse(call, context, 429, 'tooMany')
  }
}

/** Requires an identified visitor. */
function admitting(context: PageContext, visitors: Visitors, isPublic: (call: PageCall) => boolean): Guard {
  return async (call, next) => {
    if (isPublic(call) || visitors.known(call) !== null) return next()
    if (!visitors.asksForPassword || call.req.method !== 'GET')
      return refuse(call, context, 403, visitors.hasEnded(call) ? 'ended' : 'notAllowed')
    const here = call.req.path + new URL(call.req.url).search
    return call.redirect(`${context.prefix}/login?to=${encodeURIComponent(here)}`, 303)
  }
}

/** Requires an operator, a page of ours as origin, and the visitor's token, for requests that change something. */
function changing(context: PageContext, reach: PageReach): Guard {
  return async (call, next) => {
    const { token } = await fieldsOf(call)
    const isTheirs = call.var.visitor.role === 'operator' || call.req.path === `${context.prefix}/logout`
    const allowed = isTheirs && isFromOurPage(call, reach) && hasToken(call, token)
    return allowed ? next() : refuse(call, context, 403, 'notAllowed')
  }
}

async function refuse(
  call: PageCall,
  context: PageContext,
  status: 403 | 404 | 429,
  key: 'notAllowed' | 'ended' | 'notFound' | 'tooMany',
): Promise<Response> {
  const { language } = call.var.visitor.reading
  const title = say(language, key)
  return context.show(call, message(title, say(language, `${key}Detail`)), { title, place: null, status })
}
