/**
 * Aggregates over rows, typed as PostgreSQL types them. The result on a classified column keeps the class. Kysely's own
 * `fn.sum` and the like are typed "number or text", which no column accepts.
 */
import { type AggregateFunctionBuilder, type Expression, expressionBuilder } from 'kysely'
import type { Float, Numeric, QueryValue } from '../sql/sql-type.ts'
import type { IndirectValue, Personal, SecretValue, Treated, Unless } from './privacy.ts'

/** Changes the type of the value and keeps its privacy class. */
type Summed<T> =
  T extends IndirectValue<infer V, infer N>
    ? IndirectValue<SumOf<V>, N>
    : T extends Personal<infer V, infer N>
      ? Personal<SumOf<V>, N>
      : T extends SecretValue<infer V, infer N>
        ? SecretValue<SumOf<V>, N>
        : SumOf<T>
type Averaged<T> =
  T extends IndirectValue<infer V, infer N>
    ? IndirectValue<MeanOf<V>, N>
    : T extends Personal<infer V, infer N>
      ? Personal<MeanOf<V>, N>
      : T extends SecretValue<infer V, infer N>
        ? SecretValue<MeanOf<V>, N>
        : MeanOf<T>
type SumOf<T> = T extends number ? bigint : T extends bigint ? Numeric : T
type MeanOf<T> = T extends number | bigint ? Numeric : T

type Interval = QueryValue['interval']
type Amount<T> = Unless<
  Treated<T>,
  number | bigint | Numeric | Float | Interval | null,
  Expression<T>,
  'it takes a number or an interval'
>
/** NULL when there are no rows, or only NULLs. `filterWhere` and `over` come from Kysely. */
type Figure<T> = AggregateFunctionBuilder<unknown, never, T | null>

const figure = <T>(name: string, value: unknown): Figure<T> =>
  // sound because nothing is of type Refused.
  expressionBuilder<unknown, never>().fn.agg<T | null>(name, [value as Expression<unknown>])

/** The sum of smallints or integers is a bigint, the sum of bigints a numeric. */
export const sum = <T>(value: Amount<T>): Figure<Summed<T>> => figure('sum', value)
/** The average of whole numbers is a numeric. */
export const avg = <T>(value: Amount<T>): Figure<Averaged<T>> => figure('avg', value)
export const min = <T>(value: Expression<T>): Figure<T> => figure('min', value)
export const max = <T>(value: Expression<T>): Figure<T> => figure('max', value)
