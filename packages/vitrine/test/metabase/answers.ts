/** What the stand-in answers with: its own facts, and a neutral value for each other key that real answers were seen to have. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Entity = Record<string, unknown>
type Shape = Readonly<Record<string, readonly string[]>>

// sound because the file is written in this form.
export const RECORDED = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded-shapes.json'), 'utf8')) as Readonly<
  Record<string, Shape>
>

const NEUTRAL: Readonly<Record<string, unknown>> = { string: '', number: 0, boolean: false, list: [], object: {} }

/** Keys that the stand-in does not know better, by the kind of answer. */
export const filled = new Map<string, Set<string>>()

export function answerLike(kind: string, own: Entity): Entity {
  const recorded = Object.entries(RECORDED[kind] ?? {})
  const rest = recorded.filter(([key]) => !(key in own))
  filled.set(kind, new Set(rest.map(([key]) => key)))
  return {
    ...Object.fromEntries(rest.map(([key, types]) => [key, types.includes('null') ? null : NEUTRAL[types[0] ?? '']])),
    ...own,
  }
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
