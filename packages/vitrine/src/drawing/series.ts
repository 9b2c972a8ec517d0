/** What a chart draws, before how: its groups in their order, its series with their colours, and the rows that they came from. */
import { own } from '../base/own.ts'
import type { Chart, Meaning, TimeUnit } from '../publication/dashboard.ts'
import { type Cell, figureOf } from './answer.ts'
import type { Sheet, Shown } from './sheet.ts'
import { SERIES, type Token } from './tokens.ts'
import { clockOf } from './value.ts'

export interface Series {
  readonly name: string
  readonly token: Token
  /** The column whose format its figures have. */
  readonly column: Shown
  readonly values: readonly (number | null)[]
  /** « 1 450 sur 3 663 », of percentages. */
  readonly counts: readonly (string | null)[]
  /** A combo draws it on the axis of its lines. */
  readonly isLine: boolean
}

export interface Group {
  readonly cell: Cell
  readonly name: string
  /** Of a date, what the calendar and the clock say. */
  readonly clock: string | null
  /** A group with a meaning of its own: of one series it has that colour. */
  readonly token: Token | null
  readonly rows: readonly number[]
}

export interface ChartData {
  readonly x: Shown
  /** Of dates, what lies between one group and the next; null for other groups. */
  readonly unit: TimeUnit | 'instant' | null
  readonly groups: readonly Group[]
  readonly series: readonly Series[]
}

/** What is called so is the unknown, in the languages that a page may have. */
const UNKNOWN = /^(?:inconnu|unknown)/i

/** The colour of a group that the question gives a meaning, or that is the unknown one. */
export function meaningOf({ question }: Sheet, column: string, cell: Cell): Meaning | null {
  if (cell === null) return 'unknown'
  const { query, columns } = question
  const by = query.kind === 'structured' ? own(query.by, column) : undefined
  if (typeof by === 'object' && 'unknown' in by && by.unknown === cell) return 'unknown'
  const means = own(columns, column)?.means
  const given = typeof means === 'object' ? own(means, String(cell)) : undefined
  return given ?? (UNKNOWN.test(String(cell)) ? 'unknown' : null)
}

function meaningOfAll({ question }: Sheet, { name, label }: Shown): Meaning | null {
  const means = own(question.columns, name)?.means
  return typeof means === 'string' ? means : UNKNOWN.test(label) ? 'unknown' : null
}

/** Colours without a meaning in their order, between those that have one. */
export function coloured(meanings: readonly (Meaning | null)[]): readonly Token[] {
  let next = 0
  return meanings.map((meaning) => meaning ?? SERIES[next++ % SERIES.length] ?? 'accent')
}

/** The values of a column, each once: in the order of the list that they belong to, or else as they come. */
function distinct(sheet: Sheet, column: Shown, rows: readonly number[]): readonly Cell[] {
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

/** The date that begins the next day, week, month …; a night that is missing leaves a gap and not a shorter axis. */
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

/** The groups of a question's own time; of SQL it is not known what lies between two rows. */
function groupsOf(sheet: Sheet, x: Shown, rows: readonly number[], unit: TimeUnit | null): readonly Group[] {
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
