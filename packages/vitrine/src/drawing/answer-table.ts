/** Answers as tables: behind each chart, and as displays of their own. The first column stays visible while scrolling. */
import type { Cell } from './answer.ts'
import { drawnText } from './drawing-texts.ts'
import { type HtmlEscapedString, html, type Piece } from './html.ts'
import type { Sheet, ShownColumn } from './sheet.ts'

/** More rows than these on a card make a page slow; a link leads to all of them. */
const MOST_ROWS = 400
/** A pivot of more columns than these is one that nobody reads: its rows are shown as they are. */
const MOST_COLUMNS = 100

const scrolling = (label: string, inner: Piece): HtmlEscapedString =>
  // Focusable, because people scroll it with the keyboard on a narrow screen.
  html`<div class="v-scroll" role="region" tabindex="0" aria-label="${label}">${inner}</div>`

function heading({ label, isNumber }: ShownColumn, name: Piece = label): HtmlEscapedString {
  const kinds = [isNumber && 'v-n', label.length > LONG && 'v-long'].filter((kind) => kind !== false).join(' ')
  return html`<th scope="col"${kinds !== '' && html` class="${kinds}"`}>${name}</th>`
}

function cellOf(sheet: Sheet, value: Cell, column: ShownColumn, isFirst: boolean): HtmlEscapedString {
  const shown =
    value === null ? html`<span class="v-unknown">${sheet.as(null, column)}</span>` : sheet.as(value, column)
  const isShort = String(shown).length <= SHORT
  const kind = column.isNumber ? html` class="v-n"` : isShort && html` class="v-short"`
  return isFirst ? html`<th scope="row"${kind}>${shown}</th>` : html`<td${kind}>${shown}</td>`
}

/** Limits in characters: texts up to SHORT stay on one line; column names longer than LONG may wrap. */
const [SHORT, LONG] = [20, 24]

/** `all`: the address of all rows; null when this table has all of them. */
export function drawTable(sheet: Sheet, names: readonly string[] | undefined, all: string | null): HtmlEscapedString {
  const most = all === null ? Infinity : MOST_ROWS
  const { question, rows, isCut, reading } = sheet
  const columns = names === undefined ? sheet.columns : names.map((name) => sheet.column(name))
  const [only, ...others] = rows
  const isAlone = question.display.kind === 'table' && others.length === 0 && columns.length >= WIDE
  if (only !== undefined && isAlone) return oneRow(sheet, only, columns)
  const body = rows
    .slice(0, most)
    .map(
      (row) => html`<tr>${columns.map((column, at) => cellOf(sheet, row[column.at] ?? null, column, at === 0))}</tr>`,
    )
  const shown = Math.min(rows.length, most)
  const rest = isCut
    ? drawnText('cut', reading, sheet.as(shown, COUNT))
    : shown < rows.length && drawnText('shown', reading, sheet.as(shown, COUNT), sheet.as(rows.length, COUNT))
  return html`${scrolling(
    question.title,
    html`<table><caption>${question.title}</caption><thead><tr>${columns.map((column) => heading(column))}</tr></thead><tbody>${body}</tbody></table>`,
  )}${rest !== false && html`<p class="v-cut">${rest}${all !== null && html` <a href="${all}">${drawnText('all', reading)}</a>`}</p>`}`
}

/** From so many columns on, one row alone is read downwards. */
const WIDE = 4

function oneRow(sheet: Sheet, row: readonly Cell[], columns: readonly ShownColumn[]): HtmlEscapedString {
  const lines = columns.map(
    (column) =>
      html`<tr><th scope="row">${column.label}</th>${cellOf(sheet, row[column.at] ?? null, column, false)}</tr>`,
  )
  const { title } = sheet.question
  return scrolling(title, html`<table><caption>${title}</caption><tbody>${lines}</tbody></table>`)
}

const COUNT: ShownColumn = {
  name: '',
  at: -1,
  label: '',
  format: { kind: 'number', decimals: 0 },
  isNumber: true,
  names: {},
}

interface PivotColumns {
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly values: readonly string[]
}

/** A pivot table. A combination without a row is empty, not zero. */
export function drawPivot(sheet: Sheet, display: PivotColumns, all: string | null): HtmlEscapedString {
  const [down, across, values] = [display.rows, display.columns, display.values].map((names) =>
    names.map((name) => sheet.column(name)),
  ) as [ShownColumn[], ShownColumn[], ShownColumn[]]
  const keyOf = (row: number, columns: readonly ShownColumn[]) =>
    JSON.stringify(columns.map((column) => sheet.cell(row, column)))
  const [lines, heads, cells] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
  sheet.rows.forEach((_, row) => {
    const [line, head] = [keyOf(row, down), keyOf(row, across)]
    if (!lines.has(line)) lines.set(line, row)
    if (!heads.has(head)) heads.set(head, row)
    cells.set(`${line} ${head}`, row)
  })
  if (heads.size * values.length > MOST_COLUMNS || lines.size > MOST_ROWS) return drawTable(sheet, undefined, all)
  const nameOf = (row: number) => across.map((column) => sheet.name(row, column)).join(' · ')
  const titles = [...heads.values()].flatMap((row) =>
    values.map((column) => heading(column, values.length > 1 ? `${nameOf(row)} · ${column.label}` : nameOf(row))),
  )
  const body = [...lines].map(([line, first]) => {
    const names = down.map((column, at) =>
      at === 0 ? html`<th scope="row">${sheet.name(first, column)}</th>` : html`<td>${sheet.name(first, column)}</td>`,
    )
    const figures = [...heads.keys()].flatMap((head) => {
      const row = cells.get(`${line} ${head}`)
      return values.map((column) =>
        row === undefined ? html`<td class="v-n"></td>` : cellOf(sheet, sheet.cell(row, column), column, false),
      )
    })
    return html`<tr>${names}${figures}</tr>`
  })
  return scrolling(
    sheet.question.title,
    html`<table><caption>${sheet.question.title}</caption><thead><tr>${down.map((column) => heading(column))}${titles}</tr></thead><tbody>${body}</tbody></table>`,
  )
}
