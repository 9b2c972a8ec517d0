/** A page as one HTML file that asks nobody for anything: no script, no picture, no address; for a screen and for paper. */
import type { Inline, Line, Page, Part, Row } from './page.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Signs that HTML may not hold. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]/gu

const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(FORBIDDEN, '\ufffd')
    .replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')

/** Signs of right-to-left writing, and those that turn the direction. */
const TURNING =
  /[\u0590-\u08ff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]|[\u{10800}-\u{10fff}]/u

/** Kept apart where it would turn what stands beside it around. */
const written = (text: string, html = escaped(text)): string => (TURNING.test(text) ? `<bdi>${html}</bdi>` : html)

/** A long name breaks where its words end. */
const code = (name: string): string =>
  `<code>${written(name, escaped(name).replaceAll(/[._](?=[^._])/g, '$&<wbr>'))}</code>`

/** The address of what an anchor names. */
export type AddressOf = (anchor: string) => string
const here: AddressOf = (anchor) => `#${anchor}`

function inline(part: Inline, at: AddressOf): string {
  if (typeof part === 'string') return written(part)
  if ('mark' in part) return `<span class="mark ${part.mark ?? 'none'}">${escaped(part.text)}</span>`
  const inner = 'text' in part ? written(part.text) : code(part.code)
  return part.to === undefined ? inner : `<a href="${escaped(at(part.to))}">${inner}</a>`
}

const line = (parts: Line, at: AddressOf): string => parts.map((each) => inline(each, at)).join('')

function row({ anchor, cells }: Row, at: AddressOf): string {
  const id = anchor === undefined ? '' : ` id="${escaped(anchor)}"`
  const [first, ...others] = cells.map((lines) => lines.map((each) => `<div>${line(each, at)}</div>`).join(''))
  return `<tr${id}><th scope="row">${first ?? ''}</th>${others.map((text) => `<td>${text}</td>`).join('')}</tr>`
}

function part(of: Part, at: AddressOf): string {
  switch (of.kind) {
    case 'heading':
      return `<h${of.level} id="${escaped(of.anchor)}">${line(of.line, at)}</h${of.level}>`
    case 'paragraph':
      return `<p>${line(of.line, at)}</p>`
    case 'list':
      return `<ul>${of.lines.map((each) => `<li>${line(each, at)}</li>`).join('\n')}</ul>`
    case 'figures': {
      const items = of.figures.map(
        ({ number, name, says }) =>
          `<div><dt>${inline(name, at)}<small>${escaped(says)}</small></dt><dd>${number}</dd></div>`,
      )
      return `<dl class="figures" aria-label="${escaped(of.label)}">${items.join('')}</dl>`
    }
    case 'table': {
      const titles = of.titles.map((title) => `<th scope="col">${escaped(title)}</th>`).join('')
      const rows = of.rows.map((each) => row(each, at)).join('\n')
      // Reached by the keyboard, because it scrolls on a narrow screen.
      return `<div class="table" role="region" aria-label="${escaped(of.label)}" tabindex="0"><table><thead><tr>${titles}</tr></thead>\n<tbody>${rows}</tbody></table></div>`
    }
  }
}

export const partsHtml = (parts: readonly Part[], at: AddressOf = here): string =>
  parts.map((each) => part(each, at)).join('\n')

const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#16202c;--mute:#56616f;--line:#dfe4ea;--a:#1f5fbf;--personal:#a3341a;--indirect:#8a5a00;--open:#1c6e53;--secret:#7a1f5c;--none:#56616f}
@media(prefers-color-scheme:dark){:root{--bg:#11161d;--card:#1a212b;--ink:#e8edf3;--mute:#a3afbc;--line:#2f3947;--a:#8ab8ff;--personal:#f79d7e;--indirect:#e9c067;--open:#6fd3ad;--secret:#eb9fd0;--none:#a3afbc}}
*{box-sizing:border-box}html{scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:28px 24px 56px}
h1{font-size:26px;line-height:1.2;letter-spacing:-.02em;margin:0 0 8px}h2{font-size:20px;margin:44px 0 6px;padding-top:14px;border-top:1px solid var(--line)}h3{font-size:16px;margin:28px 0 6px}
h1,h2,h3{overflow-wrap:anywhere}p{margin:4px 0 12px;max-width:80ch;color:var(--mute)}ul{padding-left:20px;margin:8px 0}li{margin:3px 0;overflow-wrap:anywhere}
a{color:var(--a);text-underline-offset:2px}code{font:13px/1.5 ui-monospace,"SF Mono",Consolas,"Liberation Mono",monospace}h2 code{font-size:18px}h3 code{font-size:15px}
.table{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;margin:10px 0 18px}
.table:focus-visible,a:focus-visible{outline:2px solid var(--a);outline-offset:2px}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:8px 12px;font-size:13.5px;overflow-wrap:break-word}td{min-width:7rem}td:nth-child(3):not(:last-child){min-width:13rem}tr+tr>*,tbody>tr:first-child>*{border-top:1px solid var(--line)}
thead th{color:var(--mute);font-weight:550;font-size:12.5px}tbody th{font-weight:550;position:sticky;left:0;background:var(--card);min-width:9rem;max-width:20rem}td div+div,th div+div{margin-top:3px}
tr:target>*{box-shadow:inset 0 0 0 99px color-mix(in srgb,var(--a) 12%,transparent)}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:16px;margin:14px 0 20px}.figures>div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.figures dd{margin:0;font-size:34px;font-weight:600;letter-spacing:-.03em;line-height:1.15}.figures small{display:block;color:var(--mute);font-size:12.5px;font-weight:400}
.mark{font-weight:600;white-space:nowrap}.mark::before{content:"";display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;background:currentColor}
.personal{color:var(--personal)}.indirect{color:var(--indirect)}.open{color:var(--open)}.secret{color:var(--secret)}.none{color:var(--none)}
@media(max-width:640px){main{padding:18px 14px 40px}.figures{grid-template-columns:repeat(2,1fr);gap:10px}tbody th{max-width:11rem;min-width:7rem}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--mute:#333;--line:#bbb;--a:#000}@page{size:A4 landscape;margin:12mm}body{font-size:10pt}main{max-width:none;padding:0}.table{overflow:visible;border-radius:0}th,td{font-size:8.5pt;padding:3pt 5pt}td{min-width:0}tr,.figures{break-inside:avoid}thead{display:table-header-group}h2,h3,p{break-after:avoid}tbody th{position:static;min-width:0}a{text-decoration:none}.mark::before{border:1px solid}}
`

export const htmlOf = ({ language, title, parts }: Page): string => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${partsHtml(parts)}
</main>
</body>
</html>
`
