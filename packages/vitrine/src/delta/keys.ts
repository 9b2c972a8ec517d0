/**
 * Sums over the primary keys of a table, by buckets: two tables with the same counts and sums have the same keys. The 64-bit hashes are
 * PostgreSQL's own of hash partitions, the same in every version of the server.
 */
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

/**
 * The hash of a row's key and its bucket, as `h` and `bucket`. Numbers that follow one another share a bucket: rows that lie beside
 * each other mostly have such keys, and to find the sum of another bucket for each row costs more than all else.
 */
export function hashedSql(table: PublishedTable, alias: string, buckets: number): string {
  return `${hashSql(table, alias)} as h, ${bucketSql(table, alias, buckets)} as bucket`
}

export function bucketSql(table: PublishedTable, alias: string, buckets: number): string {
  const [only, more] = keyColumnsOf(table)
  if (only === undefined || more !== undefined || HASHES[only.type.kind] !== ofNumber) {
    return `(${hashSql(table, alias)} & ${buckets - 1})::integer`
  }
  const value = `${alias}.${identifier(only.name)}::int8`
  return `(((${value} >> 7) # (${value} >> 27) # (${value} >> 47)) & ${buckets - 1})::integer`
}

/** Per bucket of `from`, which has the columns `h` and `bucket`: how many keys, and their sum without carrying. `more` are further aggregates. */
export const sumsSql = (from: string, more = ''): string =>
  `select bucket, count(*)::integer as keys, bit_xor(h)::text as mixed${more} from ${from} group by 1`

export interface SumRow {
  readonly bucket: number
  readonly keys: number
  readonly mixed: string
}

/** A key of a bucket, by its hash, and where its row stands. */
export interface Candidate {
  readonly place: string
  readonly hash: bigint
}

/** How many keys there are of each bucket, up to 255 and from 0 again, and their sums, which can be put together and taken away. */
export class KeySums {
  keys = 0
  readonly #counts: Uint8Array
  readonly #mixed: BigInt64Array

  constructor(buckets: number) {
    this.#counts = new Uint8Array(buckets)
    this.#mixed = new BigInt64Array(buckets)
  }

  /** Null for what was recorded otherwise, or not at all. */
  static recorded(sums: string | null, keys: number, buckets: number): KeySums | null {
    const bytes = Buffer.from(sums ?? '', 'base64')
    if (bytes.length !== 9 * buckets) return null
    const found = new KeySums(buckets)
    found.keys = keys
    found.#counts.set(bytes.subarray(8 * buckets))
    for (let bucket = 0; bucket < buckets; bucket++) found.#mixed[bucket] = bytes.readBigInt64LE(8 * bucket)
    return found
  }

  /** 9 bytes for each bucket. */
  get written(): string {
    const bytes = Buffer.alloc(9 * this.#counts.length)
    for (const [bucket, sum] of this.#mixed.entries()) bytes.writeBigInt64LE(sum, 8 * bucket)
    bytes.set(this.#counts, 8 * this.#counts.length)
    return bytes.toString('base64')
  }

  /** `sign` is 1 for keys that come, -1 for keys that go. */
  add(rows: readonly SumRow[], sign: 1 | -1): this {
    for (const { bucket, keys, mixed } of rows) {
      this.keys += sign * keys
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + sign * keys
      this.#mixed[bucket] = (this.#mixed[bucket] ?? 0n) ^ BigInt(mixed)
    }
    return this
  }

  /** The buckets in which something is left. */
  get left(): readonly number[] {
    return [...this.#counts.keys()].filter((bucket) => this.#counts[bucket] !== 0 || this.#mixed[bucket] !== 0n)
  }

  get isNothing(): boolean {
    return this.keys === 0 && this.left.length === 0
  }

  /** Hashes of keys that are left alone in their buckets, and the other buckets in which something is left. */
  get wanted(): { readonly hashes: readonly bigint[]; readonly buckets: readonly number[] } {
    const isAlone = (bucket: number) => this.#counts[bucket] === 1
    const alone = this.left.filter(isAlone)
    return {
      hashes: alone.map((bucket) => this.#mixed[bucket] ?? 0n),
      buckets: this.left.filter((bucket) => !isAlone(bucket)),
    }
  }

  /** Of the keys of each bucket in which something is left, the few that it is the sum of; null where some bucket has no such. */
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

/** One, two or three whose sum it is. Hashes have 64 bits: of some hundred keys, no others have the same. */
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
