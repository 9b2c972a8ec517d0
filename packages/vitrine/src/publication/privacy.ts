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
export interface Indirect<T> {
  readonly [classified]: 'indirect'
  readonly carries: T
}
/** Identifies a person, or is free text that may hold anything. Published only through a treatment. */
export interface Personal<T> {
  readonly [classified]: 'personal'
  readonly carries: T
}
/** A credential. Never published, whatever the treatment. */
export interface SecretValue<T> {
  readonly [classified]: 'secret'
  readonly carries: T
}

/** The value behind `indirect`; `personal` and `secret` stay closed. */
export type Justified<T> = T extends Indirect<infer V> ? V : T
/** The value behind `indirect` or `personal`, for treatments that do not publish the value itself. */
export type Treated<T> = T extends Indirect<infer V> ? V : T extends Personal<infer V> ? V : T
