/**
 * The instant of the run inside a query: one literal for all tables, put in when the query is written for a run, so that
 * two tables never disagree about the day. Before a run, as in checks, it stands for the transaction's own time.
 */
import { ExpressionWrapper, type OperationNode, RawNode } from 'kysely'
import { literal } from '../sql/quote.ts'
import type { Instant, LocalDate } from '../sql/sql-type.ts'
import type { TreatedExpression } from './treatment.ts'

const INSTANT = RawNode.createWithSql('transaction_timestamp()')

/** Whether a node stands for the run's instant; its text is then the compiler's business. */
export const isRunInstant = (node: OperationNode): boolean => node === INSTANT

/** The instant of the published data. */
export function runInstant(): TreatedExpression<Instant> {
  return new ExpressionWrapper(INSTANT)
}

const inZone = (zone: string): OperationNode => RawNode.create([`timezone(${literal(zone)}, `, ')'], [INSTANT])

/** The calendar day of the published data in a time zone (an IANA name). */
export function runDay(zone: string): TreatedExpression<LocalDate> {
  return new ExpressionWrapper(RawNode.create(['cast(', ' as date)'], [inZone(zone)]))
}

/** The calendar year of the published data in a time zone (an IANA name). */
export function runYear(zone: string): TreatedExpression<number> {
  return new ExpressionWrapper(RawNode.create(['cast(extract(year from ', ') as integer)'], [inZone(zone)]))
}
