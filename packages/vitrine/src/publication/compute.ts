/**
 * Columns made by TypeScript rules. A rule sees the declared inputs of one row and nothing else; it must be pure and total,
 * because results are cached by input. Only `category`, `measure` and `pseudonym` may see personal values.
 */
import type { Expression, OperationNode } from 'kysely'
import type { Decoded, SqlType, SqlValue, Uuid } from '../sql/sql-type.ts'
import { isBlank, type Justified, type Treated, type Unless } from './privacy.ts'
import type { Treatment } from './treatment.ts'

export interface ComputationInput {
  readonly name: string
  readonly node: OperationNode
}

/** One rule with its inputs, as data. When several columns share the object, it is evaluated once per row. */
export interface Computation {
  readonly inputs: readonly ComputationInput[]
  readonly kind: 'rule' | 'pseudonym'
  readonly rule: (values: Readonly<Record<string, unknown>>) => unknown
  readonly treatment: Treatment | null
  /** For a pseudonym: equal values have equal pseudonyms within one domain only. Empty when none is declared. */
  readonly domain: string
}

declare const result: unique symbol

/** Both ends belong to the range. */
export interface NumberRange {
  readonly from: number
  readonly to: number
}

/** The result of a computation, or one field of it, on its way to a column. */
export interface Computed<T> {
  readonly computation: Computation
  /** Name of a property of the rule's result; null for the result itself. */
  readonly path: string | null
  /** The only texts that the column may take; anything else stops the run. */
  readonly values: readonly string[] | null
  /** The only numbers that the column may take, both ends included. */
  readonly range: NumberRange | null
  readonly [result]?: T
}

/** A computation whose rule returns an object: `field` picks the property for one column. */
export interface ComputedRow<R> extends Computed<R> {
  /** `values` is the closed list of texts that may come out. */
  field<K extends keyof R & string>(name: K, values?: readonly (R[K] & string)[]): Computed<R[K]>
}

/** With more possible results than this, a rule over classified values could pass the value itself on. */
export const MOST_OUTCOMES = 64

/** How many different values may come out; infinity when nothing bounds them. */
export function outcomesOf({ values, range }: Computed<unknown>, type: SqlType): number {
  if (type.array) return Number.POSITIVE_INFINITY
  if (values !== null) return values.length
  const isWhole = ['smallint', 'integer', 'bigint'].includes(type.kind)
  const number = range === null ? Number.NaN : range.to - range.from + 1
  if (isWhole && Number.isFinite(number)) return number
  return type.kind === 'boolean' ? 2 : Number.POSITIVE_INFINITY
}

/** Why the possible results of a rule over classified values are too many, with the remedy; null when they are not. */
export function boundFault(computed: Computed<unknown>, type: SqlType): readonly [string, string] | null {
  const { treatment, kind } = computed.computation
  if (treatment === null || kind !== 'rule') return null
  const outcomes = outcomesOf(computed, type)
  if (outcomes === Number.POSITIVE_INFINITY) {
    return [
      'nothing says what may come out of it',
      'take it from .field(…) of its measure, whole numbers as an integer',
    ]
  }
  if (treatment.reason === undefined ? outcomes <= MOST_OUTCOMES : !isBlank(treatment.reason)) return null
  return treatment.reason === undefined
    ? [`more than ${MOST_OUTCOMES} values may come out of it`, 'allow fewer, or give the reason as last argument']
    : ['its reason is empty', 'say why more values may come out of it, or leave the reason out']
}

type Inputs = Readonly<Record<string, Expression<unknown>>>
type ValueIn<E> = E extends Expression<infer T> ? T : never
/** Open values only: an indirect one needs `because`, a personal one `category` or `pseudonym`. */
type OpenInputs<I extends Inputs> = {
  [K in keyof I]: Unless<ValueIn<I[K]>, SqlValue | null, I[K], NoInput>
}
type TreatableInputs<I extends Inputs> = {
  [K in keyof I]: Unless<Treated<ValueIn<I[K]>>, SqlValue | null, I[K], NoInput>
}
type NoInput = 'a rule reads a value of a known type: write sql<string>`…`, or a column of the register'
type DecodedInputs<I extends Inputs> = { readonly [K in keyof I]: Decoded<Treated<ValueIn<I[K]>>> }

function computation(
  inputs: Inputs,
  kind: Computation['kind'],
  rule: Computation['rule'],
  treatment: Treatment | null,
  domain = '',
): Computation {
  const list = Object.entries(inputs).map(([name, value]) => Object.freeze({ name, node: value.toOperationNode() }))
  return Object.freeze({ inputs: Object.freeze(list), kind, rule, treatment, domain })
}

/** A treatment whose results are bounded; `amount` is its number of fields or words. */
const boundedBy = (name: string, amount: number, reason: string | undefined): Treatment =>
  reason === undefined ? { name, parameters: [amount] } : { name, parameters: [amount], reason }

const computed = (
  computation: Computation,
  path: string | null,
  allowed: Partial<Pick<Computed<unknown>, 'values' | 'range'>> = {},
): Computed<never> => Object.freeze({ computation, path, values: null, range: null, ...allowed })

/**
 * A value computed by a TypeScript rule from open values of the same row: `compute({ code: ref('e.code') }, ({ code }) =>
 * label(code))`. The rule must be pure and must not throw; a throw stops the run with the number of rows concerned.
 */
export function compute<const I extends Inputs, R>(
  inputs: I & OpenInputs<I>,
  rule: (values: DecodedInputs<I>) => R,
): ComputedRow<R> {
  // sound because the copy path decodes each input to the type that DecodedInputs names.
  const shared = computation(inputs, 'rule', rule as Computation['rule'], null)
  return Object.freeze({
    ...computed(shared, null),
    field: (name: string, values: readonly string[] | null = null) => computed(shared, name, { values }),
  })
}

/** What one field of a measure may hold, besides null: numbers of a range, texts of a list, or true and false. */
export type MeasureField = NumberRange | readonly string[] | 'boolean'
type FieldValue<F extends MeasureField> = F extends NumberRange ? number : F extends readonly (infer V)[] ? V : boolean

/** The fields of a measure, each on its way to a column. */
export interface Measures<R> {
  field<K extends keyof R & string>(name: K): Computed<R[K]>
}

/**
 * Numbers, categories and flags measured on classified values, such as a count of sentences or a share done. Every output
 * declares the values that it may take and is checked on every row, so that no part of the input can come out: the inputs
 * may be personal. `fields` says what may come out, in whole numbers; the rule returns an object with at least those
 * properties. A field of more than 64 possible values needs a reason, which the dictionary shows.
 */
export function measure<
  const I extends Inputs,
  const F extends Readonly<Record<string, MeasureField>>,
  R extends { readonly [K in keyof F]: FieldValue<F[K]> | null },
>(
  inputs: I & TreatableInputs<I>,
  fields: F,
  rule: (values: DecodedInputs<I>) => R,
  reason?: string,
): Measures<Pick<R, keyof F & keyof R>> {
  const treatment = boundedBy('measure', Object.keys(fields).length, reason)
  // sound because the copy path decodes each input to the type that DecodedInputs names.
  const shared = computation(inputs, 'rule', rule as Computation['rule'], treatment)
  return Object.freeze({
    field(name: keyof F & string) {
      const allowed: MeasureField | undefined = Object.hasOwn(fields, name) ? fields[name] : undefined
      const values = Array.isArray(allowed) ? Object.freeze([...allowed]) : null
      const range = allowed !== undefined && typeof allowed === 'object' && 'from' in allowed ? allowed : null
      return computed(shared, name, { values, range })
    },
  })
}

/**
 * The category of a classified value: a rule whose result is one of `values`, a closed list, or null. Because nothing
 * outside the list can come out (it is checked on every row), the inputs may be personal. A list of more than 64 values
 * needs a reason, which the dictionary shows.
 */
export function category<const I extends Inputs, const V extends string, R extends V | null>(
  inputs: I & TreatableInputs<I>,
  values: readonly V[],
  rule: (values: DecodedInputs<I>) => R,
  reason?: string,
): Computed<R> {
  const treatment = boundedBy('category', values.length, reason)
  // sound because the copy path decodes each input to the type that DecodedInputs names.
  const shared = computation(inputs, 'rule', rule as Computation['rule'], treatment)
  return computed(shared, null, { values: Object.freeze([...values]) })
}

type NullOf<T> = Extract<T, null>

/**
 * A stable pseudonym of a value: a UUID made by HMAC-SHA-256 under the installation's key (VITRINE_PSEUDONYM_KEY), the
 * same for the same value, not reversible without the key. NULL stays NULL. Computed in Node: the key never reaches SQL.
 * `domain` names what the value stands for, such as 'member': columns of one domain join, those of two domains never do.
 * All pseudonyms without a domain join with each other.
 */
export function pseudonym<T>(
  value: Unless<
    Treated<T>,
    string | number | bigint | Uuid | null,
    Expression<T>,
    'a pseudonym is made of a text, a whole number or a uuid'
  >,
  domain?: string,
): Computed<string | NullOf<Justified<T>>> {
  const parameters = domain === undefined ? [] : [domain]
  const inputs: Inputs = { value: value as Expression<T> } // sound because nothing is of type Refused.
  return computed(
    computation(inputs, 'pseudonym', () => undefined, { name: 'pseudonym', parameters }, domain),
    null,
  )
}
