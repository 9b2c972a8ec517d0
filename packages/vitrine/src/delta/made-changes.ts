/**
 * What changed in a table whose rows are made of rows of several tables of the source. Rows that are new there name the published
 * keys that they belong to. Of rows that went, or belong elsewhere now, sums tell the bucket: over what belongs to which key, as
 * they were recorded with the kept version and as they are now. Published rows of these keys and buckets are made anew; those
 * that the source does not give any more, go.
 */
import { VitrineError } from '../base/errors.ts'
import type { RowByRow } from '../lineage/row-by-row.ts'
import type { Session } from '../postgres/connect.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { Source } from '../publication/register.ts'
import type { PublishedTable } from '../publication/table.ts'
import { registerSql } from '../record/made.ts'
import type { Made } from '../record/origin.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { closeRelations } from '../version/carry-rights.ts'
import { verifyRows } from '../version/verify.ts'
import type { Changes, ChangesRequest } from './changes.ts'
import { CLASHES, wouldClash } from './clashes.ts'
import { bucketsFor, keyList, readAgain, sameKey, written } from './keys.ts'
import { type Count, MadeOf } from './made-of.ts'
import { keptRows, notAsRecorded, tooMuch } from './scan.ts'
import { fillStaged, type StagedUse, stagedName } from './staged-rows.ts'

/** Few keys in a bucket: one row that went has all of them made anew. */
const KEYS_IN_BUCKET = 32

/** Of each table; what is `known` from another published table of the run is not counted again. */
async function countsOf(
  source: Session,
  of: MadeOf,
  { relations }: RowByRow,
  snapshot: string | null,
  known: Map<string, Count>,
): Promise<readonly Count[]> {
  const tables = relations.map(({ table }) => table)
  const asked = tables.filter((table) => !known.has(table))
  const rows =
    asked.length === 0
      ? []
      : await source.query<Omit<Count, 'table'> & { readonly relation: number }>(of.countsSql(asked, snapshot))
  for (const { relation, ...count } of rows) {
    const table = asked[relation] ?? ''
    known.set(table, { ...count, table })
  }
  return tables.flatMap((table) => known.get(table) ?? [])
}

async function sumsOf(source: Session, of: MadeOf, buckets: number): Promise<BigInt64Array> {
  const sums = new BigInt64Array(buckets)
  // Sums are larger than what is kept of them, which is their lower half.
  for (const { bucket, mixed } of await source.query<{ bucket: number; mixed: string }>(of.sumsSql(buckets))) {
    sums[bucket] = BigInt.asIntN(64, BigInt(mixed))
  }
  return sums
}

const recorded = (counts: readonly Count[], sums: BigInt64Array | null): Made => ({
  rows: Object.fromEntries(counts.map(({ table, rows }) => [table, rows])),
  sums: sums === null ? null : written(sums),
})

/** Of what the rows of a table are made in the session's snapshot, for the run that will look for what changed since. */
export async function madeOf(source: Session, table: PublishedTable, register: Source, read: RowByRow): Promise<Made> {
  const of = new MadeOf(table, register, read)
  const counts = await countsOf(source, of, read, null, new Map())
  const rows = counts.find(({ table: name }) => name === of.root)?.rows ?? null
  return recorded(counts, rows === null ? null : await sumsOf(source, of, bucketsFor(rows, KEYS_IN_BUCKET)))
}

/** The changes of a table whose rows are made of rows of several, or in words why it is read whole after all. */
export async function stageMadeChanges(request: ChangesRequest): Promise<Changes | string> {
  const { decision, source, target } = request
  const { base, read, table } = decision
  if (base === null || read === null || !base.made) throw new VitrineError('INTERNAL', { place: table.name })
  const of = new MadeOf(table, target.publication.source, read)
  const counts = await countsOf(source, of, read, base.snapshot, request.counts)
  const { rows: before, sums } = base.made
  // No row is new, and there are as many: they are the same ones.
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
  const now = await sumsOf(source, of, old.length)
  const differing = [...now.keys()].filter((bucket) => now[bucket] !== old[bucket])
  if (differing.length > most) return tooMuch(differing.length, root.rows)
  const changed = new Set(counts.filter((count) => count.changed > 0).map((count) => count.table))
  const touched = { sql: of.touchedSql(base.snapshot, changed, old.length, differing), differing, buckets: old.length }
  const staged = await new MadeRows(request, of, kept, touched).stage(most, root.rows)
  return typeof staged === 'string' ? staged : { ...staged, made: recorded(counts, now) }
}

/** The values that are touched, as the source tells them, and the buckets in which any may be. */
interface Touched {
  readonly sql: string
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

  /** `most` values may be touched, of so many. */
  async stage(most: number, values: number): Promise<Omit<Changes, 'made'> | string> {
    const { base } = this.#request.decision
    const touched = await this.#fillValues()
    if (typeof touched === 'string') return touched
    if (touched.rows > most) return tooMuch(touched.rows, values)
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

  /** Whether the source has as many rows of the query, under the same snapshot. A rule may leave some out: then it is not asked. */
  async #isAsMany(rows: number): Promise<boolean> {
    const { projection, source } = this.#request
    if (this.#table.keep !== null) return true
    return (await this.#one(`select count(*)::float8 as n from (${projection.sql}) as r`, source)) === rows
  }

  /** The values of the link that are touched. */
  #fillValues() {
    const { shape } = this.#request
    const columns = shape.columns.filter(({ name }) => this.#of.link.includes(name))
    const named = this.#of.link.flatMap((name) => columns.filter((column) => column.name === name))
    const values = { ...shape, name: this.#name('there'), columns: named, constraints: [] }
    return fillStaged(this.#request, values, this.#of.link, this.#touched.sql, null)
  }

  /** The same projection of touched values alone, through the same looks at its values as all rows have. */
  async #fillChanged() {
    const { projection, shape, target, through } = this.#request
    const select = await this.#of.narrowedText(projection.sql, this.#touched.sql)
    if (select === null) return 'its text cannot be narrowed to what changed'
    const columns = [...projection.passed, ...projection.computed].map(({ name }) => name)
    const filled = await fillStaged(this.#request, { ...shape, name: this.#name('changed') }, columns, select, through)
    if (typeof filled === 'string') return filled
    await verifyRows(target.session, stagingSchema(target.publication), this.#table, filled.rows, this.#name('changed'))
    return filled
  }

  /** The keys that the kept table has of touched values and of buckets that differ, and that were not made anew. */
  async #keepGone(): Promise<number> {
    const { buckets, differing } = this.#touched
    const { session, publication } = this.#request.target
    const schema = stagingSchema(publication)
    const values = this.#of.link.map((name) => `r.${identifier(name)}`).join(', ')
    const inBuckets = `${this.#of.bucketSql('r', buckets)} = any ('{${differing.join(',')}}'::bigint[])`
    await session.execute(`begin;
      create unlogged table ${this.#place('gone')} as select ${keyList(this.#table, 'r')} from ${this.#kept} as r
      where ((${values}) in (select * from ${this.#place('there')}) or ${inBuckets})
        and not exists (select from ${this.#place('changed')} as t where ${sameKey(this.#table, 't', 'r')});
      analyze ${this.#place('gone')}; drop table ${this.#place('there')}; ${registerSql(publication, schema, this.#name('gone'))}`)
    await closeRelations(session, schema, [this.#name('gone')])
    await session.execute('commit')
    return this.#one(`select count(*)::float8 as n from ${this.#place('gone')}`)
  }
}
