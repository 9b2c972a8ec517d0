/**
 * Treatments: what makes a classified value publishable. Each gives an expression that carries its treatment as a mark on
 * the query's node, where `lineage.ts` finds it. A copy of the node loses the mark and is refused: it fails closed.
 */
import { type Expression, ExpressionWrapper, type OperationNode, RawNode, ValueNode } from 'kysely'
import type { Float, Instant, LocalDate, LocalDateTime, Numeric } from '../sql/sql-type.ts'
import type { Justified, SecretValue, Treated } from './privacy.ts'

export interface Treatment {
  readonly name: string
  /** Why or how, as the dictionary prints it. */
  readonly detail: string
}

const marks = new WeakMap<OperationNode, Treatment>()

/** The treatment that a node carries, if one of this file's functions made it. */
export const treatmentOf = (node: OperationNode): Treatment | undefined => marks.get(node)

/** Kysely's expression around a fixed node: it gives back this very node, so the mark is found again. */
export type TreatedExpression<T> = ExpressionWrapper<unknown, never, T>

/** An expression made of fragments of SQL around the parts, with the mark of its treatment. For files of treatments only. */
export function treated<T>(
  treatment: Treatment,
  fragments: readonly string[],
  parts: readonly OperationNode[],
): TreatedExpression<T> {
  const node = RawNode.create(fragments, parts)
  marks.set(node, Object.freeze(treatment))
  return new ExpressionWrapper(node)
}

type NotSecret<T> = T extends SecretValue<unknown> ? never : T
type NullOf<T> = Extract<T, null>

/** Publishes an `indirect` value as it is, for the reason given, which the dictionary shows. */
export function because<T>(value: Expression<T>, reason: string): TreatedExpression<Justified<T>> {
  return treated({ name: 'because', detail: reason }, ['', ''], [value.toOperationNode()])
}

/** Whether the value is there. NULL and the empty text count as absent. */
export function present<T>(value: Expression<NotSecret<T>>): TreatedExpression<boolean> {
  const node = value.toOperationNode()
  return treated({ name: 'present', detail: 'present or not' }, ['coalesce(cast(', " as text), '') <> ''"], [node])
}

type Dated = LocalDate | LocalDateTime | Instant
type DatedExpression<T> = Treated<T> extends Dated | null ? Expression<T> : never

/** The year as an integer. An instant is read in `zone` (an IANA name); dates need none. */
export function year<T>(value: DatedExpression<T>, zone?: string): TreatedExpression<number | NullOf<T>> {
  const node = (value as Expression<T>).toOperationNode() // sound because DatedExpression<T> is Expression<T> or never.
  return treated(
    { name: 'year', detail: 'year only' },
    ['cast(extract(year from ', ') as integer)'],
    [inZone(node, zone)],
  )
}

/** The first day of the month, as a date. */
export function month<T>(value: DatedExpression<T>, zone?: string): TreatedExpression<LocalDate | NullOf<T>> {
  const node = (value as Expression<T>).toOperationNode() // sound because DatedExpression<T> is Expression<T> or never.
  const fragments = ["cast(date_trunc('month', cast(", ' as timestamp)) as date)']
  return treated({ name: 'month', detail: 'month only' }, fragments, [inZone(node, zone)])
}

function inZone(node: OperationNode, zone: string | undefined): OperationNode {
  if (zone === undefined) return node
  return RawNode.create(['(', ' at time zone ', ')'], [node, ValueNode.createImmediate(zone)])
}

type Measured = number | bigint | Numeric | Float
type MeasuredExpression<T> = Treated<T> extends Measured | null ? Expression<T> : never

/** The band in which a number falls: `bounds` are the lower limits, ascending; labels read `<10`, `10-49`, `50+`. */
export function band<T>(
  value: MeasuredExpression<T>,
  bounds: readonly number[],
): TreatedExpression<string | NullOf<T>> {
  const node = (value as Expression<T>).toOperationNode() // sound because MeasuredExpression<T> is Expression<T> or never.
  const labels = bounds.map((bound, index) => (index === 0 ? `<${bound}` : `${bounds[index - 1]}-${bound - 1}`))
  const fragments = [
    'case when ',
    ...bounds.map((bound, index) => ` < ${bound} then '${labels[index]}' when `),
    ` is not null then '${bounds.at(-1) ?? 0}+' end`,
  ]
  return treated(
    { name: 'band', detail: `bands ${bounds.join(', ')}` },
    fragments,
    [...bounds, 0].map(() => node),
  )
}

/** How many rows of the group have the value; without a value, how many rows. An integer. */
export function count(
  value?: Expression<unknown>,
  options: { readonly distinct?: boolean } = {},
): TreatedExpression<number> {
  const treatment: Treatment = { name: 'count', detail: options.distinct ? 'number of distinct values' : 'number' }
  if (value === undefined) return treated(treatment, ['cast(count(*) as integer)'], [])
  return treated(
    treatment,
    [`cast(count(${options.distinct ? 'distinct ' : ''}`, ') as integer)'],
    [value.toOperationNode()],
  )
}

/**
 * The value, except where `condition` holds: there, `replacement`. For a column that identifies a person in some rows
 * only; `reason` says why the other rows may be read. The replacement must differ from real values to be recognisable.
 */
export function masked<T>(
  value: Expression<NotSecret<T>>,
  condition: Expression<unknown>,
  replacement: string,
  reason: string,
): TreatedExpression<Treated<T>> {
  const fragments = ['case when ', ' then ', ' else ', ' end']
  const parts = [condition.toOperationNode(), ValueNode.createImmediate(replacement), value.toOperationNode()]
  return treated({ name: 'masked', detail: reason }, fragments, parts)
}
