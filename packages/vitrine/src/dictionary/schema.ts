/**
 * The shape of a dictionary's JSON, as a JSON Schema: `docs/reference/dictionary.schema.json` is written of it, and a file is
 * compared with it before it is used. Of JSON Schema it speaks what it needs, and understands no more.
 */
import { PRIVACY_CLASSES } from '../publication/privacy.ts'
import type { DictionaryChange } from './changes.ts'
import {
  DICTIONARY_FORMAT,
  DICTIONARY_VERSION,
  type Dictionary,
  type DictionaryColumn,
  type DictionaryOrigin,
  type DictionaryTable,
  type DictionaryTreatment,
  type DictionaryView,
  type SourceColumn,
  type SourceTable,
  USES,
} from './dictionary.ts'

type Schema =
  | { readonly type: 'string' | 'number' | 'boolean' | 'null' }
  | { readonly enum: readonly (string | number)[] }
  | { readonly anyOf: readonly Schema[] }
  | { readonly type: 'array'; readonly items: Schema }
  | ObjectSchema
  | Readonly<Record<string, never>>
interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
  readonly additionalProperties: false
}

const text: Schema = { type: 'string' }
const number: Schema = { type: 'number' }
const flag: Schema = { type: 'boolean' }
const oneOf = (words: readonly (string | number)[]): Schema => ({ enum: words })
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const list = (items: Schema): Schema => ({ type: 'array', items })
/** Every field of `T`, and no other. */
const object = <T>(properties: { readonly [K in keyof T & string]: Schema }): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

const privacy = oneOf(PRIVACY_CLASSES)
const treatment = object<DictionaryTreatment>({ name: text, detail: orNull(text), reason: orNull(text) })
const origin = object<DictionaryOrigin>({
  table: text,
  column: text,
  privacy,
  published: flag,
  treatments: list(treatment),
})
const column = object<DictionaryColumn>({
  name: text,
  type: text,
  nullable: flag,
  comment: text,
  key: orNull(oneOf(['primary key', 'unique'])),
  references: orNull(object<NonNullable<DictionaryColumn['references']>>({ table: text, column: text })),
  minimum: orNull(number),
  privacy: orNull(privacy),
  origins: list(origin),
  values: orNull(list(text)),
  range: orNull(object<NonNullable<DictionaryColumn['range']>>({ from: number, to: number })),
  accepts: list(object<DictionaryColumn['accepts'][number]>({ pattern: text, reason: text })),
})
const table = object<DictionaryTable>({
  name: text,
  comment: text,
  history: flag,
  query: text,
  kAnonymity: orNull(
    object<NonNullable<DictionaryTable['kAnonymity']>>({ k: number, columns: list(text), otherwise: text }),
  ),
  columns: list(column),
})
const view = object<DictionaryView>({
  name: text,
  comment: text,
  columns: list(object<DictionaryView['columns'][number]>({ name: text, comment: orNull(text) })),
})
const sourceTable = object<SourceTable>({
  name: text,
  partly: orNull(text),
  columns: list(object<SourceColumn>({ name: text, type: text, privacy, use: oneOf(USES) })),
})
const change = object<DictionaryChange>({
  area: oneOf(['publication', 'published', 'views', 'source', 'functions']),
  table: text,
  column: orNull(text),
  change: oneOf(['added', 'removed', 'changed']),
  what: orNull(text),
  before: {},
  after: {},
})

/** A dictionary as the command prints it: with what changed since another, or null. */
export interface WrittenDictionary extends Dictionary {
  readonly changes: readonly DictionaryChange[] | null
}

export const DICTIONARY_SCHEMA: Schema = object<WrittenDictionary>({
  format: oneOf([DICTIONARY_FORMAT]),
  version: oneOf([DICTIONARY_VERSION]),
  publication: text,
  schema: text,
  reader: text,
  tables: list(table),
  views: list(view),
  source: object<Dictionary['source']>({
    schema: text,
    tables: list(sourceTable),
    functions: list(object<Dictionary['source']['functions'][number]>({ name: text, reason: text })),
  }),
  changes: orNull(list(change)),
})

/** Where a value is not what the schema says; null where it is. No name and no value of it is quoted. */
export function placeThatDiffers(schema: Schema, value: unknown, place = ''): string | null {
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
