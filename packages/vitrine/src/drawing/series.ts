/** The data of a chart: its groups in order, its series with their colours, and the rows behind them. */
import { own } from '../base/own.ts'
import type { Chart, Meaning, TimeUnit } from '../publication/dashboard.ts'
import { type Cell, figureOf } from './answer.ts'
import type { Sheet, ShownColumn } from './sheet.ts'
import { SERIES, type Token } from './tokens.ts'
import { clockOf } from './value.ts'

export interface Series {
  readonly name: string
  readonly token: Token
  /** The column whose format its figures have. */
  readonly column: ShownColumn
  readonly values: readonly (number | null)[]
  /** For percentages, such as « 1 450 sur 3 663 ». */
  readonly counts: readonly (string | null)[]
  /** A combo draws it on the axis of its lines. */
  readonly isLine: boolean
}

export interface Group {
  readonly cell: Cell
  readonly name: string
  /** For a date or an instant: its local time. */
  readonly clock: string | null
  /** The colour of the group's meaning, used when there is only one series. */
  readonly token: Token | null
  readonly rows: readonly number[]
}

export interface ChartData {
  readonly x: ShownColumn
  /** For dates, the distance between groups; null for other groups. */
  readonly unit: TimeUnit | 'instant' | null
  readonly groups: readonly Group[]
  readonly series: readonly Series[]
}

/** Names of the unknown group, in both languages. */
const UNKNOWN = /^(?:inconnu|unknown)/i

/** The meaning of a group: given by the question, or `unknown` by its name. */
export function meaningOf({ question }: Sheet, column: string, cell: Cell): Meaning | null {
  if (cell === null) return 'unknown'
  const { query, columns } = question
  const by = query.kind === 'structured' ? own(query.by, column) : undefined
  if (typeof by === 'object' && 'unknown' in by && by.unknown === cell) return 'unknown'
  const means = own(columns, column)?.means
  const given = typeof means === 'object' ? own(means, String(cell)) : undefined
  return given ?? (UNKNOWN.test(String(cell)) ? 'unknown' : null)
}

function meaningOfAll({ question }: Sheet, { name, label }: ShownColumn): Meaning | null {
  const means = own(question.columns, name)?.means
  return typeof means === 'string' ? means : UNKNOWN.test(label) ? 'unknown' : null
}

/** The colour of each series: that of its meaning, otherwise the next free one. */
export function coloured(meanings: readonly (Meaning | null)[]): readonly Token[] {
  let next = 0
  return meanings.map((meaning) => meaning ?? SERIES[next++ % SERIES.length] ?? 'accent')
}

/** The distinct values of a column: in the order of their closed list, or as they come. */
function distinct(sheet: Sheet, column: ShownColumn, rows: readonly number[]): readonly Cell[] {
  const found = [...new Set(rows.map((row) => sheet.cell(row, column)))]
  const { query } = sheet.question
  const by = query.kind === 'structured' ? own(query.by, column.name) : undefined
  if (typeof by !== 'object') return found
  const bands = 'at' in by ? by.at.map(([, label]) => label) : 'cases' in by ? by.cases.map(([label]) => label) : []
  const order: readonly Cell[] = 'order' in by && by.order !== undefined ? by.order : bands
  const rank = (cell: Cell) => (order.includes(cell) ? order.indexOf(cell) : order.length)
  return order.length === 0 ? found : found.toSorted((one, other) => rank(one) - rank(other))
}

const MOST_FILLED = 400

/** The first date of the next day, week, month …: a missing night becomes a gap in the axis. */
function following(date: string, unit: TimeUnit): string {
  const day = new Date(`${date}T00:00:00Z`)
  if (unit === 'day' || unit === 'week') day.setUTCDate(day.getUTCDate() + (unit === 'day' ? 1 : 7))
  else day.setUTCMonth(day.getUTCMonth() + { month: 1, quarter: 3, year: 12 }[unit])
  return day.toISOString().slice(0, 10)
}

function filled(dates: readonly string[], unit: TimeUnit): readonly string[] {
  if (dates.some((date) => !/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date)))) return dates
  const [all, last] = [dates.slice(0, 1), dates.at(-1) ?? '']
  let at = dates[0] ?? last
  while (at < last && all.length < MOST_FILLED) {
    at = following(at, unit)
    all.push(at)
  }
  return dates.every((date) => all.includes(date)) ? all : dates
}

/** The groups along the x axis. Missing dates are filled in, except for SQL, whose time unit is not known. */
function groupsOf(sheet: Sheet, x: ShownColumn, rows: readonly number[], unit: TimeUnit | null): readonly Group[] {
  const byCell = new Map<Cell, number[]>()
  for (const row of rows) byCell.set(sheet.cell(row, x), [...(byCell.get(sheet.cell(row, x)) ?? []), row])
  const cells = unit === null ? distinct(sheet, x, rows) : filled([...byCell.keys()].map(String), unit)
  return cells.map((cell) => {
    const own = byCell.get(cell) ?? []
    const name = own[0] === undefined ? sheet.as(cell, x) : sheet.name(own[0], x)
    return { cell, name, clock: clockOf(cell, sheet.reading.zone), token: meaningOf(sheet, x.name, cell), rows: own }
  })
}

export function chartData(sheet: Sheet, chart: Chart): ChartData {
  const x = sheet.column(chart.x)
  const rows = sheet.inTime(x)
  const { query } = sheet.question
  const by = query.kind === 'structured' ? own(query.by, chart.x) : undefined
  const groups = groupsOf(sheet, x, rows, typeof by === 'object' && 'time' in by ? by.unit : null)
  const isTime = x.format?.kind === 'date' && groups.every(({ clock }) => clock !== null)
  const unit = isTime && x.format?.kind === 'date' ? x.format.style : null
  const split = chart.series === undefined ? null : sheet.column(chart.series)
  const parts = split === null ? [null] : distinct(sheet, split, rows).map((cell) => ({ cell, split }))
  const wanted = chart.y.flatMap((name) => parts.map((part) => ({ y: sheet.column(name), part })))
  const tokens = coloured(
    wanted.map(({ y, part }) =>
      part === null ? meaningOfAll(sheet, y) : meaningOf(sheet, part.split.name, part.cell),
    ),
  )
  const series = wanted.map(({ y, part }, at): Series => {
    const rowOf = (group: Group) =>
      part === null ? group.rows[0] : group.rows.find((row) => sheet.cell(row, part.split) === part.cell)
    const found = groups.map(rowOf)
    const first = part === null ? undefined : rows.find((row) => sheet.cell(row, part.split) === part.cell)
    const group = first === undefined || part === null ? null : sheet.name(first, part.split)
    return {
      name: group === null ? y.label : chart.y.length > 1 ? `${y.label} · ${group}` : group,
      token: tokens[at] ?? 'accent',
      column: y,
      values: found.map((row) => (row === undefined ? null : figureOf(sheet.cell(row, y)))),
      counts: found.map((row) => (row === undefined ? null : sheet.counts(row, y))),
      isLine: chart.lines?.includes(y.name) ?? false,
    }
  })
  return { x, unit, groups, series }
}
