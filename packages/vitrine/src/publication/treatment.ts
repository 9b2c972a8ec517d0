/**
 * Treatments: what makes a classified value publishable. Each returns an expression that carries its treatment as a mark on
 * the query's node, where `select-text.ts` finds it. A copy of the node has no mark, and is refused.
 */
import { type Expression, ExpressionWrapper, type OperationNode, RawNode, ValueNode } from 'kysely'
import type { Float, Instant, LocalDate, LocalDateTime, Numeric } from '../sql/sql-type.ts'
import { isBlank, type Justified, type SecretValue, type Treated, type Unless } from './privacy.ts'

export interface Treatment {
  readonly name: string
  /** Arguments that the dictionary shows; `dictionary/dictionary-texts.ts` has the sentence in each language. */
  readonly parameters?: readonly (string | number)[]
  /** Why the value may be read, or why more may come out of it than `MOST_OUTCOMES`. */
  readonly reason?: string
  /** Where the bands of a number begin. */
  readonly bounds?: readonly number[]
  /** Where a year or a month begins: the time zone, or the empty text. */
  readonly zone?: string
}

export interface Mark {
  readonly treatment: Treatment
  /** Why `check` refuses it; null when it is correct. */
  readonly fault: string | null
  /** Its SQL around its parts. */
  readonly fragments: readonly string[]
}

const marks = new WeakMap<OperationNode, Mark>()

/** The mark that a node carries, if one of this file's functions made it. */
export const markOf = (node: OperationNode): Mark | undefined => marks.get(node)

/** Kysely's expression around a fixed node: it always returns this very node, so the mark is found again. */
export type TreatedExpression<T> = ExpressionWrapper<unknown, never, T>

/** An expression: constant SQL fragments around the parts that a publication gives. Every treatment is made here. */
export function treated<T>(
  treatment: Treatment,
  fragments: readonly string[],
  parts: readonly OperationNode[],
  fault: string | null = null,
): TreatedExpression<T> {
  const node = RawNode.create(fragments, parts)
  marks.set(node, Object.freeze({ treatment: Object.freeze(treatment), fault, fragments: Object.freeze(fragments) }))
  return new ExpressionWrapper(node)
}

const constant = (value: unknown): OperationNode => ValueNode.createImmediate(value)
const unexplained = (reason: string): string | null => (isBlank(reason) ? 'its reason is empty' : null)

/** Any value but a secret. */
type NotSecret<T> = Unless<T, Exclude<T, SecretValue<unknown>>, Expression<T>, never>
type NullOf<T> = Extract<T, null>

/** Publishes an `indirect` value as it is, for the reason given, which the dictionary shows. */
export function because<T>(value: Expression<T>, reason: string): TreatedExpression<Justified<T>> {
  const treatment: Treatment = { name: 'because', reason }
  return treated(treatment, ['', ''], [value.toOperationNode()], unexplained(reason))
}

/** Whether the value is there. NULL and the empty text count as absent. */
export function present<T>(value: NotSecret<T>): TreatedExpression<boolean> {
  const node = (value as Expression<T>).toOperationNode() // sound because nothing is of type Refused.
  return treated({ name: 'present' }, ['coalesce(cast(', " as text), '') <> ''"], [node])
}

type Dated = LocalDate | LocalDateTime | Instant
type DatedExpression<T> = Unless<
  Treated<T>,
  Dated | null,
  Expression<T>,
  'it takes a date, a timestamp or a timestamptz'
>

/** A part of a date; of an instant, converted to a time zone first. */
function ofDate<T>(treatment: Treatment, before: string, after: string, value: unknown, zone: string | undefined) {
  const node = (value as Expression<T>).toOperationNode() // sound because nothing is of type Refused.
  return zone === undefined
    ? treated<never>({ ...treatment, zone: '' }, [before, after], [node])
    : treated<never>({ ...treatment, zone }, [`${before}timezone(`, ', ', `)${after}`], [constant(zone), node])
}

/** The year as an integer. An instant is read in `zone` (an IANA name); dates need none. */
export function year<T>(value: DatedExpression<T>, zone?: string): TreatedExpression<number | NullOf<T>> {
  return ofDate({ name: 'year' }, 'cast(extract(year from ', ') as integer)', value, zone)
}

/** The first day of the month, as a date. */
export function month<T>(value: DatedExpression<T>, zone?: string): TreatedExpression<LocalDate | NullOf<T>> {
  return ofDate({ name: 'month' }, "cast(date_trunc('month', cast(", ' as timestamp)) as date)', value, zone)
}

type Measured = number | bigint | Numeric | Float
type MeasuredExpression<T> = Unless<Treated<T>, Measured | null, Expression<T>, 'it takes a number'>

/** More bands than this would come near to the number itself. */
export const MOST_BANDS = 32

function boundsFault(bounds: readonly unknown[]): string | null {
  const ascending = bounds.every((bound, index) => index === 0 || Number(bounds[index - 1]) < Number(bound))
  if (bounds.length === 0 || !bounds.every(Number.isSafeInteger) || !ascending) {
    return 'its bounds are not whole numbers in ascending order'
  }
  return bounds.length < MOST_BANDS ? null : `it has more than ${MOST_BANDS} bands`
}

/**
 * The band in which a number falls: `bounds` are the lower limits, whole and ascending, at most 31; labels read `<10`,
 * `10-49`, `50+`.
 */
export function band<T>(
  value: MeasuredExpression<T>,
  bounds: readonly number[],
): TreatedExpression<string | NullOf<T>> {
  const node = (value as Expression<T>).toOperationNode() // sound because nothing is of type Refused.
  const fault = boundsFault(bounds)
  // A faulty treatment is refused later, by name: until then its SQL must be valid.
  const limits = fault === null ? bounds : [0]
  const label = (bound: number, index: number) => (index === 0 ? `<${bound}` : `${limits[index - 1]}-${bound - 1}`)
  const parts = limits.flatMap((bound, index) => [node, constant(bound), constant(label(bound, index))])
  const fragments = ['case when ', ...limits.flatMap(() => [' < ', ' then ', ' when ']), ' is not null then ', ' end']
  const treatment: Treatment = { name: 'band', parameters: bounds, bounds: limits }
  return treated(treatment, fragments, [...parts, node, constant(`${limits.at(-1)}+`)], fault)
}

/** How many rows of the group have the value, a column; without a value, how many rows. An integer. */
export function count(
  value?: Expression<unknown>,
  options: { readonly distinct?: boolean } = {},
): TreatedExpression<number> {
  const treatment: Treatment = { name: 'count', parameters: options.distinct ? ['distinct'] : [] }
  if (value === undefined) return treated(treatment, ['cast(count(*) as integer)'], [])
  return treated(
    treatment,
    [`cast(count(${options.distinct ? 'distinct ' : ''}`, ') as integer)'],
    [value.toOperationNode()],
  )
}

/**
 * The value where `condition` is surely false; elsewhere, and where it is NULL, `replacement`. For a column that identifies
 * a person in some rows only; `reason` says why the other rows may be read. The condition looks at columns that are not
 * personal. The replacement must differ from real values to be recognisable.
 */
export function masked<T, const R extends string | null>(
  value: NotSecret<T>,
  condition: Expression<unknown>,
  replacement: R,
  reason: string,
): TreatedExpression<Treated<T> | Extract<R, null>> {
  const node = (value as Expression<T>).toOperationNode() // sound because nothing is of type Refused.
  const parts = [condition.toOperationNode(), node, constant(replacement)]
  const fragments = ['case when ', ' is false then ', ' else ', ' end']
  return treated({ name: 'masked', reason }, fragments, parts, unexplained(reason))
}

type Masks = Readonly<Record<string, readonly [value: Expression<unknown>, replacement: string | null]>>
type Maskable<G extends Masks> = {
  readonly [K in keyof G]: G[K] extends readonly [Expression<infer T>, infer R] ? readonly [NotSecret<T>, R] : never
}
type Masked<G extends Masks> = {
  readonly [K in keyof G]: G[K] extends readonly [Expression<infer T>, infer R]
    ? TreatedExpression<Treated<T> | Extract<R, null>>
    : never
}

/**
 * Several values of one person, masked under one condition: an unmasked neighbour could reveal a masked value. By name,
 * each value with its replacement: `{ name: [ref('c.name'), 'Not published'], siren: [ref('c.siren'), null] }`.
 */
export function maskedGroup<const G extends Masks>(
  condition: Expression<unknown>,
  reason: string,
  group: G & Maskable<G>,
): Masked<G> {
  const entries = Object.entries<Masks[string]>(group)
  // sound because each value is masked under its own name.
  return Object.fromEntries(
    entries.map(([name, [value, replacement]]) => [name, masked(value, condition, replacement, reason)]),
  ) as unknown as Masked<G>
}
