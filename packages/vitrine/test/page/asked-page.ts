/** A page without a socket: asked as a browser would, with what it sends. The target answers only where a test gives one. */
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { VitrineError } from '../../src/base/errors.ts'
import type { Publication } from '../../src/index.ts'
import { actionsPlace } from '../../src/page/actions.ts'
import { createPage, type PageSettings } from '../../src/page/app.ts'
import type { PageApp } from '../../src/page/context.ts'
import { dashboardsPlace } from '../../src/page/dashboards-place.ts'
import { Readers } from '../../src/page/reader-sessions.ts'

export const noReaders = (): Readers =>
  new Readers(() => Promise.reject(new VitrineError('CONNECTION_FAILED', { place: 'target' })))

export interface AskedPage {
  ask(path: string, init?: RequestInit & { host?: string }): Promise<Response>
  /** Of the page that it leads to, once all of it is there. */
  text(path: string, init?: RequestInit & { host?: string }): Promise<string>
}

const ENV = { incoming: { socket: { remoteAddress: '192.0.2.7' } } }

/** A clock that a test moves. */
export class MovedClock implements Clock {
  at = 0
  now = (): Date => systemClock.now()
  monotonicMs = (): number => this.at
}

export const pageApp = (publication: Publication, settings: Partial<PageSettings> = {}): PageApp =>
  createPage({
    publication: () => publication,
    clock: systemClock,
    prefix: '',
    language: null,
    theme: {},
    metabaseUrl: null,
    readers: noReaders(),
    tell: (thrown) => {
      throw thrown
    },
    asWriter: null,
    actions: { sync: null, rollback: null },
    watch: null,
    access: { kind: 'open' },
    reach: { origin: null, onLoopback: true, trustsProxy: false, framedBy: [] },
    places: [dashboardsPlace, actionsPlace],
    ...settings,
  })

export function askedPage(publication: Publication, settings: Partial<PageSettings> = {}): AskedPage {
  const page = pageApp(publication, settings)
  const ask: AskedPage['ask'] = async (path, { host = 'localhost:4000', headers, ...init } = {}) => {
    const sent = { host, ...Object.fromEntries(new Headers(headers)) }
    return page.request(`http://localhost:4000${path}`, { ...init, headers: sent }, ENV)
  }
  const text: AskedPage['text'] = async (path, init) => {
    const answer = await ask(path, init)
    const to = answer.status === 303 ? answer.headers.get('location') : null
    if (to !== null) return text(to, init)
    const told = await answer.text()
    // What was not ready, and a page that was switched, is asked for again.
    return /v-is-coming|http-equiv="refresh"/.test(told) ? text(path, init) : told
  }
  return { ask, text }
}

/** What a form of the page sends. */
export const posted = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers: { origin: 'http://localhost:4000', 'content-type': 'application/x-www-form-urlencoded', ...headers },
})
