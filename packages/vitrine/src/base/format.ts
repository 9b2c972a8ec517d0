/** Numbers, instants and durations as text, each as a pure function. Systems built on the tool give their own locale. */

const LOCALE = 'en-GB'

const number = (value: number, digits: number, locale: string): string =>
  new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)

/** A number with its English noun. */
export const counted = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? '' : 's'}`

/** A whole number with its thousands apart; a dash for what is not known. */
export const countText = (value: number | null, locale = LOCALE): string =>
  value === null ? '–' : number(value, 0, locale)

/** Megabytes of 10^6 bytes. */
export const megabytes = (bytes: number): string => `${number(bytes / 1e6, 1, LOCALE)} MB`

/** Milliseconds below a second, seconds below a minute, then minutes and seconds. */
export function duration(milliseconds: number, locale = LOCALE): string {
  if (milliseconds < 999.5) return `${number(milliseconds, 0, locale)} ms`
  if (milliseconds < 59_950) return `${number(milliseconds / 1000, 1, locale)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${number(Math.floor(seconds / 60), 0, locale)} min ${String(seconds % 60).padStart(2, '0')} s`
}

/** An instant as local time, without the zone, for tables that name it elsewhere. The Swedish locale writes ISO 8601. */
export const moment = (at: Date, zone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at)

/** The same, followed by the zone. */
export const instant = (at: Date, zone: string): string => `${moment(at, zone)} (${zone})`
