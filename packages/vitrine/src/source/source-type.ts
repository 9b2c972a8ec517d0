/**
 * Maps types of the source to those of the language: the registered type for a type of the catalogue, the line
 * that registers a column, and the casts that keep every value. `TYPE_FACTS` reads the catalogue. Pure.
 */
import { own } from '../base/own.ts'
import type { PrivacyClass } from '../publication/privacy.ts'
import { open } from '../publication/register.ts'
import { type RegisteredType, type ScalarKind, type SqlType, sqlType } from '../sql/sql-type.ts'

/** A type of the catalogue, without its length or precision. Domains are replaced by what they are made of. */
export interface SourceType {
  /** As format_type prints it. */
  readonly name: string
  /** The same of its elements, for an array. */
  readonly element: string | null
  /** Its values, or its elements, are texts: text, varchar, char, name, an enumeration. */
  readonly isText: boolean
}

/** SQL that resolves a domain to its base type, with its modifier and whether it refuses NULL. */
export const baseOf = (oid: string, modifier = '-1', strict = 'false'): string => `(
  with recursive made (oid, modifier, strict) as (
    select ${oid}, ${modifier}, ${strict}
    union all select d.typbasetype, d.typtypmod, made.strict or d.typnotnull
    from made join pg_catalog.pg_type d on d.oid = made.oid where d.typtype = 'd')
  select made.* from made join pg_catalog.pg_type b on b.oid = made.oid where b.typtype <> 'd')`

/** Selects a `SourceType` from pg_type as `t`. int2vector and oidvector do not count as arrays. */
export const TYPE_FACTS = `format_type(t.oid, null) as name, format_type(e.oid, null) as element,
            coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typtype, t.typtype) = 'e' as "isText"`
/** Joins what `TYPE_FACTS` needs. */
export const TYPE_ELEMENT = `left join pg_catalog.pg_type i on i.oid = t.typelem and i.typarray = t.oid
               left join lateral ${baseOf('i.oid')} of_element on i.oid is not null
               left join pg_catalog.pg_type e on e.oid = of_element.oid`

/** A column of the source, as far as the register describes it. */
export interface ColumnType extends SourceType {
  /** In characters, null when there is no limit. */
  readonly length: number | null
}

/** Types that are registered as another one that has all their values. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  json: 'jsonb',
  'json[]': 'jsonb[]',
  bit: 'bit varying',
  'bit[]': 'bit varying[]',
  'smallint[]': 'integer[]',
}

/** The name without its schema: the schema of an extension differs between installations. */
const plain = (name: string): string => name.replace(/^(?:"(?:[^"]|"")+"|[^."]+)\./, '')
const spelled = ({ name, element }: SourceType): string => (element === null ? name : `${element}[]`)
/** hstore is known without its schema. Any other type with a schema is somebody's own. */
const known = (name: string): string => (/\.hstore(?:\[\])?$/.test(name) ? plain(name) : name)

/** The name of the registered type for a type of the source, whether or not the register has a word for it. */
function registeredName(type: ColumnType): string {
  const name = known(spelled(type))
  if (!type.isText) return own(STANDS_FOR, name) ?? name
  if (type.element !== null) return 'text[]'
  return type.length === null ? 'text' : sqlType('varchar', type.length).name
}

/** Whether a column of this type may be registered under a type. */
export const isRegisteredAs = (type: ColumnType, { kind, name }: RegisteredType): boolean =>
  kind === 'opaque' ? plain(spelled(type)) === plain(name) : registeredName(type) === name

/** The register's words by type name; `varchar` is not among them, because it takes a length. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries(open).flatMap(([word, column]) => (typeof column === 'function' ? [] : [[column.type.name, word]])),
)

/** The register's word for a type; null where it has none, so that queries may not read it. */
const wordFor = (type: ColumnType): string | null =>
  WORDS.get(registeredName(type)) ?? (type.isText ? `varchar(${type.length})` : null)

export const hasWord = (type: ColumnType): boolean => wordFor(type) !== null

/** The line of the register for a column; `opaque` where the register has no word for its type. */
export function registerLine(column: string, privacy: PrivacyClass, type: ColumnType, isNullable: boolean): string {
  const word = wordFor(type)
  if (word === null) return `${keyText(column)}: opaque(${quotedText(plain(spelled(type)))}),`
  return `${keyText(column)}: ${privacy}.${word}${isNullable ? '.nullable' : ''},`
}

/** A text as the register writes it. */
export const quotedText = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`

/** A name as a key of the register. A plain `__proto__` would set the prototype and declare no column. */
export const keyText = (name: string): string =>
  name === '__proto__' ? `[${quotedText(name)}]` : /^[A-Za-z_$][\w$]*$/.test(name) ? name : quotedText(name)

const WHOLE = ['smallint', 'integer', 'bigint']

/**
 * The other types from which a cast is exact or fails. Whole numbers pass in both directions, because PostgreSQL raises 22003
 * for one that does not fit. Numeric to integer rounds; dates and instants depend on a time zone or lose the time.
 */
const EXACT: Readonly<Partial<Record<ScalarKind, readonly string[]>>> = {
  smallint: WHOLE,
  integer: WHOLE,
  bigint: WHOLE,
  numeric: [...WHOLE, 'money'],
  real: ['smallint'],
  'double precision': ['smallint', 'integer', 'real'],
  // Spaces, the order of names and repeated names are lost, which have no meaning in JSON.
  jsonb: ['json', 'hstore'],
}

/** Whether the cast of a found type to a declared one keeps every value as it is, or fails. */
export function fits({ name, element, isText }: SourceType, { kind, array }: SqlType): boolean {
  if (array !== (element !== null)) return false
  const found = known(element ?? name)
  if (kind === 'text' || kind === 'varchar') return isText || (kind === 'text' && found === 'xml')
  return found === sqlType(kind).name || EXACT[kind]?.includes(found) === true
}
