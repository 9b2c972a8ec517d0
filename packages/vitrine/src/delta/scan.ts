/**
 * One pass over the source and one over the kept table: how much changed, and the sums of the keys of both. Nothing is kept of
 * either but numbers.
 */
import type { Session } from '../postgres/connect.ts'
import { placeOf, type Source } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { Decision } from './decide.ts'
import { hashSql, type SumRow, sumsSql } from './keys.ts'
import { XMIN } from './text.ts'

/** Rows of the source, `r` or so, that are not older than the oldest transaction in flight at the kept version's snapshot. */
export const isChanged = (snapshot: string, xmin = XMIN, alias = 'r'): string =>
  `age(${alias}.${identifier(xmin)}) <= (select age('${BigInt(snapshot) % 2n ** 32n}'::xid))`

export interface SourceRow extends SumRow {
  readonly changed: number
}
export interface KeptRow extends SumRow {
  /** Rows that no transaction wrote that is recorded. */
  readonly strange: number
}

export const percent = (share: number): string => `${Math.round(1000 * share) / 10} %`
export const tooMuch = (changed: number, rows: number): string =>
  `${percent(changed / Math.max(1, rows))} of its rows changed`

const SAMPLE = 10_000
const SAMPLED_FROM = 100_000

/** Of some 10 000 rows of a large table, whatever the query's condition: passing over all for nothing would cost a twentieth. */
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

/** `rows` is a subquery `r`. */
export function sourceSums(
  source: Session,
  table: PublishedTable,
  rows: string,
  snapshot: string,
  buckets: number,
): Promise<SourceRow[]> {
  const from = `(select ${hashSql(table, 'r')} as h, ${isChanged(snapshot)} as changed from ${rows}) as k`
  return source.query<SourceRow>(sumsSql(from, buckets, ', count(*) filter (where changed)::integer as changed'))
}

const isOurs = (writers: readonly string[]): string =>
  `r.xmin = any ('{${writers.map((xid) => BigInt(xid) % 2n ** 32n).join(',')}}'::xid[])`

/** Of the kept table, which stands at that place. */
export function keptSums(
  target: Session,
  table: PublishedTable,
  kept: string,
  writers: readonly string[],
  buckets: number,
): Promise<KeptRow[]> {
  const from = `(select ${hashSql(table, 'r')} as h, ${isOurs(writers)} as ours from ${kept} as r) as k`
  return target.query<KeptRow>(sumsSql(from, buckets, ', count(*) filter (where not ours)::integer as strange'))
}

/** The same without the keys. */
export const keptCount = (target: Session, kept: string, writers: readonly string[]): Promise<KeptRow[]> =>
  target.query<KeptRow>(
    `select 0 as bucket, '0' as mixed, count(*)::float8 as keys, count(*) filter (where not ${isOurs(writers)})::float8 as strange
     from ${kept} as r`,
  )
