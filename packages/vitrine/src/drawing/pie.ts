/** Parts of a whole: a ring, and beside it each part in words with its figure and its share. */
import { figureOf } from './answer.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html } from './html.ts'
import { coloured, meaningOf } from './series.ts'
import type { Sheet } from './sheet.ts'
import { colour, type Token } from './tokens.ts'

interface Part {
  readonly name: string
  readonly value: number
  readonly token: Token
}

export function partsOf(sheet: Sheet, label: string, value: string): readonly Part[] {
  const [name, figure] = [sheet.column(label), sheet.column(value)]
  const tokens = coloured(sheet.rows.map((row) => meaningOf(sheet, label, row[name.at] ?? null)))
  return sheet.rows.flatMap((row, at) => {
    const found = figureOf(row[figure.at] ?? null)
    return found === null || found <= 0
      ? []
      : [{ name: sheet.name(at, name), value: found, token: tokens[at] ?? 'accent' }]
  })
}

export function drawPie(sheet: Sheet, label: string, value: string): HtmlEscapedString {
  const parts = partsOf(sheet, label, value)
  const column = sheet.column(value)
  const whole = parts.reduce((sum, part) => sum + part.value, 0)
  let from = 0
  // The circumference is 100. A gap separates neighbours whose colours look alike to some people.
  const arcs = parts.map(({ value: each, token }) => {
    const share = (100 * each) / whole
    const drawn = Math.max(share - (parts.length > 1 ? 0.6 : 0), 0.1)
    const arc = html`<circle cx="60" cy="60" r="46" fill="none" stroke="${colour(token)}" stroke-width="24" pathLength="100" stroke-dasharray="${drawn.toFixed(2)} ${(100 - drawn).toFixed(2)}" stroke-dashoffset="${(-from).toFixed(2)}" transform="rotate(-90 60 60)"/>`
    from += share
    return arc
  })
  const lines = parts.map(
    ({ name, value: each, token }) =>
      html`<li><svg width="10" height="10" aria-hidden="true"><rect width="10" height="10" rx="2" fill="${colour(token)}"/></svg><span class="v-group">${name}</span><b>${sheet.share(each / whole)}</b> <small>${sheet.as(each, column)}</small></li>`,
  )
  return html`<div class="v-pie"><svg viewBox="0 0 120 120" aria-hidden="true">${arcs}<text x="60" y="58" text-anchor="middle" font-size="16" font-weight="600" fill="${colour('ink')}">${sheet.as(whole, column)}</text><text x="60" y="74" text-anchor="middle" font-size="12" fill="${colour('mute')}">${drawnText('total', sheet.reading)}</text></svg><ul>${lines}</ul></div>`
}
