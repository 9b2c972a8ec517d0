/**
 * The types of the source beside those of the language: which registered type stands for a type of the catalogue, the line
 * that registers a column, and which casts keep every value. The catalogue answers with `TYPE_FACTS`. Pure.
 */
import { own } from '../base/own.ts'
import type { PrivacyClass } from '../publication/privacy.ts'
import { open } from '../publication/register.ts'
import { type ScalarKind, type SqlType, sqlType } from '../sql/sql-type.ts'

/** A type of the catalogue, without its length or precision. Domains are replaced by what they are made of. */
export interface SourceType {
  /** As format_type prints it. */
  readonly name: string
  /** The same of its elements, for an array. */
  readonly element: string | null
  /** Its values, or its elements, are texts: text, varchar, char, name, an enumeration. */
  readonly isText: boolean
}

/** Selects a `SourceType` from pg_type as `t`. */
export const TYPE_FACTS = `format_type(t.oid, null) as name, format_type(e.oid, null) as element,
            coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typtype, t.typtype) = 'e' as "isText"`
/** Joins what `TYPE_FACTS` needs. */
export const TYPE_ELEMENT = "left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'"

/** A column of the source, as far as the register describes it. */
export interface ColumnType extends SourceType {
  /** In characters, null when there is no limit. */
  readonly length: number | null
}

/** Types that the register writes as another one, because every value of theirs is a value of it. */
const STANDS_FOR: Readonly<Record<string, string>> = { json: 'jsonb', 'smallint[]': 'integer[]' }

/** The name of the registered type for a type of the source, whether or not the register has a word for it. */
function registeredName({ name, element, isText, length }: ColumnType): string {
  if (!isText) return own(STANDS_FOR, name) ?? name
  if (element !== null) return 'text[]'
  return length === null ? 'text' : sqlType('varchar', length).name
}

/** Whether a column of this type may be registered under a type of that name. */
export const isRegisteredAs = (type: ColumnType, registered: string): boolean => registeredName(type) === registered

/** The register's words by the names of their types; `varchar` alone is a function. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries(open).flatMap(([word, column]) => (typeof column === 'function' ? [] : [[column.type.name, word]])),
)

/** The line of the register for a column, or null when the register has no word for its type. */
export function registerLine(
  column: string,
  privacy: PrivacyClass,
  type: ColumnType,
  isNullable: boolean,
): string | null {
  const name = registeredName(type)
  const word = WORDS.get(name) ?? (type.isText ? `varchar(${type.length})` : null)
  if (word === null) return null
  const quoted = `'${column.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  // Written plainly, `__proto__` would be no column but the prototype of the register.
  const key = column === '__proto__' ? `[${quoted}]` : /^[A-Za-z_$][\w$]*$/.test(column) ? column : quoted
  return `${key}: ${privacy}.${word}${isNullable ? '.nullable' : ''},`
}

const WHOLE = ['smallint', 'integer', 'bigint']

/**
 * The other types from which a cast is exact or fails. Whole numbers pass in both directions, because PostgreSQL raises 22003
 * for one that does not fit. Numeric to integer rounds; dates and instants depend on a time zone or lose the time.
 */
const EXACT: Readonly<Partial<Record<ScalarKind, readonly string[]>>> = {
  smallint: WHOLE,
  integer: WHOLE,
  bigint: WHOLE,
  numeric: WHOLE,
  real: ['smallint'],
  'double precision': ['smallint', 'integer', 'real'],
  // Spaces, the order of names and repeated names are lost, which have no meaning in JSON.
  jsonb: ['json'],
}

/** Whether the cast of a found type to a declared one keeps every value as it is, or fails. */
export function fits({ name, element, isText }: SourceType, { kind, array }: SqlType): boolean {
  if (array !== (element !== null)) return false
  if (kind === 'text' || kind === 'varchar') return isText
  const found = element ?? name
  return found === sqlType(kind).name || EXACT[kind]?.includes(found) === true
}
