/** Reads Metabase's answers without trusting them: each function throws METABASE_STRANGE for an unexpected form. */
import { VitrineError } from '../base/errors.ts'

export type Entity = Readonly<Record<string, unknown>>

/** A value that is compared and recorded. */
export type Value = string | number | boolean | null

export const isEntity = (answer: unknown): answer is Entity =>
  typeof answer === 'object' && answer !== null && !Array.isArray(answer)

const strange = (what: string): VitrineError => new VitrineError('METABASE_STRANGE', { place: what })

export function entity(answer: unknown, what: string): Entity {
  if (isEntity(answer)) return answer
  throw strange(what)
}

/** A list, or the list inside `{data, total}`. */
export function entities(answer: unknown, what: string): readonly Entity[] {
  const list = isEntity(answer) ? answer['data'] : answer
  if (Array.isArray(list) && list.every(isEntity)) return list
  throw strange(what)
}

/** The entities of a list; none when it is not a list. */
export const entitiesIn = (value: unknown): readonly Entity[] => (Array.isArray(value) ? value.filter(isEntity) : [])

/** The entity in a field; empty when there is none. */
export function entityPart(found: Entity | undefined, name: string): Entity {
  const part = found?.[name]
  return isEntity(part) ? part : {}
}

export function idOf(found: Entity, what: string): number {
  const { id } = found
  if (typeof id === 'number') return id
  throw strange(`${what}: id`)
}

/** An attribute for comparison; null when it is missing. */
export function scalarOf(found: Entity, name: string): Value {
  const value = found[name]
  return ['string', 'number', 'boolean'].includes(typeof value) ? (value as Value) : null // sound because of its type.
}

export const textOf = (found: Entity, name: string): string => String(found[name] ?? '')
