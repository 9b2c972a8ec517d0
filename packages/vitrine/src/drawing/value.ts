/** Formats a cell for people: in the format that the question gives to its column, or in the usual one of its type. */
import { own } from '../base/own.ts'
import { formatted, made } from '../dashboards/value-format.ts'
import { type Format, measureOf, type Question, type TimeUnit } from '../publication/dashboard.ts'
import type { AnswerColumn, Cell } from './answer.ts'
import { drawnText } from './drawing-texts.ts'
import { localeOf, type Reading } from './reading.ts'

/** The format of a column: that of the question, or the usual one of its measure. */
export function formatFor({ query, columns }: Question, name: string, kind: AnswerColumn['kind']): Format | undefined {
  const given = own(columns, name)?.format
  if (given !== undefined) return given
  if (query.kind === 'structured') {
    const by = own(query.by, name)
    if (typeof by === 'object' && 'time' in by) return { kind: 'date', style: by.unit }
    // A number that names a group, such as a year, has no thousands separator.
    if (by !== undefined && kind === 'number') return undefined
    const measure = own(query.measures, name)
    if (measure !== undefined) {
      const kept = measureOf(measure)
      if ('percent' in kept || 'ratio' in kept) return { kind: 'percent', decimals: 1 }
    }
  }
  if (kind === 'number') return { kind: 'number' }
  if (kind === 'date') return { kind: 'date', style: 'day' }
  return kind === 'instant' ? { kind: 'date', style: 'instant' } : undefined
}

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/

/** Local time in the zone: `2026-11-26` or `2026-11-26 00:00:00`; null for others, such as `infinity`. */
export function clockOf(cell: Cell, zone: string): string | null {
  const [, day, time, offset] = DATE.exec(String(cell)) ?? []
  const instant = new Date(`${day}T${time ?? '00:00'}${(offset ?? 'Z').replace(/^([+-]\d\d)$/, '$1:00')}`)
  if (Number.isNaN(instant.getTime())) return null
  if (offset === undefined) return time === undefined ? `${day}` : `${day} ${time}`
  return made(Intl.DateTimeFormat, 'sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone }).format(instant)
}

const UNITS: Readonly<Record<TimeUnit, Intl.DateTimeFormatOptions>> = {
  day: { day: 'numeric', month: 'short' },
  week: { day: 'numeric', month: 'short' },
  month: { month: 'short' },
  quarter: {},
  year: { year: 'numeric' },
}

const quarterOf = (value: string): string => String(Math.ceil(Number(value.slice(5, 7)) / 3))

/** A short date for an axis; the year stands only where it begins. */
export function tick(value: string, unit: TimeUnit, reading: Reading, withYear: boolean): string {
  if (unit === 'quarter') return drawnText('shortQuarter', reading, quarterOf(value), value.slice(0, 4))
  const year = withYear ? { year: 'numeric' as const } : {}
  const day = new Date(`${value.slice(0, 10)}T00:00:00Z`)
  return made(Intl.DateTimeFormat, localeOf(reading), { ...UNITS[unit], ...year, timeZone: 'UTC' }).format(day)
}

/** Returns plain text, not HTML. */
export function written(cell: Cell, format: Format | undefined, reading: Reading): string {
  if (typeof cell === 'boolean') return drawnText(cell ? 'yes' : 'no', reading)
  if (cell === null || format === undefined) return formatted(cell === null ? null : String(cell), undefined, '')
  const value = String(cell)
  if (format.kind === 'date') {
    const at = clockOf(value, reading.zone)
    if (at === null) return value
    if (format.style !== 'quarter') return formatted(at, format, localeOf(reading))
    return drawnText(quarterOf(at) === '1' ? 'firstQuarter' : 'quarter', reading, quarterOf(at), at.slice(0, 4))
  }
  if (value.trim() === '' || Number.isNaN(Number(value))) return value
  // No line break before a unit.
  const kept = format.kind === 'number' ? { ...format, suffix: format.suffix?.replace(/^ /, '\u202f') ?? '' } : format
  return formatted(value, kept, localeOf(reading))
}
