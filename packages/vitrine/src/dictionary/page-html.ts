/** Writes a page as one self-contained HTML file without script, for screen and paper. */
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

/** Isolates right-to-left text, which would reorder what stands beside it. */
const written = (text: string, html = escaped(text)): string => (TURNING.test(text) ? `<bdi>${html}</bdi>` : html)

/** Lets a long name break between its words. */
const code = (name: string): string =>
  `<code>${written(name, escaped(name).replaceAll(/[._](?=[^._])/g, '$&<wbr>'))}</code>`

/** Returns the address for an anchor. */
export type AddressOf = (anchor: string) => string
const here: AddressOf = (anchor) => `#${anchor}`

function inline(part: Inline, at: AddressOf): string {
  if (typeof part === 'string') return written(part)
  if ('mark' in part) return `<span class="mark ${part.mark ?? 'none'}">${escaped(part.text)}</span>`
  const inner = 'text' in part ? written(part.text) : code(part.code)
  return part.to === undefined ? inner : `<a href="${escaped(at(part.to))}">${inner}</a>`
}

const line = (parts: Line, at: AddressOf): string => parts.map((each) => inline(each, at)).join('')

const saying = (part: Inline): string => (typeof part === 'string' ? part : 'code' in part ? part.code : part.text)
const textOf = (cell: Row['cells'][number]): string => cell.flat().map(saying).join('')
/** An amount with or without a unit, or the dash for none. */
const AMOUNT = /^\d[\d\s.,]*(?:(?:%|ms|s|min|h)[\d\s.,]*)*$|^–$/
/** Limits in characters: shorter texts stay on one line, longer ones get a wide column. */
const [SHORT, LONG] = [20, 40]

/** The CSS class of a cell: amounts are aligned right if the whole column holds amounts. */
function kindOf(text: string, isAmount: boolean): string {
  if (isAmount) return ' class="v-n"'
  return text.length > LONG ? ' class="v-long"' : text.length <= SHORT && text !== '' ? ' class="v-short"' : ''
}

function row({ anchor, cells }: Row, amounts: readonly boolean[], at: AddressOf): string {
  const id = anchor === undefined ? '' : ` id="${escaped(anchor)}"`
  const [first, ...others] = cells.map((lines) => lines.map((each) => `<div>${line(each, at)}</div>`).join(''))
  const kind = (index: number) => kindOf(textOf(cells[index + 1] ?? []), amounts[index + 1] === true)
  return `<tr${id}><th scope="row">${first ?? ''}</th>${others.map((text, index) => `<td${kind(index)}>${text}</td>`).join('')}</tr>`
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
      const isAmount = (index: number) => of.rows.every(({ cells }) => AMOUNT.test(textOf(cells[index] ?? [])))
      const amounts = of.titles.map((_, index) => index > 0 && of.titles.length > 2 && isAmount(index))
      const titles = of.titles.map(
        (title, index) => `<th scope="col"${amounts[index] === true ? ' class="v-n"' : ''}>${escaped(title)}</th>`,
      )
      const rows = of.rows.map((each) => row(each, amounts, at)).join('\n')
      // Focusable, because people scroll it with the keyboard on a narrow screen.
      return `<div class="table" role="region" aria-label="${escaped(of.label)}" tabindex="0"><table><thead><tr>${titles.join('')}</tr></thead>\n<tbody>${rows}</tbody></table></div>`
    }
  }
}

export const partsHtml = (parts: readonly Part[], at: AddressOf = here): string =>
  parts.map((each) => part(each, at)).join('\n')

/** The style of parts; it uses the colours of another style sheet. */
export const partStyle = `
main{max-width:var(--v-width);margin:0 auto;padding:28px 24px 56px}main>h2{margin:40px 0 6px}main>h3{font-size:16px;margin:28px 0 6px}main>h1{margin:0 0 8px}main>p{margin:4px 0 12px;max-width:80ch}main>ul{padding-left:20px;margin:8px 0}main li{margin:3px 0;overflow-wrap:anywhere}main ul:has(>li>code:only-child){list-style:none;padding:0}
code{font:13px/1.5 ui-monospace,"SF Mono",Consolas,"Liberation Mono",monospace}h1 code{font-size:22px}h2 code{font-size:17px}h3 code{font-size:15px}
.table{overflow-x:auto;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);margin:10px 0 18px}.table table{width:100%}
.table th,.table td{padding:8px 14px;overflow-wrap:break-word}.table .v-long{min-width:13rem}.mark:not(:first-child){margin-left:6px}.table tbody th{font-weight:550;position:sticky;left:0;background:var(--v-card);min-width:9rem;max-width:20rem}.table div+div{margin-top:3px}
tr:target>*{box-shadow:inset 0 0 0 99px color-mix(in srgb,var(--v-accent) 12%,transparent)}
.figures{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:var(--v-gap);margin:14px 0 20px}.figures>div{display:flex;flex-direction:column-reverse;justify-content:flex-end;background:var(--v-card);border:1px solid var(--v-line);border-radius:var(--v-radius);padding:14px 16px}
.figures dd{margin:0;font-size:30px;font-weight:600;letter-spacing:-.02em;line-height:1.2;overflow-wrap:anywhere}.figures small{display:block;color:var(--v-mute);font-size:12.5px;font-weight:400}
.mark{font-weight:600;white-space:nowrap}.mark::before{content:"";display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;background:currentColor}
.good,.open{color:var(--v-good)}.bad,.personal{color:var(--v-bad)}.doubtful,.indirect{color:var(--v-doing)}.moving{color:var(--v-accent)}.secret{color:var(--v-s4)}.none{color:var(--v-unknown)}
@media screen and (max-width:760px){main{padding:18px 14px 40px}.figures{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}.table th,.table td{padding:7px 10px}.table tbody th{max-width:11rem;min-width:7rem}}@media screen and (max-width:400px){.table .v-long{min-width:9.5rem}.mark{white-space:normal;display:inline-block;min-width:4.6rem}}
@page wide{size:A4 landscape;margin:12mm}@media print{body:has(.table){page:wide}main{max-width:none;padding:0}.table{overflow:visible;border-radius:0}.table th,.table td,.table code{font-size:8pt}.table th,.table td,.table .v-long{padding:3pt 5pt;min-width:0}tr,.figures{break-inside:avoid}thead{display:table-header-group}main>h2,main>h3,h2+p{break-after:avoid}.table tbody th{position:static;min-width:0}a{text-decoration:none}.mark::before{border:1px solid}}
`

/** `style`: the style sheet that defines the colours. */
export const htmlOf = ({ language, title, parts }: Page, style: string): string => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}${partStyle}</style>
</head>
<body>
<main>
${partsHtml(parts)}
</main>
</body>
</html>
`
