/**
 * Finds what changed in a published table whose rows come from several source tables. New and changed source rows lead to the
 * published keys that they belong to. Removed rows, and rows that now belong to another key, are found by sums: the recorded and
 * the current ones differ in their bucket. The published rows of these keys and buckets are computed again, and those that the
 * source no longer returns are removed.
 */
import { VitrineError } from '../base/errors.ts'
import type { RowByRow } from '../lineage/row-by-row.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { Source } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { registerSql } from '../record/made.ts'
import type { Made } from '../record/version-origin.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { closeRelations } from '../version/carry-rights.ts'
import { verifyRows } from '../version/staged-checks.ts'
import type { AskedValues, Count } from './asked.ts'
import type { Changes, ChangesRequest } from './changes.ts'
import { CLASHES, wouldClash } from './clashes.ts'
import { bucketsFor, keyList, sameKey } from './keys.ts'
import { MadeOf } from './made-of.ts'
import { keptRows, notAsRecorded, tooMuch } from './scan.ts'
import { fillStaged, type StagedUse, stagedName } from './staged-rows.ts'

/** Few keys per bucket, because one removed row makes all rows of its bucket be computed again. */
const KEYS_IN_BUCKET = 32

/** The sums of all buckets in their recorded form: base64, 8 bytes each. */
const written = (sums: BigInt64Array): string => Buffer.from(sums.buffer).toString('base64')
const readAgain = (sums: string): BigInt64Array => {
  const bytes = Buffer.from(sums, 'base64')
  return new BigInt64Array(Uint8Array.from(bytes).buffer)
}

interface CountOf extends Count {
  readonly table: string
}

/** Row counts of each source table of the query. */
async function countsOf(
  { source, asked }: Pick<ChangesRequest, 'source' | 'asked'>,
  of: MadeOf,
  { relations }: RowByRow,
  snapshot: string | null,
): Promise<readonly CountOf[]> {
  const counts: CountOf[] = []
  for (const { table } of relations) {
    counts.push({ table, ...(await asked.count(source, of.countSql(table, snapshot))) })
  }
  return counts
}

async function sumsOf(
  { source, asked }: Pick<ChangesRequest, 'source' | 'asked'>,
  of: MadeOf,
  buckets: number,
): Promise<BigInt64Array> {
  const sums = new BigInt64Array(buckets)
  for (const { sql, factor } of of.sumsSql(buckets)) {
    const some = await asked.sums(source, sql, buckets)
    for (const [bucket, sum] of some.entries()) {
      if (sum !== 0n) sums[bucket] = BigInt.asIntN(64, (sums[bucket] ?? 0n) + sum * factor)
    }
  }
  return sums
}

const recorded = (counts: readonly CountOf[], sums: BigInt64Array | null): Made => ({
  rows: Object.fromEntries(counts.map(({ table, rows }) => [table, rows])),
  sums: sums === null ? null : written(sums),
})

/** Describes the source rows behind a table in the session's snapshot, for the next run to detect changes. */
export async function rowsMadeOf(
  asking: Pick<ChangesRequest, 'source' | 'asked'>,
  table: PublishedTable,
  register: Source,
  read: RowByRow,
): Promise<Made> {
  const of = new MadeOf(table, register, read)
  const counts = await countsOf(asking, of, read, null)
  const rows = counts.find(({ table: name }) => name === of.root)?.rows ?? null
  return recorded(counts, rows === null ? null : await sumsOf(asking, of, bucketsFor(rows, KEYS_IN_BUCKET)))
}

/** Stages the changes of a table whose rows come from several source tables, or returns in words why it must be read whole. */
export async function stageMadeChanges(request: ChangesRequest): Promise<Changes | string> {
  const { decision, target } = request
  const { base, read, table } = decision
  if (base === null || read === null || !base.made) throw new VitrineError('INTERNAL', { place: table.name })
  const of = new MadeOf(table, target.publication.source, read)
  const counts = await countsOf(request, of, read, base.snapshot)
  const { rows: before, sums } = base.made
  // A table with no new row and the same number of rows has the same rows.
  const moved = counts.filter(({ table: name, rows, changed }) => changed > 0 || rows !== before[name])
  const kept = qualified(retiredSchema(target.publication), table.name)
  const altered = async () => notAsRecorded(await keptRows(target.session, kept, base), base)
  const [first] = moved
  if (first === undefined) {
    const nothing = { changed: null, gone: null, changedRows: 0, goneRows: 0, bytes: 0, keys: null }
    return (await altered()) ?? { ...nothing, rows: base.rows, made: base.made }
  }
  const root = counts.find(({ table: name }) => name === of.root)
  const everywhere = sums === null ? first : moved.find(({ table: name }) => of.everywhere.includes(name))
  if (sums === null || root === undefined || everywhere !== undefined) {
    return `rows of ${(everywhere ?? first).table} changed, which may be seen in any of its rows`
  }
  const most = root.rows * target.publication.limits.deltaShare
  if (root.changed > most) return tooMuch(root.changed, root.rows)
  const reason = await altered()
  if (reason !== null) return reason
  const old = readAgain(sums)
  const now = await sumsOf(request, of, old.length)
  const differing = [...now.keys()].filter((bucket) => now[bucket] !== old[bucket])
  if (differing.length > most) return tooMuch(differing.length, root.rows)
  const changed = new Set(counts.filter((count) => count.changed > 0).map((count) => count.table))
  const values = await touchedValues(request, of, base.snapshot, changed, { most, differing, buckets: old.length })
  if (values.size > most) return tooMuch(values.size, root.rows)
  const touched = { values, differing, buckets: old.length }
  const staged = await new MadeRows(request, of, kept, touched).stage()
  return typeof staged === 'string' ? staged : { ...staged, made: recorded(counts, now) }
}

/** The key values that changed rows belong to, and all values of the buckets that differ. May stop early above `most` values. */
async function touchedValues(
  { source, asked }: ChangesRequest,
  of: MadeOf,
  snapshot: string,
  changed: ReadonlySet<string>,
  {
    most,
    differing,
    buckets,
  }: { readonly most: number; readonly differing: readonly number[]; readonly buckets: number },
): Promise<AskedValues> {
  const inBuckets = of.inBucketsSql(buckets, differing)
  const questions = [
    ...of.touchedSql(snapshot, changed, Math.floor(most) + 1),
    ...(inBuckets === null ? [] : [inBuckets]),
  ]
  const touched = new Map<string, readonly string[]>()
  for (const sql of questions) for (const [name, value] of await asked.values(source, sql)) touched.set(name, value)
  return touched
}

/** The key values whose rows are computed again, and the buckets whose kept rows are checked too. */
interface Touched {
  readonly values: AskedValues
  readonly differing: readonly number[]
  readonly buckets: number
}

class MadeRows {
  readonly #request: ChangesRequest
  readonly #of: MadeOf
  readonly #table: PublishedTable
  readonly #kept: string
  readonly #touched: Touched

  constructor(request: ChangesRequest, of: MadeOf, kept: string, touched: Touched) {
    this.#request = request
    this.#of = of
    this.#table = request.decision.table
    this.#kept = kept
    this.#touched = touched
  }

  async stage(): Promise<Omit<Changes, 'made'> | string> {
    const { base } = this.#request.decision
    const changed = await this.#fillChanged()
    if (typeof changed === 'string') return changed
    const goneRows = await this.#keepGone()
    const places = {
      changed: changed.rows === 0 ? null : this.#place('changed'),
      gone: goneRows === 0 ? null : this.#place('gone'),
    }
    const { session } = this.#request.target
    if (await wouldClash(session, this.#table, this.#request.shape, this.#kept, places)) return CLASHES
    const again = await this.#one(
      `select count(*)::float8 as n from ${this.#place('changed')} as d join ${this.#kept} as r on ${sameKey(this.#table, 'd', 'r')}`,
    )
    const rows = (base?.rows ?? 0) - goneRows - again + changed.rows
    if (!(await this.#isAsMany(rows))) {
      return 'the kept rows with what changed would not be as many as the source has'
    }
    return {
      changed: changed.rows === 0 ? null : this.#name('changed'),
      gone: goneRows === 0 ? null : this.#name('gone'),
      changedRows: changed.rows,
      goneRows,
      rows,
      bytes: changed.bytes,
      keys: null,
    }
  }

  #name(use: StagedUse): string {
    return stagedName(use, this.#table.name)
  }

  #place(use: StagedUse): string {
    return qualified(stagingSchema(this.#request.target.publication), this.#name(use))
  }

  async #one(sql: string, session = this.#request.target.session): Promise<number> {
    const [row] = await session.query<{ n: number }>(sql)
    return row?.n ?? 0
  }

  /** Whether the query returns so many rows in the same snapshot. Not checked when a rule leaves rows out. */
  async #isAsMany(rows: number): Promise<boolean> {
    const { projection, source } = this.#request
    if (this.#table.keep !== null) return true
    return (await this.#one(`select count(*)::float8 as n from (${projection.sql}) as r`, source)) === rows
  }

  /** The touched values as array literals of PostgreSQL, one per column of the link. They are whole numbers and uuids: no quoting. */
  get #lists(): readonly string[] {
    const values = [...this.#touched.values.values()]
    return this.#of.link.map((_, index) => `{${values.map((value) => value[index]).join(',')}}`)
  }

  /** Copies the rows of the touched values alone, with the same projection and the same checks of values as a whole table. */
  async #fillChanged() {
    const { projection, shape, source, target, through } = this.#request
    const select = await this.#of.narrowedText(projection.sql, this.#touched.values.size)
    if (select === null) return 'its text cannot be narrowed to what changed'
    const settings = this.#of.settings.map((name, index) => `set_config('${name}', $${index + 1}, true)`)
    await source.query(`select ${settings.join(', ')}`, this.#lists)
    const columns = [...projection.passed, ...projection.computed].map(({ name }) => name)
    const filled = await fillStaged(this.#request, { ...shape, name: this.#name('changed') }, columns, select, through)
    if (typeof filled === 'string') return filled
    await verifyRows(target.session, stagingSchema(target.publication), this.#table, filled.rows, this.#name('changed'))
    return filled
  }

  /** Stages the kept keys of touched values and differing buckets that were not computed again. Returns their number. */
  async #keepGone(): Promise<number> {
    const { buckets, differing } = this.#touched
    const { session, publication } = this.#request.target
    const schema = stagingSchema(publication)
    const values = this.#of.link.map((name) => `r.${identifier(name)}`).join(', ')
    const inBuckets = `${this.#of.bucketSql('r', buckets)} = any ('{${differing.join(',')}}'::bigint[])`
    await session.execute(
      `begin; create unlogged table ${this.#place('gone')} as select ${keyList(this.#table, 'r')} from ${this.#kept} as r with no data`,
    )
    await session.query(
      `insert into ${this.#place('gone')} select ${keyList(this.#table, 'r')} from ${this.#kept} as r
       where ((${values}) in (select * from unnest(${this.#of.listsSql})) or ${inBuckets})
         and not exists (select from ${this.#place('changed')} as t where ${sameKey(this.#table, 't', 'r')})`,
      this.#lists,
    )
    await session.execute(`analyze ${this.#place('gone')}; ${registerSql(publication, schema, this.#name('gone'))}`)
    await closeRelations(session, schema, [this.#name('gone')])
    await session.execute('commit')
    return this.#one(`select count(*)::float8 as n from ${this.#place('gone')}`)
  }
}
