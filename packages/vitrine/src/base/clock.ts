/** The clock as a value, so that a test can hold it still. Instants are `Date`; only this file reads the system's time. */
export interface Clock {
  now(): Date
  /** Milliseconds that never run backwards, for durations. */
  monotonicMs(): number
}

export const systemClock: Clock = Object.freeze({
  now: () => new Date(),
  monotonicMs: () => performance.now(),
})

/** By time zone: making one takes longer than all that it does. */
const days = new Map<string, Intl.DateTimeFormat>()

/** The calendar day of an instant in a time zone, as YYYY-MM-DD. */
export function localDay(instant: Date, zone: string): string {
  const format =
    days.get(zone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  days.set(zone, format)
  return format.format(instant)
}
