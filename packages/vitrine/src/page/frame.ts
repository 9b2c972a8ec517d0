/** The document around the content of a place: the four places, the day of the data, language, theme. */
import { createHash } from 'node:crypto'
import { html, raw } from '../drawing/html.ts'
import { script } from '../drawing/script.ts'
import { styleSheet } from '../drawing/style.ts'
import type { Freshness, Html, PageCall, PageContext, PageFacts, Place } from './context.ts'
import { frameStyle } from './style.ts'
import { say } from './texts.ts'

const PLACES: readonly Place[] = ['dashboards', 'dictionary', 'runs', 'state']

/** A file of the page, whose address changes with its content. */
interface Asset {
  readonly path: string
  readonly type: string
  readonly body: string
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16)

export function assetsOf({ css = '' }: PageContext['theme']): Readonly<Record<'style' | 'script', Asset>> {
  const style = `${styleSheet}\n${frameStyle}\n${css}`
  return {
    style: { path: `/assets/style-${hashOf(style)}.css`, type: 'text/css; charset=utf-8', body: style },
    script: { path: `/assets/script-${hashOf(script)}.js`, type: 'text/javascript; charset=utf-8', body: script },
  }
}

export interface Framed extends Pick<PageFacts, 'title' | 'place' | 'again'> {
  readonly freshness: Freshness | null
  readonly assets: ReturnType<typeof assetsOf>
}

export function frame(call: PageCall, context: PageContext, content: Html, facts: Framed): Html {
  const { title, place, again, freshness, assets } = facts
  const { theme, prefix, publication } = context
  const { role, loggedIn, token, reading } = call.var.visitor
  const { language } = reading
  const told = (key: Parameters<typeof say>[1]) => say(language, key)
  const here = call.req.path + new URL(call.req.url).search
  return html`<!doctype html>
<html lang="${language}" class="v-page">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${publication().metabase.source}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${prefix}${assets.style.path}">
<script type="module" src="${prefix}${assets.script.path}"></script>
${again === undefined ? '' : html`<noscript><meta http-equiv="refresh" content="${again}"></noscript>`}
</head>
<body data-role="${role}">
<a class="v-skip" href="#content">${told('skip')}</a>
${raw(theme.header ?? '')}
<header class="v-head">
<a class="v-name" href="${prefix}/dashboards">${publication().metabase.source}</a>
<nav aria-label="${told('places')}"><ul>${PLACES.map(
    (each) =>
      html`<li><a href="${prefix}/${each}"${each === place ? raw(' aria-current="page"') : ''}>${told(each)}</a></li>`,
  )}</ul></nav>
${freshness === null ? '' : html`<a class="v-fresh v-${freshness.tone}" href="${prefix}/state">${freshness.text}</a>`}
<a class="v-language" lang="${language === 'fr' ? 'en' : 'fr'}" rel="nofollow" href="${prefix}/language/${language === 'fr' ? 'en' : 'fr'}?to=${encodeURIComponent(here)}">${told('otherLanguage')}</a>
${loggedIn ? html`<form method="post" action="${prefix}/logout"><input type="hidden" name="token" value="${token}"><button>${told('logOut')}</button></form>` : ''}
</header>
<main id="content">
${content}
</main>
${raw(theme.footer ?? '')}
</body>
</html>`
}
