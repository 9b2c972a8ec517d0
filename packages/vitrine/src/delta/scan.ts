/** Scans the source and the kept table for the number of changed rows and the sums of their keys. Returns numbers and row positions only. */
import type { Session } from '../postgres/connect.ts'
import { placeOf, type Source } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { TableOrigin } from '../record/version-origin.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { Decision } from './decide.ts'
import { bucketSql, type Candidate, hashedSql, hashSql, type SumRow, sumsSql } from './keys.ts'
import { XMIN } from './text.ts'

/**
 * SQL condition: the source row is not older than `snapshot`, the oldest transaction in progress at the kept version's snapshot.
 * `age` compares correctly across the wraparound of 32-bit transaction ids.
 */
export const isChanged = (snapshot: string, xmin = XMIN, alias = 'r'): string =>
  `age(${alias}.${identifier(xmin)}) <= (select age('${BigInt(snapshot) % 2n ** 32n}'::xid))`

export interface SourceRow extends SumRow {
  readonly changed: number
}
export const percent = (share: number): string => `${Math.round(1000 * share) / 10} %`
export const tooMuch = (changed: number, rows: number): string =>
  `${percent(changed / Math.max(1, rows))} of its rows changed`

/** Rows to sample, from a table of at least `SAMPLED_FROM` rows. */
const SAMPLE = 10_000
const SAMPLED_FROM = 100_000

/**
 * Share of changed rows, from 0 to 1, in a sample of a large table, without the query's conditions. If too many changed, this saves
 * a useless scan, which costs about 5 % of reading the table whole.
 */
export async function sampledShare(source: Session, register: Source, { read, base }: Decision): Promise<number> {
  const [only] = read?.relations ?? []
  if (base === null || base.rows < SAMPLED_FROM || only === undefined) return 0
  const [schema, relation] = placeOf(register, only.table)
  const [found] = await source.query<{ share: number | null }>(
    `select (count(*) filter (where ${isChanged(base.snapshot, 'xmin')}))::float8 / nullif(count(*), 0) as share
     from ${qualified(schema, relation)} as r tablesample system (${(100 * SAMPLE) / base.rows})`,
  )
  return found?.share ?? 0
}

/** Sums of the keys of `rows`, a subquery with the alias `r`. */
export function sourceSums(
  source: Session,
  table: PublishedTable,
  rows: string,
  snapshot: string,
  buckets: number,
): Promise<SourceRow[]> {
  const from = `(select ${hashedSql(table, 'r', buckets)}, ${isChanged(snapshot)} as changed from ${rows}) as k`
  return source.query<SourceRow>(sumsSql(from, ', count(*) filter (where changed)::integer as changed'))
}

/** Sums of the keys of the table `place`, a qualified name. */
export const keySums = (target: Session, table: PublishedTable, place: string, buckets: number): Promise<SumRow[]> =>
  target.query<SumRow>(sumsSql(`(select ${hashedSql(table, 'r', buckets)} from ${place} as r) as k`))

type Recorded = Pick<TableOrigin, 'rows' | 'writers'>

/** The result of a scan of a kept table. */
export interface KeptRows {
  readonly rows: number
  /** Rows that were written by a transaction that is not recorded. */
  readonly strange: number
  /** The wanted rows per bucket. */
  readonly candidates: ReadonlyMap<number, readonly Candidate[]>
}

/** Rows to find in a table: by the hashes of their keys, or all rows of some buckets. */
interface Wanted {
  readonly table: PublishedTable
  /** Number of all buckets. */
  readonly of: number
  /** The wanted ones. */
  readonly buckets: readonly number[]
  readonly hashes: readonly bigint[]
}

export async function keptRows(
  target: Session,
  kept: string,
  { writers }: Recorded,
  wanted: Wanted | null = null,
): Promise<KeptRows> {
  const isOurs = `r.xmin = any ('{${writers.map((xid) => BigInt(xid) % 2n ** 32n).join(',')}}'::xid[])`
  const [row] = await target.query<{ rows: number; strange: number; there: string | null }>(
    `select count(*)::float8 as rows, count(*) filter (where not ${isOurs})::float8 as strange, ${wanted === null ? 'null' : thereSql(wanted)} as there
     from ${kept} as r`,
  )
  const candidates = new Map<number, Candidate[]>()
  for (const text of row?.there?.split(' ') ?? []) {
    const [bucket = '', hash = '', place = ''] = text.split(':')
    const found = candidates.get(Number(bucket)) ?? []
    candidates.set(Number(bucket), found)
    found.push({ place, hash: BigInt(hash) })
  }
  return { rows: row?.rows ?? 0, strange: row?.strange ?? 0, candidates }
}

function thereSql({ table, of, buckets, hashes }: Wanted): string {
  const [bucket, hash] = [bucketSql(table, 'r', of), hashSql(table, 'r')]
  const among = buckets.length === 0 ? '' : ` or ${bucket} = any ('{${buckets.join(',')}}'::integer[])`
  const isWanted = `${hash} = any ('{${hashes.join(',')}}'::bigint[])${among}`
  return `string_agg(concat_ws(':', ${bucket}, ${hash}, r.ctid), ' ') filter (where ${isWanted})`
}

/** In words, why changes cannot build on a kept table; null when they can. */
export function notAsRecorded({ rows, strange }: KeptRows, recorded: Recorded): string | null {
  if (strange > 0) return 'rows of the kept version were written by somebody else'
  return rows === recorded.rows ? null : 'the kept version has another number of rows than was recorded'
}
