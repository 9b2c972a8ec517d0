/**
 * Sums over the primary keys of a table, by buckets: two tables with the same counts and sums have the same keys. The 64-bit hashes are
 * PostgreSQL's own of hash partitions, the same in every version of the server.
 */
import { createHash } from 'node:crypto'
import { DIGEST_LETTERS } from '../copy/rows.ts'
import { keyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier } from '../sql/quote.ts'
import type { ScalarKind } from '../sql/sql-type.ts'

/** Their function mixes the two halves of a number into one before it hashes it: the upper one comes in by itself. */
const ofNumber = (value: string, seed: string): string =>
  `hashint8extended(${value}::int8, hashint8extended(${value}::int8 >> 32, ${seed}))`

const HASHES: Partial<Record<ScalarKind, (value: string, seed: string) => string>> = {
  smallint: ofNumber,
  integer: ofNumber,
  bigint: ofNumber,
  uuid: (value, seed) => `uuid_hash_extended(${value}, ${seed})`,
  // By its bytes: collations of the two servers may differ.
  varchar: (value, seed) => `hashtextextended(${value}::text collate "C", ${seed})`,
  text: (value, seed) => `hashtextextended(${value} collate "C", ${seed})`,
}

export const keyColumnsOf = ({ columns }: PublishedTable): readonly PublishedColumn[] =>
  columns.filter(({ isPrimaryKey }) => isPrimaryKey)

/** Why a table cannot be told by its key; null where it can. */
export function keyProblem(table: PublishedTable): string | null {
  const key = keyColumnsOf(table)
  if (key.length === 0) return 'it has no primary key'
  const computed = key.find(({ value }) => value.kind !== 'sql')
  if (computed !== undefined) return `its key ${computed.name} is computed`
  const other = key.find(({ type }) => type.array || HASHES[type.kind] === undefined)
  return other === undefined ? null : `its key ${other.name} is of the type ${other.type.name}`
}

/** The hash of a row's key, whose columns have that alias before them. */
export const hashSql = (table: PublishedTable, alias: string): string => hashOf(keyColumnsOf(table), alias, 0)

/** The hash of some columns, another one for each seed. */
export const hashOf = (
  columns: readonly Pick<PublishedColumn, 'name' | 'type'>[],
  alias: string,
  seed: number,
): string =>
  columns.reduce(
    (before, { name, type }) => HASHES[type.kind]?.(`${alias}.${identifier(name)}`, before) ?? before,
    `${seed}::int8`,
  )

/** That two rows have the same key. */
export const sameKey = (table: PublishedTable, one: string, other: string): string =>
  keyOf(table)
    .map((name) => `${one}.${identifier(name)} = ${other}.${identifier(name)}`)
    .join(' and ')

export const keyList = (table: PublishedTable, alias: string): string =>
  keyOf(table)
    .map((name) => `${alias}.${identifier(name)}`)
    .join(', ')

/** The bytes of a field as a binary COPY has them. */
const SENT: Partial<Record<ScalarKind, (value: string) => string>> = {
  smallint: (value) => `int2send(${value})`,
  integer: (value) => `int4send(${value})`,
  bigint: (value) => `int8send(${value})`,
  uuid: (value) => `uuid_send(${value})`,
  varchar: (value) => `textsend(${value}::text)`,
  text: (value) => `textsend(${value})`,
}

/** What `keyDigest` makes of the key of such a row. */
export function digestSql(table: PublishedTable, alias: string): string {
  const fields = keyColumnsOf(table).map(({ name, type }) => {
    const bytes = SENT[type.kind]?.(`${alias}.${identifier(name)}`) ?? ''
    return `int4send(octet_length(${bytes})) || ${bytes}`
  })
  return `left(encode(sha256(${fields.join(' || ')}), 'base64'), ${DIGEST_LETTERS})`
}

/** Keys in a bucket: few enough to be read when it differs, many enough that the sums are small. */
const KEYS_IN_BUCKET = 128
const MOST_BUCKETS = 2 ** 17

/** A power of two. */
export function bucketsFor(rows: number, each = KEYS_IN_BUCKET): number {
  let buckets = 1
  while (buckets < MOST_BUCKETS && buckets * each < rows) buckets *= 2
  return buckets
}

/** Per bucket of `from`, which has a column `h`: how many keys, and their sum without carrying. `more` are further aggregates. */
export const sumsSql = (from: string, buckets: number, more = ''): string =>
  `select (h & ${buckets - 1})::integer as bucket, count(*)::integer as keys, bit_xor(h)::text as mixed${more} from ${from} group by 1`

export interface SumRow {
  readonly bucket: number
  readonly keys: number
  readonly mixed: string
}

/** The same sums have the same digest, and others another. */
export function digestOf(rows: readonly SumRow[], buckets: number): string {
  const sorted = rows.toSorted((a, b) => a.bucket - b.bucket)
  const hash = createHash('sha256').update(`${buckets}`)
  for (const { bucket, keys, mixed } of sorted) hash.update(` ${bucket},${keys},${mixed}`)
  return hash.digest('hex')
}

/** Sums of keys by bucket, which can be put together and taken away. */
export class KeySums {
  readonly #keys: Int32Array
  readonly #mixed: BigInt64Array

  constructor(buckets: number) {
    this.#keys = new Int32Array(buckets)
    this.#mixed = new BigInt64Array(buckets)
  }

  /** `sign` is 1 for keys that come, -1 for keys that go. */
  add(rows: readonly SumRow[], sign: 1 | -1): this {
    for (const { bucket, keys, mixed } of rows) {
      this.#keys[bucket] = (this.#keys[bucket] ?? 0) + sign * keys
      this.#mixed[bucket] = (this.#mixed[bucket] ?? 0n) ^ BigInt(mixed)
    }
    return this
  }

  /** The buckets in which something is left. */
  get left(): readonly number[] {
    const found: number[] = []
    for (let bucket = 0; bucket < this.#keys.length; bucket++) {
      if (this.#keys[bucket] !== 0 || this.#mixed[bucket] !== 0n) found.push(bucket)
    }
    return found
  }
}
