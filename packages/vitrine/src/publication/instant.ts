/**
 * The instant of the run inside a query: one literal for all tables, written into the query of a run, so that
 * two tables never disagree about the day. Outside a run, as in checks, it is the time of the transaction.
 */
import { ExpressionWrapper, type OperationNode, RawNode } from 'kysely'
import { localDay } from '../base/clock.ts'
import { literal } from '../sql/quote.ts'
import type { Instant, LocalDate } from '../sql/sql-type.ts'
import type { TreatedExpression } from './treatment.ts'

const INSTANT = RawNode.createWithSql('transaction_timestamp()')

/** The instant of the published data. */
export function runInstant(): TreatedExpression<Instant> {
  return new ExpressionWrapper(INSTANT)
}

const inZone = (zone: string): OperationNode => RawNode.create([`timezone(${literal(zone)}, `, ')'], [INSTANT])

/** The literal for a node in a run. The day and the year are written without the time: the text stays the same all day. */
const written = new WeakMap<OperationNode, (instant: Date) => string | null>([
  [INSTANT, (instant) => `cast(${literal(instant.toISOString())} as timestamptz)`],
])
function inRun<T>(node: OperationNode, zone: string, write: (day: string) => string): TreatedExpression<T> {
  written.set(node, (instant) => {
    try {
      return IANA.test(zone) ? write(localDay(instant, zone)) : null
    } catch {
      // Node does not know this zone: the server decides, or fails.
      return null
    }
  })
  return new ExpressionWrapper(node)
}

/** Other names are dangerous: `+03:00` means east in Node and west in PostgreSQL. */
const IANA = /^(?:UTC|[A-Z][A-Za-z_]+\/[-+\w/]+)$/

/** The literal of a node that stands for the run's instant or a part of it; null for any other. */
export const instantSql = (node: OperationNode, instant: Date): string | null => written.get(node)?.(instant) ?? null

/** The calendar day of the published data in a time zone (an IANA name). */
export function runDay(zone: string): TreatedExpression<LocalDate> {
  const node = RawNode.create(['cast(', ' as date)'], [inZone(zone)])
  return inRun(node, zone, (day) => `cast(${literal(day)} as date)`)
}

/** The calendar year of the published data in a time zone (an IANA name). */
export function runYear(zone: string): TreatedExpression<number> {
  const node = RawNode.create(['cast(extract(year from ', ') as integer)'], [inZone(zone)])
  return inRun(node, zone, (day) => `cast(${Number.parseInt(day, 10)} as integer)`)
}
