/** The login of the page, where it asks for passwords itself. */
import { bodyLimit } from 'hono/body-limit'
import { html } from '../drawing/html.ts'
import type { Visitors } from './access.ts'
import type { Html, PageApp, PageCall, PageContext } from './context.ts'
import { addressOf, Bucket, isFromOurPage, type PageReach } from './security.ts'
import { say } from './texts.ts'
import { localPath } from './visitor-language.ts'

/** Of each caller: so many tries at once, and one in ten seconds after that. */
const LOGINS = [8, 0.1] as const
export const formLimit = bodyLimit({ maxSize: 16 * 1024, onError: (call) => call.text('413 too large\n', 413) })

/** The fields of a form; none where the body is none. */
export const fieldsOf = (call: PageCall): Promise<Readonly<Record<string, unknown>>> =>
  call.req.parseBody().catch(() => ({}))

export const message = (title: string, detail: string): Html =>
  html`<section class="v-message"><h1>${title}</h1><p>${detail}</p></section>`

export function addLogin(app: PageApp, context: PageContext, visitors: Visitors, reach: PageReach): void {
  const { prefix, clock } = context
  const logins = new Bucket(clock, ...LOGINS)
  // One at a time: a derivation is slow on purpose.
  let turn: Promise<unknown> = Promise.resolve()
  const form = (call: PageCall, to: string, wrong: boolean) => {
    const { language } = call.var.visitor.reading
    const content = html`<form class="v-login" method="post" action="${prefix}/login">
<h1>${say(language, 'logIn')}</h1>
${wrong ? html`<p role="alert">${say(language, 'wrongPassword')}</p>` : visitors.hasEnded(call) && html`<p role="status">${say(language, 'endedLogIn')}</p>`}
<input type="hidden" name="to" value="${to}">
<label>${say(language, 'password')} <input type="password" name="password" autocomplete="current-password" required autofocus></label>
<button class="v-button">${say(language, 'logIn')}</button>
</form>`
    return context.show(call, content, {
      title: say(language, 'logIn'),
      place: null,
      ...(wrong ? { status: 403 } : {}),
    })
  }
  app.get('/login', async (call) =>
    visitors.asksForPassword
      ? form(call, localPath(call.req.query('to'), prefix), false)
      : call.redirect(`${prefix}/dashboards`, 303),
  )
  app.post('/login', formLimit, async (call, next) => {
    if (!visitors.asksForPassword || !isFromOurPage(call, reach)) return next()
    const { language } = call.var.visitor.reading
    if (!logins.take(addressOf(call, reach))) {
      const title = say(language, 'tooMany')
      return context.show(call, message(title, say(language, 'tooManyDetail')), { title, place: null, status: 429 })
    }
    const { password, to } = await fieldsOf(call)
    const mine = turn.then(() => visitors.logIn(call, typeof password === 'string' ? password : ''))
    turn = mine.catch(() => undefined)
    const path = localPath(to, prefix)
    return (await mine) ? call.redirect(path, 303) : form(call, path, true)
  })
}
