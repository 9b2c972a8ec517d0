/**
 * How the types of the source are written in the register: which registered types stand for a type of the catalogue, and
 * the line that registers a column. Pure; called by `drift.ts`.
 */
import type { PrivacyClass } from '../publication/privacy.ts'

/** A type of the catalogue: domains are already replaced by what they are made of. */
export interface SourceType {
  /** As format_type prints it: `character varying(20)`. */
  readonly name: string
  readonly isEnum: boolean
}

/** The register's word for a type, by the name that format_type gives it. */
const WORDS: Readonly<Record<string, string>> = {
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  real: 'real',
  'double precision': 'doublePrecision',
  boolean: 'boolean',
  text: 'text',
  uuid: 'uuid',
  date: 'date',
  'time without time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  jsonb: 'jsonb',
  'text[]': 'textArray',
  'integer[]': 'integerArray',
  'bigint[]': 'bigintArray',
}

/** Types that the register writes as another one, because every value of theirs is a value of it. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  'character varying': 'text',
  name: 'text',
  citext: 'text',
  'public.citext': 'text',
  json: 'jsonb',
  'smallint[]': 'integer[]',
  'character varying[]': 'text[]',
}

const TEXT_ARRAY = /^character(?: varying)?\(\d+\)\[\]$/
const FIXED_LENGTH = /^character\((?<length>\d+)\)$/
/** Precision and scale: a registered `numeric` or `timestamptz` stands for each of them. */
const PRECISION = /^(numeric|time|timestamp)\(\d+(?:,-?\d+)?\)/

/** The name of the registered type for a type of the source, whether or not the register has a word for it. */
function registeredName({ name, isEnum }: SourceType): string {
  if (isEnum) return 'text'
  if (TEXT_ARRAY.test(name)) return 'text[]'
  const length = FIXED_LENGTH.exec(name)?.groups?.['length']
  if (length !== undefined) return `character varying(${length})`
  const plain = name.replace(PRECISION, '$1')
  return STANDS_FOR[plain] ?? plain
}

/** Whether a column of this type may be registered under a type of that name. */
export const isRegisteredAs = (source: SourceType, registered: string): boolean => registeredName(source) === registered

/** `varchar(20)`, `timestamptz`; null when the register has no word for the type. */
function registerWord(source: SourceType): string | null {
  const name = registeredName(source)
  const length = /^character varying\((\d+)\)$/.exec(name)?.[1]
  return length === undefined ? (WORDS[name] ?? null) : `varchar(${length})`
}

/** The line of the register for a column, or null when the register has no word for its type. */
export function registerLine(
  column: string,
  privacy: PrivacyClass,
  source: SourceType,
  nullable: boolean,
): string | null {
  const word = registerWord(source)
  if (word === null) return null
  const key = /^[A-Za-z_$][\w$]*$/.test(column) ? column : `'${column.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return `${key}: ${privacy}.${word}${nullable ? '.nullable' : ''},`
}
