/** In which language a page is: what its visitor chose, what the page was told to speak, what the browser asks for. */
import { getCookie, setCookie } from 'hono/cookie'
import { parseAccept } from 'hono/utils/accept'
import type { Language } from '../base/language.ts'
import type { PageApp, PageCall, PageContext } from './context.ts'
import { isSecure, type PageReach } from './security.ts'

const COOKIE = 'vitrine_language'
const YEAR_S = 31_536_000

export function languageOf(call: PageCall, { language }: Pick<PageContext, 'language'>): Language {
  const chosen = getCookie(call, COOKIE)
  if (chosen === 'fr' || chosen === 'en') return chosen
  if (language !== null) return language
  const asked = parseAccept(call.req.header('accept-language') ?? '')
  const names = asked.flatMap(({ type, q }) => (q > 0 ? [type.toLowerCase().split('-')[0]] : []))
  return names.find((name) => name === 'fr' || name === 'en') === 'fr' ? 'fr' : 'en'
}

/** The link that changes the language, and comes back. */
export function addLanguage(app: PageApp, prefix: string, reach: PageReach): void {
  app.get('/language/:to', (call) => {
    const kept = { path: prefix || '/', httpOnly: true, sameSite: 'Lax', secure: isSecure(call, reach) } as const
    setCookie(call, COOKIE, call.req.param('to') === 'fr' ? 'fr' : 'en', { ...kept, maxAge: YEAR_S })
    return call.redirect(localPath(call.req.query('to'), prefix), 303)
  })
}

/** A path of ours, never another site. */
export const localPath = (given: unknown, prefix: string): string =>
  typeof given === 'string' && given.startsWith(`${prefix}/`) && /^\/(?![\\/])[!-[\]-~]*$/.test(given)
    ? given
    : `${prefix}/dashboards`
