/**
 * The shape of a dictionary, declared once: as types, and as a JSON Schema, from which `docs/reference/dictionary.schema.json` is written and
 * against which files are checked before use. It supports only the parts of JSON Schema that it needs.
 */
import { PRIVACY_CLASSES } from '../publication/privacy.ts'

export const DICTIONARY_FORMAT = 'vitrine dictionary'
/** Increased with each change of the shape. */
export const DICTIONARY_VERSION = 1

type Shape =
  | { readonly type: 'string' | 'number' | 'boolean' | 'null' }
  | { readonly enum: readonly (string | number)[] }
  | { readonly anyOf: readonly Shape[] }
  | { readonly type: 'array'; readonly items: Shape }
  | {
      readonly type: 'object'
      readonly properties: Readonly<Record<string, Shape>>
      readonly required: readonly string[]
      readonly additionalProperties: false
    }
  | Readonly<Record<string, never>>
declare const typed: unique symbol
/** What is of this shape has the type `T`. */
type Schema<T> = Shape & { readonly [typed]?: T }
type Typed<S> = S extends Schema<infer T> ? T : never

const text: Schema<string> = { type: 'string' }
const number: Schema<number> = { type: 'number' }
const flag: Schema<boolean> = { type: 'boolean' }
const oneOf = <const W extends string | number>(words: readonly W[]): Schema<W> => ({ enum: words })
const anyOf = <A, B>(one: Schema<A>, other: Schema<B>): Schema<A | B> => ({ anyOf: [one, other] })
const orNull = <T>(schema: Schema<T>): Schema<T | null> => anyOf<T, null>(schema, { type: 'null' })
const list = <T>(items: Schema<T>): Schema<readonly T[]> => ({ type: 'array', items })
const object = <P extends Readonly<Record<string, Shape>>>(
  properties: P,
): Schema<{ readonly [K in keyof P]: Typed<P[K]> }> => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

const privacy = oneOf(PRIVACY_CLASSES)
/** `parameters`: arguments of the treatment, such as the limits of bands or the number of categories. */
const treatment = object({ name: text, parameters: list(anyOf(text, number)), reason: orNull(text) })
/** `published`: a history table is made of published tables, the others of the source. */
const origin = object({ table: text, column: text, privacy, published: flag, treatments: list(treatment) })
/**
 * `privacy`: the highest class of its origins, null where it has none. `values`: the only texts that may come out of its rule.
 * `accepts`: patterns of personal data that it may hold.
 */
const column = object({
  name: text,
  type: text,
  nullable: flag,
  comment: text,
  key: orNull(oneOf(['primary key', 'unique'])),
  references: orNull(object({ table: text, column: text })),
  minimum: orNull(number),
  privacy: orNull(privacy),
  origins: list(origin),
  values: orNull(list(text)),
  range: orNull(object({ from: number, to: number })),
  accepts: list(object({ pattern: text, reason: text })),
})
/** `query` is a hash: it changes with any part of the query, also with its conditions. */
const table = object({
  name: text,
  comment: text,
  history: flag,
  query: text,
  kAnonymity: orNull(object({ k: number, columns: list(text), otherwise: text })),
  columns: list(column),
})
const view = object({ name: text, comment: text, columns: list(object({ name: text, comment: orNull(text) })) })
export const USES = ['published', 'read', 'unread'] as const
/** `read`: used only to join, filter, order or decide; no published column is made of it. */
const sourceColumn = object({ name: text, type: text, privacy, use: oneOf(USES) })
/** `partly`: why its other columns are not registered; null where all are. */
const sourceTable = object({ name: text, partly: orNull(text), columns: list(sourceColumn) })
const change = object({
  area: oneOf(['publication', 'published', 'views', 'source', 'functions']),
  table: text,
  column: orNull(text),
  change: oneOf(['added', 'removed', 'changed']),
  what: orNull(text),
  before: {},
  after: {},
})
/** `functions`: those that are not PostgreSQL's own, and why they may be called. */
const dictionary = {
  format: oneOf([DICTIONARY_FORMAT]),
  version: oneOf([DICTIONARY_VERSION]),
  publication: text,
  schema: text,
  reader: text,
  tables: list(table),
  views: list(view),
  source: object({
    schema: text,
    tables: list(sourceTable),
    functions: list(object({ name: text, reason: text })),
  }),
}
const whole = object(dictionary)

export type DictionaryTreatment = Typed<typeof treatment>
export type DictionaryOrigin = Typed<typeof origin>
export type DictionaryColumn = Typed<typeof column>
export type DictionaryTable = Typed<typeof table>
export type DictionaryView = Typed<typeof view>
export type SourceColumn = Typed<typeof sourceColumn>
export type Dictionary = Typed<typeof whole>

/** A dictionary as the command prints it: with what changed since another, or null. */
export const DICTIONARY_SCHEMA = object({ ...dictionary, changes: orNull(list(change)) })
export type WrittenDictionary = Typed<typeof DICTIONARY_SCHEMA>

/** The first place where a value does not fit the schema; null when it fits. Never quotes a name or a value of the file. */
export function placeThatDiffers(schema: Shape, value: unknown, place = ''): string | null {
  const here = place === '' ? 'the whole' : place
  if ('enum' in schema) return schema.enum.some((word) => word === value) ? null : here
  if ('anyOf' in schema) {
    const places = schema.anyOf.map((one) => placeThatDiffers(one, value, place))
    return places.includes(null) ? null : (places.find((one) => one !== here) ?? here)
  }
  if (!('type' in schema)) return null
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return here
    return firstOf(value.keys(), (index) => placeThatDiffers(schema.items, value[index], `${place}[${index}]`))
  }
  if (schema.type !== 'object') return (value === null ? 'null' : typeof value) === schema.type ? null : here
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return here
  const fields = new Map<string, unknown>(Object.entries(value))
  const { properties } = schema
  if ([...fields.keys()].some((name) => !Object.hasOwn(properties, name))) return here
  return firstOf(Object.entries(properties), ([name, its]) => {
    const inside = place === '' ? name : `${place}.${name}`
    return fields.has(name) ? placeThatDiffers(its, fields.get(name), inside) : inside
  })
}

function firstOf<T>(items: Iterable<T>, differs: (item: T) => string | null): string | null {
  for (const item of items) {
    const place = differs(item)
    if (place !== null) return place
  }
  return null
}
