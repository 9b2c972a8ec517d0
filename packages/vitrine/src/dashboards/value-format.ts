/** Formats values for people, in the language of the publication. The input is PostgreSQL's text. */
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

/** A date or a local time keeps its digits, whatever the zone of the process. */
const dateFrom = (value: string): Date =>
  new Date(`${value.slice(0, 19).replace(' ', 'T')}${value.length > 10 ? 'Z' : ''}`)

/** Cached: creating a formatter costs more than a hundred uses. */
const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()
export function made<F extends Intl.NumberFormat | Intl.DateTimeFormat, O extends object>(
  Kind: new (locale: string, options: O) => F,
  locale: string,
  options: NoInfer<O>,
): F {
  const key = `${Kind.name} ${locale} ${JSON.stringify(options)}`
  const found = kept.get(key) ?? new Kind(locale, options)
  kept.set(key, found)
  // sound because the name of the kind begins the key.
  return found as F
}

/** `locale` is a BCP 47 name. Text without a format stays as it is. */
export function formatted(value: string | null, format: Format | undefined, locale: string): string {
  if (value === null) return UNKNOWN
  if (format === undefined) return value
  if (format.kind === 'date') {
    return made(Intl.DateTimeFormat, locale, { ...DATES[format.style], timeZone: 'UTC' }).format(dateFrom(value))
  }
  const { decimals } = format
  const digits = decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  // sound because a text that is no number is written as NaN; more digits than a number has stay exact.
  const number = (options: Intl.NumberFormatOptions, figure = value as Intl.StringNumericLiteral | number) =>
    made(Intl.NumberFormat, locale, { ...digits, ...options }).format(figure)
  if (format.kind === 'percent') return number({ style: 'percent' }, Number(value) / 100)
  if (format.kind === 'currency') return number({ style: 'currency', currency: format.currency })
  return `${format.prefix ?? ''}${number({})}${format.suffix ?? ''}`
}
