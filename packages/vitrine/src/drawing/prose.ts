/** The texts of dashboards: paragraphs, lists, bold, italic, code and links, as Metabase writes them. All else is plain text. */
import { type HtmlEscapedString, html, type Piece, typeset } from './html.ts'

const INLINE =
  /\*\*(?<bold>[^*]+)\*\*|(?<![\p{L}\p{N}*_])[*_](?<italic>[^*_\s][^*_]*)[*_](?![\p{L}\p{N}])|`(?<code>[^`]+)`|\[(?<name>[^\]]+)\]\((?<href>[^()\s]+)\)/gu
/** Allowed links: pages and mail addresses, but nothing that runs code. */
const SAFE = /^(?:https?:\/\/|mailto:|\/(?!\/)|#)/i

function inline(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    const { bold, italic, code, name, href } = match.groups ?? {}
    pieces.push(typeset(text.slice(from, match.index)))
    if (bold !== undefined) pieces.push(html`<strong>${inline(bold)}</strong>`)
    else if (italic !== undefined) pieces.push(html`<em>${inline(italic)}</em>`)
    else if (code !== undefined) pieces.push(html`<code>${code}</code>`)
    else pieces.push(href !== undefined && SAFE.test(href) ? html`<a href="${href}">${name ?? ''}</a>` : match[0])
    from = match.index + match[0].length
  }
  return [...pieces, typeset(text.slice(from))]
}

const NEXT_ITEM = /\n(?=\s*(?:[-*+]|\d+[.)])\s)/
const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+/

export function prose(text: string): HtmlEscapedString {
  const blocks = text.split(/\n\s*\n/).flatMap((block) => {
    const lines = block.split('\n').filter((line) => line.trim() !== '')
    const first = lines.findIndex((line) => ITEM.test(line))
    const said = first < 0 ? lines : lines.slice(0, first)
    const listed = first < 0 ? '' : lines.slice(first).join('\n')
    const items =
      listed === '' ? [] : listed.split(NEXT_ITEM).map((item) => item.replace(ITEM, '').replaceAll('\n', ' '))
    const list = items.map((item) => html`<li>${inline(item)}</li>`)
    const isOrdered = /^\s*\d/.test(lines[first] ?? '')
    return [
      said.length > 0 && html`<p>${inline(said.join(' '))}</p>`,
      list.length > 0 && (isOrdered ? html`<ol>${list}</ol>` : html`<ul>${list}</ul>`),
    ]
  })
  return html`<div class="v-prose">${blocks}</div>`
}
