/** The document around the content of a place: the four places, the day of the data, language, theme. */
import { createHash } from 'node:crypto'
import { partStyle } from '../dictionary/page-html.ts'
import { script } from '../drawing/chart-script.ts'
import { html, raw } from '../drawing/html.ts'
import { styleSheet } from '../drawing/style.ts'
import { formToken } from './access.ts'
import type { Freshness, Html, PageCall, PageContext, PageFacts, PagePlace } from './context.ts'
import { frameScript } from './frame-script.ts'
import { frameStyle } from './frame-style.ts'
import { liveScript } from './live.ts'
import { placeStyle } from './place-style.ts'
import { say } from './texts.ts'
import { failureNote } from './watch.ts'

const PLACES: readonly PagePlace[] = ['dashboards', 'dictionary', 'runs', 'state']

/** A file of the page, whose address changes with its content. */
interface Asset {
  readonly path: string
  readonly type: string
  readonly body: string
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16)

/** The files of every page. */
export function assetsOf({ css = '' }: PageContext['theme']): Readonly<Record<'style' | 'script', Asset>> {
  const style = [styleSheet, partStyle, frameStyle, placeStyle, css].join('\n')
  const scripts = [script, frameScript, liveScript].join('\n')
  return {
    style: { path: `/assets/style-${hashOf(style)}.css`, type: 'text/css; charset=utf-8', body: style },
    script: { path: `/assets/script-${hashOf(scripts)}.js`, type: 'text/javascript; charset=utf-8', body: scripts },
  }
}

interface Framed extends Pick<PageFacts, 'title' | 'place' | 'again' | 'bare'> {
  readonly freshness: Freshness | null
  readonly assets: ReturnType<typeof assetsOf>
}

/** What stands before the content, and after it. */
export function frame(call: PageCall, context: PageContext, facts: Framed): readonly [open: Html, close: Html] {
  const { title, again, assets, bare = false } = facts
  const { theme, prefix, publication, watch } = context
  const { role, reading } = call.var.visitor
  const open = html`<!doctype html>
<html lang="${reading.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${publication().metabase.source}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${prefix}${assets.style.path}">
${!bare && html`<script type="module" src="${prefix}${assets.script.path}"></script>`}
${again !== undefined && html`<noscript><meta http-equiv="refresh" content="${again}"></noscript>`}
</head>
<body data-role="${role}"${watch !== null && html` data-edition="${watch.edition}" data-base="${prefix}"`}>
${!bare && html`<a class="v-skip" href="#content">${say(reading.language, 'skip')}</a>${raw(theme.header ?? '')}${head(call, context, facts)}`}
<main id="content">
${failureNote(watch)}${bare && facts.freshness !== null && html`<p class="v-tone v-tone-${facts.freshness.tone}">${facts.freshness.text}</p>`}`
  const close = html`
</main>
${!bare && raw(theme.footer ?? '')}
</body>
</html>`
  return [open, close]
}

function head(call: PageCall, { prefix, publication }: PageContext, { place, freshness }: Framed): Html {
  const { loggedIn, reading, token } = call.var.visitor
  const { language } = reading
  const other = language === 'fr' ? 'en' : 'fr'
  const here = encodeURIComponent(call.req.path + new URL(call.req.url).search)
  const places = PLACES.map(
    (each) =>
      html`<li><a href="${prefix}/${each}"${each === place && html` aria-current="page"`}>${say(language, each)}</a></li>`,
  )
  return html`<header class="v-head"><div class="v-bar">
<a class="v-name" href="${prefix}/dashboards">${publication().metabase.source}</a>
${token !== '' && html`<nav aria-label="${say(language, 'places')}"><ul>${places}</ul></nav>`}
${freshness !== null && html`<a class="v-tone v-tone-${freshness.tone}" href="${prefix}/state">${freshness.text}</a>`}
<a class="v-language" lang="${other}" rel="nofollow" href="${prefix}/language/${other}?to=${here}">${say(language, 'otherLanguage')}</a>
${loggedIn && html`<form method="post" action="${prefix}/logout"><input type="hidden" name="token" value="${formToken(call.var.visitor)}"><button>${say(language, 'logOut')}</button></form>`}
</div></header>`
}
