/**
 * Dates and instants between PostgreSQL's numbers (days or microseconds since 2000-01-01, proleptic Gregorian) and text.
 * JavaScript's Date is not used: it loses microseconds and stops short of PostgreSQL's range.
 */

const DAYS_TO_1970 = 10_957
const MICROS_PER_DAY = 86_400_000_000n
export const DATE_INFINITY = 0x7fffffff
export const DATE_MINUS_INFINITY = -0x80000000
export const TIMESTAMP_INFINITY = 0x7fffffffffffffffn
export const TIMESTAMP_MINUS_INFINITY = -0x8000000000000000n

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

/** `YYYY-MM-DD`, `YYYY-MM-DD BC`, `infinity` or `-infinity`, as PostgreSQL prints dates. */
export function dateText(days: number): string {
  if (days === DATE_INFINITY) return 'infinity'
  if (days === DATE_MINUS_INFINITY) return '-infinity'
  // Civil calendar from a day count, by eras of 400 years starting on 1 March (public algorithm of Howard Hinnant).
  const z = days + DAYS_TO_1970 + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const text = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
  return year > 0 ? text : `${text} BC`
}

const DATE = /^(\d{4,7})-(\d{2})-(\d{2})( BC)?$/

/** The inverse of `dateText`; null when the text is no date of the calendar. */
export function dateDays(text: string): number | null {
  if (text === 'infinity') return DATE_INFINITY
  if (text === '-infinity') return DATE_MINUS_INFINITY
  const match = DATE.exec(text)
  if (match === null) return null
  const month = Number(match[2])
  const day = Number(match[3])
  const year = match[4] === undefined ? Number(match[1]) : 1 - Number(match[1])
  if (month < 1 || month > 12 || day < 1 || day > 31 || match[1] === '0000') return null
  const y = year - (month <= 2 ? 1 : 0)
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  const days = era * 146_097 + dayOfEra - 719_468 - DAYS_TO_1970
  // 31 April and the like come back as another day.
  return dateText(days) === text ? days : null
}

/** `HH:MM:SS.ffffff` from microseconds since midnight. */
export function timeText(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n)
  const fraction = pad(Number(micros % 1_000_000n), 6)
  return `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}.${fraction}`
}

const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$/

/** Microseconds since midnight; null when the text is no time of day. 24:00:00 is one, as in PostgreSQL. */
export function timeMicros(text: string): bigint | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const fraction = Number((match[4] ?? '').padEnd(6, '0'))
  const micros = BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000n + BigInt(fraction)
  return minutes > 59 || seconds > 59 || micros > MICROS_PER_DAY ? null : micros
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff`, followed by ` BC` when needed, or an infinity; `suffix` is `Z` for an instant. */
export function timestampText(micros: bigint, suffix: '' | 'Z'): string {
  if (micros === TIMESTAMP_INFINITY) return 'infinity'
  if (micros === TIMESTAMP_MINUS_INFINITY) return '-infinity'
  let days = micros / MICROS_PER_DAY
  let rest = micros % MICROS_PER_DAY
  if (rest < 0n) {
    rest += MICROS_PER_DAY
    days -= 1n
  }
  const [date = '', era] = dateText(Number(days)).split(' ')
  const text = `${date}T${timeText(rest)}${suffix}`
  return era === undefined ? text : `${text} BC`
}

const TIMESTAMP = /^(\d{4,7}-\d{2}-\d{2})[T ]([\d:.]+)(Z|[+-]\d{2}:\d{2})?( BC)?$/

/**
 * Microseconds since 2000-01-01 (UTC for an instant); null when the text is none. An instant must carry `Z` or an
 * offset, a local timestamp must not: guessing a zone is how hours get lost.
 */
export function timestampMicros(text: string, instant: boolean): bigint | null {
  if (text === 'infinity') return TIMESTAMP_INFINITY
  if (text === '-infinity') return TIMESTAMP_MINUS_INFINITY
  const match = TIMESTAMP.exec(text)
  if (match === null || (match[3] !== undefined) !== instant) return null
  const days = dateDays(`${match[1]}${match[4] ?? ''}`)
  const time = timeMicros(match[2] ?? '')
  if (days === null || time === null) return null
  return BigInt(days) * MICROS_PER_DAY + time - offsetMicros(match[3])
}

function offsetMicros(zone: string | undefined): bigint {
  if (zone === undefined || zone === 'Z') return 0n
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return BigInt(zone.startsWith('-') ? -minutes : minutes) * 60_000_000n
}
