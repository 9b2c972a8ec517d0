/**
 * Dates and instants between PostgreSQL's numbers (days or microseconds since 2000-01-01, proleptic Gregorian) and text.
 * JavaScript's Date loses microseconds and stops short of PostgreSQL's range, so it only gets days from 2000 to 2399.
 */

const MS_PER_DAY = 86_400_000
const MICROS_PER_DAY = 86_400_000_000n
const START_MS = Date.UTC(2000, 0, 1)
/** After an era the calendar repeats. */
const ERA = { years: 400, days: 146_097 } as const
const DATE_INFINITY = 0x7fffffff
const DATE_MINUS_INFINITY = -0x80000000
const TIMESTAMP_INFINITY = 0x7fffffffffffffffn
const TIMESTAMP_MINUS_INFINITY = -0x8000000000000000n

const pad = (value: number | bigint, width: number): string => String(value).padStart(width, '0')

/** `YYYY-MM-DD`, `YYYY-MM-DD BC`, `infinity` or `-infinity`, as PostgreSQL prints dates. */
export function dateText(days: number): string {
  if (days === DATE_INFINITY) return 'infinity'
  if (days === DATE_MINUS_INFINITY) return '-infinity'
  const era = Math.floor(days / ERA.days)
  const text = new Date(START_MS + (days - era * ERA.days) * MS_PER_DAY).toISOString()
  const year = Number(text.slice(0, 4)) + era * ERA.years
  const monthAndDay = text.slice(4, 10)
  return year > 0 ? `${pad(year, 4)}${monthAndDay}` : `${pad(1 - year, 4)}${monthAndDay} BC`
}

const DATE = /^(\d{4,7})-(\d{2})-(\d{2})( BC)?$/

/** The inverse of `dateText`; null when the text is no date of the calendar. */
export function dateDays(text: string): number | null {
  if (text === 'infinity') return DATE_INFINITY
  if (text === '-infinity') return DATE_MINUS_INFINITY
  const match = DATE.exec(text)
  if (match === null) return null
  const year = match[4] === undefined ? Number(match[1]) : 1 - Number(match[1])
  const era = Math.floor((year - 2000) / ERA.years)
  const ms = Date.UTC(year - era * ERA.years, Number(match[2]) - 1, Number(match[3])) - START_MS
  const days = ms / MS_PER_DAY + era * ERA.days
  // 31 April and the like come back as another day.
  return dateText(days) === text ? days : null
}

/** `HH:MM:SS.ffffff` from microseconds since midnight. */
export function timeText(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n)
  const [hour, minute, second] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}.${pad(micros % 1_000_000n, 6)}`
}

const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$/

/** Microseconds since midnight; null when the text is no time of day. 24:00:00 is one, as in PostgreSQL. */
export function timeMicros(text: string): bigint | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const fraction = BigInt((match[4] ?? '').padEnd(6, '0'))
  const micros = BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000n + fraction
  return minutes > 59 || seconds > 59 || micros > MICROS_PER_DAY ? null : micros
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff`, followed by ` BC` when needed, or an infinity; `suffix` is `Z` for an instant. */
export function timestampText(micros: bigint, suffix: '' | 'Z'): string {
  if (micros === TIMESTAMP_INFINITY) return 'infinity'
  if (micros === TIMESTAMP_MINUS_INFINITY) return '-infinity'
  const time = ((micros % MICROS_PER_DAY) + MICROS_PER_DAY) % MICROS_PER_DAY
  const [date, era] = dateText(Number((micros - time) / MICROS_PER_DAY)).split(' ')
  return `${date}T${timeText(time)}${suffix}${era === undefined ? '' : ' BC'}`
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
  return BigInt(days) * MICROS_PER_DAY + time - offsetMicros(match[3] ?? 'Z')
}

function offsetMicros(zone: string): bigint {
  if (zone === 'Z') return 0n
  const minutes = BigInt(zone.slice(1, 3)) * 60n + BigInt(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000_000n
}
