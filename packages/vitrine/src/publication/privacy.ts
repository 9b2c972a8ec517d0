/**
 * Privacy classes, as data and as TypeScript types. A classified type is assignable to nothing that a published column
 * takes, so publishing it untreated does not compile; `lineage.ts` proves the same again on the query itself.
 */

export const PRIVACY_CLASSES = ['open', 'indirect', 'personal', 'secret'] as const
export type PrivacyClass = (typeof PRIVACY_CLASSES)[number]

/** Whether a reason or a comment says nothing: no letter and no digit that can be seen. */
export const isBlank = (words: unknown): boolean =>
  typeof words !== 'string' || !/[\p{L}\p{N}]/u.test(words.replace(/\p{Default_Ignorable_Code_Point}/gu, ''))

declare const classified: unique symbol

/** Identifies together with other data: a key, a date, a code. Published with `because` or a treatment. */
export interface IndirectValue<T, _Name extends string = 'this column'> {
  readonly [classified]: 'indirect'
  readonly carries: T
}
/** What a query sees of an indirect column. Rows may be chosen by it, so that it compares with plain values. */
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

/** Of a type that the language has no word for. Registered, so that nothing is forgotten, and never read. */
export interface Unread<_Name extends string = 'this column'> {
  readonly [classified]: 'unread'
}

/** A classified type that knows the name of its column, for the words of the compiler alone. */
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

/** Nothing is of this type: what the compiler prints when it is asked for are the words, and what was given instead. */
export interface Refused<Words extends string, Given = unknown> {
  readonly [refused]: readonly [Words, Given]
}

/** What a classified value needs, in words; nothing for an open one. */
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

/** `Wanted` for a value that is in `S`; for any other the words that say why not. */
export type Unless<T, S, Wanted, Words extends string> = [T] extends [S]
  ? Wanted
  : Refused<[Needs<T>] extends [never] ? Words : Needs<T>, T>
