/**
 * Sums (XOR of hashes) over the primary keys of a table, per bucket: two tables with the same counts and sums have the same keys.
 * The 64-bit hashes are those of PostgreSQL's hash partitions, so they are the same in every version of the server.
 */
import { DIGEST_LETTERS } from '../copy/rows.ts'
import { keyOf } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier } from '../sql/quote.ts'
import type { ScalarKind } from '../sql/sql-type.ts'

/** PostgreSQL's function folds a bigint to 32 bits before hashing, so the upper half is hashed separately too. */
const ofNumber = (value: string, seed: string): string =>
  `hashint8extended(${value}::int8, hashint8extended(${value}::int8 >> 32, ${seed}))`

const HASHES: Partial<Record<ScalarKind, (value: string, seed: string) => string>> = {
  smallint: ofNumber,
  integer: ofNumber,
  bigint: ofNumber,
  uuid: (value, seed) => `uuid_hash_extended(${value}, ${seed})`,
  // Hashed by its bytes, because collations of the two servers may differ.
  varchar: (value, seed) => `hashtextextended(${value}::text collate "C", ${seed})`,
  text: (value, seed) => `hashtextextended(${value} collate "C", ${seed})`,
}

export const keyColumnsOf = ({ columns }: PublishedTable): readonly PublishedColumn[] =>
  columns.filter(({ isPrimaryKey }) => isPrimaryKey)

/** Why keys of this table cannot be compared between source and target; null when they can. */
export function keyProblem(table: PublishedTable): string | null {
  const key = keyColumnsOf(table)
  if (key.length === 0) return 'it has no primary key'
  const computed = key.find(({ value }) => value.kind !== 'sql')
  if (computed !== undefined) return `its key ${computed.name} is computed`
  const other = key.find(({ type }) => type.array || HASHES[type.kind] === undefined)
  return other === undefined ? null : `its key ${other.name} is of the type ${other.type.name}`
}

/** SQL for the hash of the key of the row `alias`. */
export const hashSql = (table: PublishedTable, alias: string): string => hashOf(keyColumnsOf(table), alias, 0)

/** SQL for the hash of some columns; each seed gives an independent hash. */
export const hashOf = (
  columns: readonly Pick<PublishedColumn, 'name' | 'type'>[],
  alias: string,
  seed: number,
): string =>
  columns.reduce(
    (before, { name, type }) => HASHES[type.kind]?.(`${alias}.${identifier(name)}`, before) ?? before,
    `${seed}::int8`,
  )

/** SQL condition: the rows with these aliases have the same key. */
export const sameKey = (table: PublishedTable, one: string, other: string): string =>
  keyOf(table)
    .map((name) => `${one}.${identifier(name)} = ${other}.${identifier(name)}`)
    .join(' and ')

export const keyList = (table: PublishedTable, alias: string): string =>
  keyOf(table)
    .map((name) => `${alias}.${identifier(name)}`)
    .join(', ')

/** The bytes of a field in PostgreSQL's binary COPY format. */
const SENT: Partial<Record<ScalarKind, (value: string) => string>> = {
  smallint: (value) => `int2send(${value})`,
  integer: (value) => `int4send(${value})`,
  bigint: (value) => `int8send(${value})`,
  uuid: (value) => `uuid_send(${value})`,
  varchar: (value) => `textsend(${value}::text)`,
  text: (value) => `textsend(${value})`,
}

/** SQL for the digest that `keyDigest` (`copy/rows.ts`) computes of the same key. */
export function digestSql(table: PublishedTable, alias: string): string {
  const fields = keyColumnsOf(table).map(({ name, type }) => {
    const bytes = SENT[type.kind]?.(`${alias}.${identifier(name)}`) ?? ''
    return `int4send(octet_length(${bytes})) || ${bytes}`
  })
  return `left(encode(sha256(${fields.join(' || ')}), 'base64'), ${DIGEST_LETTERS})`
}

/** Keys per bucket: few enough to read when the bucket differs, many enough to keep the record of sums small. */
const KEYS_IN_BUCKET = 128
const MOST_BUCKETS = 2 ** 17

/** Number of buckets for so many rows: a power of two. */
export function bucketsFor(rows: number, each = KEYS_IN_BUCKET): number {
  let buckets = 1
  while (buckets < MOST_BUCKETS && buckets * each < rows) buckets *= 2
  return buckets
}

/** SQL for the hash of a row's key and its bucket, as `h` and `bucket`. */
export function hashedSql(table: PublishedTable, alias: string, buckets: number): string {
  return `${hashSql(table, alias)} as h, ${bucketSql(table, alias, buckets)} as bucket`
}

/**
 * SQL for the bucket of a row's key. Consecutive numbers share a bucket, because neighbouring rows mostly have such keys: a switch to
 * another bucket at every row would be the slowest part of the sums.
 */
export function bucketSql(table: PublishedTable, alias: string, buckets: number): string {
  const [only, more] = keyColumnsOf(table)
  if (only === undefined || more !== undefined || HASHES[only.type.kind] !== ofNumber) {
    return `(${hashSql(table, alias)} & ${buckets - 1})::integer`
  }
  const value = `${alias}.${identifier(only.name)}::int8`
  return `(((${value} >> 7) # (${value} >> 27) # (${value} >> 47)) & ${buckets - 1})::integer`
}

/** Per bucket of `from`, which has the columns `h` and `bucket`: the number of keys and the XOR of their hashes. `more`: more aggregates. */
export const sumsSql = (from: string, more = ''): string =>
  `select bucket, count(*)::integer as keys, bit_xor(h)::text as mixed${more} from ${from} group by 1`

export interface SumRow {
  readonly bucket: number
  readonly keys: number
  /** XOR of the hashes, as a signed 64-bit number. */
  readonly mixed: string
}

/** A key of a bucket, by its hash. */
export interface Candidate {
  /** The row's `ctid`. */
  readonly place: string
  readonly hash: bigint
}

/** Per bucket, the number of keys (modulo 256) and the XOR of their hashes. Rows can be added and subtracted. */
export class KeySums {
  keys = 0
  readonly #counts: Uint8Array
  readonly #mixed: BigInt64Array

  constructor(buckets: number) {
    this.#counts = new Uint8Array(buckets)
    this.#mixed = new BigInt64Array(buckets)
  }

  /** Reads `written`; null when nothing was recorded, or with another number of buckets. */
  static recorded(sums: string | null, keys: number, buckets: number): KeySums | null {
    const bytes = Buffer.from(sums ?? '', 'base64')
    if (bytes.length !== 9 * buckets) return null
    const found = new KeySums(buckets)
    found.keys = keys
    found.#counts.set(bytes.subarray(8 * buckets))
    for (let bucket = 0; bucket < buckets; bucket++) found.#mixed[bucket] = bytes.readBigInt64LE(8 * bucket)
    return found
  }

  /** Base64: 8 bytes of sum per bucket, then 1 byte of count per bucket. */
  get written(): string {
    const bytes = Buffer.alloc(9 * this.#counts.length)
    for (const [bucket, sum] of this.#mixed.entries()) bytes.writeBigInt64LE(sum, 8 * bucket)
    bytes.set(this.#counts, 8 * this.#counts.length)
    return bytes.toString('base64')
  }

  /** `sign`: 1 adds keys, -1 subtracts them. */
  add(rows: readonly SumRow[], sign: 1 | -1): this {
    for (const { bucket, keys, mixed } of rows) {
      this.keys += sign * keys
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + sign * keys
      this.#mixed[bucket] = (this.#mixed[bucket] ?? 0n) ^ BigInt(mixed)
    }
    return this
  }

  /** The buckets that are not empty. */
  get left(): readonly number[] {
    return [...this.#counts.keys()].filter((bucket) => this.#counts[bucket] !== 0 || this.#mixed[bucket] !== 0n)
  }

  get isNothing(): boolean {
    return this.keys === 0 && this.left.length === 0
  }

  /** What to look up to find the remaining keys: the hashes of single keys in their buckets, and all other buckets that are not empty. */
  get wanted(): { readonly hashes: readonly bigint[]; readonly buckets: readonly number[] } {
    const isAlone = (bucket: number) => this.#counts[bucket] === 1
    const alone = this.left.filter(isAlone)
    return {
      hashes: alone.map((bucket) => this.#mixed[bucket] ?? 0n),
      buckets: this.left.filter((bucket) => !isAlone(bucket)),
    }
  }

  /** The candidates whose hashes add up to the remaining sums; null when some bucket has none. */
  explained(candidates: ReadonlyMap<number, readonly Candidate[]>): readonly Candidate[] | null {
    const found: Candidate[] = []
    for (const bucket of this.left) {
      const few = fewOf(candidates.get(bucket) ?? [], this.#mixed[bucket] ?? 0n, this.#counts[bucket] ?? 0)
      if (few === null) return null
      found.push(...few)
    }
    return found.length === this.keys ? found : null
  }
}

/** One, two or three candidates with this sum. Among some hundred 64-bit hashes, another solution is practically impossible. */
function fewOf(all: readonly Candidate[], sum: bigint, many: number): readonly Candidate[] | null {
  const byHash = new Map(all.map((candidate) => [candidate.hash, candidate]))
  const one = byHash.get(sum)
  if (many === 1) return one === undefined ? null : [one]
  if (many !== 2 && many !== 3) return null
  for (const [index, first] of all.entries()) {
    const [rest, others] = [sum ^ first.hash, all.slice(index + 1)]
    if (many === 3) {
      const two = fewOf(others, rest, 2)
      if (two !== null) return [first, ...two]
      continue
    }
    const second = byHash.get(rest)
    if (second !== undefined && second !== first) return [first, second]
  }
  return null
}
