/** Writes a page as GitHub Markdown, with every special character escaped. */
import type { Inline, Line, Page, PageCell, Part, Row } from './page.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Escaped and on one line: a line break would end a cell, a paragraph or an item. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    // Including what GitHub turns into a link, a mention, a formula or a picture.
    .replaceAll(/[\\`*_[\]|~$@]|:(?=\/\/|[\w+-]+:)|(?<=www)\./gi, '\\$&')
    .replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? '')

/** Escapes a beginning that would be a heading, a list, a quotation or a rule. */
const begun = (text: string): string =>
  text
    .trim()
    .replace(/^(?:[#+=-]|\d+(?=[.)]))/, (sign) =>
      /\d/.test(sign) ? `&#${sign.charCodeAt(0)};${sign.slice(1)}` : `\\${sign}`,
    )

const code = (name: string): string =>
  /^[^`|<>&\s\p{C}]+(?: [^`|<>&\s\p{C}]+)*$/u.test(name) ? `\`${name}\`` : escaped(name)

function inline(part: Inline): string {
  if (typeof part === 'string') return escaped(part)
  if ('mark' in part) return escaped(part.text)
  const inner = 'text' in part ? escaped(part.text) : code(part.code)
  return part.to === undefined ? inner : `[${inner}](#${part.to})`
}

const line = (parts: Line): string => parts.map(inline).join('')
const anchored = (anchor: string | undefined): string => (anchor === undefined ? '' : `<a id="${anchor}"></a>`)
const cell = (lines: PageCell): string => lines.map(line).join('<br>')
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const table = (titles: readonly string[], rows: readonly Row[]): string =>
  [
    row(titles.map(escaped)),
    `|${titles.map(() => ' --- |').join('')}`,
    ...rows.map(({ anchor, cells }) =>
      row(cells.map((lines, index) => `${index === 0 ? anchored(anchor) : ''}${cell(lines)}`)),
    ),
  ].join('\n')

function part(of: Part): string {
  switch (of.kind) {
    case 'heading':
      return `${anchored(of.anchor)}\n\n${'#'.repeat(of.level)} ${line(of.line)}`
    case 'paragraph':
      return begun(line(of.line))
    case 'list':
      return of.lines.map((each) => `- ${begun(line(each))}`).join('\n')
    case 'figures':
      return table(
        [of.label, '', ''],
        of.figures.map(({ number, name, says }) => ({ cells: [[[name]], [[String(number)]], [[says]]] })),
      )
    case 'table':
      return table(of.titles, of.rows)
  }
}

export const markdownOf = ({ parts }: Page): string => `${parts.map(part).join('\n\n')}\n`
