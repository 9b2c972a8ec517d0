/** What the stand-in answers with: its own facts, and a neutral value for each other key that real answers were seen to have. */
import shapes from './recorded-shapes.json' with { type: 'json' }

export type Entity = Record<string, unknown>
type Shape = Readonly<Record<string, readonly string[]>>

export const RECORDED: Readonly<Record<string, Shape>> = shapes

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
