/**
 * Privacy classes, as data and as TypeScript types. A classified type is not assignable to what a published column
 * accepts, so publishing it untreated does not compile; `lineage.ts` proves the same again on the query itself.
 */

export const PRIVACY_CLASSES = ['open', 'indirect', 'personal', 'secret'] as const
export type PrivacyClass = (typeof PRIVACY_CLASSES)[number]

/** Whether a reason or a comment holds no visible letter or digit. */
export const isBlank = (words: unknown): boolean =>
  typeof words !== 'string' || !/[\p{L}\p{N}]/u.test(words.replace(/\p{Default_Ignorable_Code_Point}/gu, ''))

declare const classified: unique symbol

/** Identifies together with other data: a key, a date, a code. Published with `because` or a treatment. */
export interface IndirectValue<T, _Name extends string = 'this column'> {
  readonly [classified]: 'indirect'
  readonly carries: T
}
/** The type of an indirect column in a query. It compares with plain values, because conditions may use it. */
export type Indirect<T> = IndirectValue<T> | T
/** Identifies a person, or is free text that may hold anything. Published only through a treatment. */
export interface Personal<T, _Name extends string = 'this column'> {
  readonly [classified]: 'personal'
  readonly carries: T
}
/** A credential. Never published, whatever the treatment. */
export interface SecretValue<T, _Name extends string = 'this column'> {
  readonly [classified]: 'secret'
  readonly carries: T
}

/** A column of a type that the language does not support: it stands in the register, and no query reads it. */
export interface Unread<_Name extends string = 'this column'> {
  readonly [classified]: 'unread'
}

/** A classified type with the name of its column, for messages of the compiler. */
export type Named<T, N extends string> =
  T extends IndirectValue<infer V>
    ? IndirectValue<V, N>
    : T extends Personal<infer V>
      ? Personal<V, N>
      : T extends SecretValue<infer V>
        ? SecretValue<V, N>
        : [T] extends [Unread]
          ? Unread<N>
          : T

/** The value behind `indirect`; `personal` and `secret` stay closed. */
export type Justified<T> = T extends IndirectValue<infer V> ? V : T
/** The value behind `indirect` or `personal`, for treatments that do not publish the value itself. */
export type Treated<T> = T extends IndirectValue<infer V> ? V : T extends Personal<infer V> ? V : T

declare const refused: unique symbol

/** A type without values. The compiler prints its parameters: the message, and the type that was given. */
export interface Refused<Words extends string, Given = unknown> {
  readonly [refused]: readonly [Words, Given]
}

/** The message about what a classified value needs; `never` for an open one. */
export type Needs<T> =
  T extends SecretValue<unknown, infer N>
    ? `${N} is a secret: it is never published`
    : T extends Personal<unknown, infer N>
      ? `${N} is personal: it needs a treatment (present, year, month, band, count, masked, category, measure, pseudonym)`
      : T extends IndirectValue<unknown, infer N>
        ? `${N} is indirect: it needs because(…, 'reason') or a treatment`
        : T extends Unread<infer N>
          ? `${N} is opaque: no query reads it; publish it from a view that converts it`
          : never

/** `Wanted` when the value is of `S`; otherwise the message that says why not. */
export type Unless<T, S, Wanted, Words extends string> = [T] extends [S]
  ? Wanted
  : Refused<[Needs<T>] extends [never] ? Words : Needs<T>, T>
