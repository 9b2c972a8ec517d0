/** Values as people read them, in the language of the publication. Values come as PostgreSQL writes them. */
import type { Format } from '../publication/dashboard.ts'

/** What stands for a value that is not known. */
const UNKNOWN = '–'

const DATES: Readonly<Record<(Format & { readonly kind: 'date' })['style'], Intl.DateTimeFormatOptions>> = {
  instant: { dateStyle: 'medium', timeStyle: 'short' },
  day: { dateStyle: 'medium' },
  week: { dateStyle: 'medium' },
  month: { month: 'long', year: 'numeric' },
  quarter: { month: 'short', year: 'numeric' },
  year: { year: 'numeric' },
}

/** A date or a local time is written as it is, whatever the zone of the process. */
const dateFrom = (value: string): Date =>
  new Date(`${value.slice(0, 19).replace(' ', 'T')}${value.length > 10 ? 'Z' : ''}`)

/** `locale` is a BCP 47 name. Text without a format stays as it is. */
export function formatted(value: string | null, format: Format | undefined, locale: string): string {
  if (value === null) return UNKNOWN
  if (format === undefined) return value
  if (format.kind === 'date') {
    return new Intl.DateTimeFormat(locale, { ...DATES[format.style], timeZone: 'UTC' }).format(dateFrom(value))
  }
  const { decimals } = format
  const digits = decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  const number = (options: Intl.NumberFormatOptions, figure = Number(value)) =>
    new Intl.NumberFormat(locale, { ...digits, ...options }).format(figure)
  if (format.kind === 'percent') return number({ style: 'percent' }, Number(value) / 100)
  if (format.kind === 'currency') return number({ style: 'currency', currency: format.currency })
  return `${format.prefix ?? ''}${number({})}${format.suffix ?? ''}`
}
