/** Describes a picture in words: its first and last, highest and lowest figures. */
import type { Display } from '../publication/dashboard.ts'
import { drawnText } from './drawing-texts.ts'
import { partsOf } from './pie.ts'
import { type ChartData, chartData, type Series } from './series.ts'
import type { Sheet } from './sheet.ts'

/** With more series than this, only the table tells. */
const MOST_SAID = 3

function ofSeries(sheet: Sheet, { groups, unit }: ChartData, { name, values, column }: Series): string {
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, group: groups[at]?.name ?? '' }]))
  const [first, last] = [known[0], known.at(-1)]
  if (first === undefined || last === undefined) return ''
  const high = known.reduce((best, each) => (each.value > best.value ? each : best))
  const low = known.reduce((best, each) => (each.value < best.value ? each : best))
  const as = (value: number) => sheet.as(value, column)
  if (known.length === 1) return drawnText('only', sheet.reading, name, as(first.value), first.group)
  const extremes = [as(high.value), high.group, as(low.value), low.group]
  if (unit === null) return drawnText('extremes', sheet.reading, name, ...extremes)
  return drawnText('curve', sheet.reading, name, as(first.value), as(last.value), ...extremes)
}

function ofChart(sheet: Sheet, data: ChartData): readonly string[] {
  const { groups, series, unit } = data
  const [first, last] = [groups[0]?.name ?? '', groups.at(-1)?.name ?? '']
  const span = unit !== null && groups.length > 1 ? [drawnText('span', sheet.reading, first, last)] : []
  return [...series.slice(0, MOST_SAID).map((each) => ofSeries(sheet, data, each)), ...span].filter(
    (each) => each !== '',
  )
}

/** The most important sentence first; none for a figure or a table. */
export function sentencesOf(sheet: Sheet, display: Display): readonly string[] {
  if ('x' in display) return ofChart(sheet, chartData(sheet, display))
  if (display.kind === 'pie') {
    const parts = partsOf(sheet, display.label, display.value)
    const whole = parts.reduce((sum, { value }) => sum + value, 0)
    return parts.map(({ name, value }) => drawnText('part-of', sheet.reading, name, sheet.share(value / whole)))
  }
  if (display.kind !== 'funnel') return []
  const [step, value] = [sheet.column(display.step), sheet.column(display.value)]
  const last = sheet.rows.length - 1
  const [first, left] = [sheet.written(0, value), sheet.written(last, value)]
  return [drawnText('fall', sheet.reading, first, sheet.name(0, step), left, sheet.name(last, step))]
}
