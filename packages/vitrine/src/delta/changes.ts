/**
 * What changed in one table since the kept version: its changed rows and the keys that went, in two tables of the staging
 * schema, and the proof that the kept rows with these changes have the very keys of the source. One pass over the source and
 * one over the kept table say how much changed; nothing is applied here.
 */
import { VitrineError } from '../base/errors.ts'
import type { Blocks } from '../copy/blocks.ts'
import type { CopyRows } from '../copy/rows.ts'
import type { Session } from '../postgres/connect.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import type { Projection } from '../publication/select-text.ts'
import { keyOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { registerSql } from '../record/made.ts'
import type { Made } from '../record/version-origin.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { closeRelations } from '../version/carry-rights.ts'
import { verifyRows } from '../version/staged-checks.ts'
import type { AskedOnce } from './asked.ts'
import { CLASHES, wouldClash } from './clashes.ts'
import type { Decision } from './decide.ts'
import { bucketSql, bucketsFor, hashedSql, KeySums, keyList, type SumRow, sameKey, sumsSql } from './keys.ts'
import { isChanged, keptRows, keySums, notAsRecorded, percent, sampledShare, sourceSums, tooMuch } from './scan.ts'
import { type FillRequest, fillStaged, type StagedUse, stagedName } from './staged-rows.ts'

/** Tables of the staging schema, and how many rows each has; null for one that would be empty. */
export interface Changes {
  readonly changed: string | null
  readonly gone: string | null
  readonly changedRows: number
  readonly goneRows: number
  /** Of the source, and so of the table once the changes are applied. */
  readonly rows: number
  readonly bytes: number
  /** Sums of its keys, as they are recorded; null where they were not made. */
  readonly keys: string | null
  /** Of what its rows are made now, where that is rows of several tables. */
  readonly made: Made | null
}

export interface ChangesRequest extends FillRequest {
  readonly decision: Decision
  /** The text that the run sends, and the same with the transaction of each row as its last field; empty where rows are of more. */
  readonly projection: Projection
  readonly text: string
  readonly shape: TableShape
  readonly through: ((blocks: Blocks) => CopyRows) | null
  readonly asked: AskedOnce
}

/** Buckets whose keys are looked at here, by their hashes; of more, the source is asked. */
const MOST_ASKED = 512

/** The changes of a table whose rows are those of one table, or in words why it is read whole after all. */
export async function stageChanges(request: ChangesRequest): Promise<Changes | string> {
  return new TableChanges(request).stage()
}

class TableChanges {
  readonly #request: ChangesRequest
  readonly #table: PublishedTable
  readonly #base: NonNullable<Decision['base']>
  readonly #buckets: number
  /** The kept table, and the rows of the source as a subquery `r`. */
  readonly #kept: string
  readonly #rows: string

  constructor(request: ChangesRequest) {
    const { decision, target, text } = request
    if (decision.base === null) throw new VitrineError('INTERNAL', { place: decision.table.name })
    this.#request = request
    this.#table = decision.table
    this.#base = decision.base
    this.#buckets = bucketsFor(decision.base.rows)
    this.#kept = qualified(retiredSchema(target.publication), decision.table.name)
    this.#rows = `(${text}) as r`
  }

  async stage(): Promise<Changes | string> {
    const { publication } = this.#request.target
    const { snapshot } = this.#base
    const sampled = await sampledShare(this.#request.source, publication.source, this.#request.decision)
    if (sampled > 2 * publication.limits.deltaShare) {
      return `${percent(sampled)} of a sample of its rows changed`
    }
    const source = await sourceSums(this.#request.source, this.#table, this.#rows, snapshot, this.#buckets)
    const changedRows = source.reduce((sum, { changed }) => sum + changed, 0)
    const now = new KeySums(this.#buckets).add(source, 1)
    const [rows, keys] = [now.keys, now.written]
    if (this.#isTooMuch(changedRows, rows)) return tooMuch(changedRows, rows)
    // Its keys were these when it was made: they need not be hashed again.
    const left =
      KeySums.recorded(this.#base.keys, this.#base.rows, this.#buckets) ??
      new KeySums(this.#buckets).add(await this.#sums(this.#kept), 1)
    left.add(source, -1)
    const changed = changedRows === 0 ? null : await this.#copyChanged(changedRows)
    if (typeof changed === 'string') return changed
    if (changed !== null) {
      left.add(await this.#changedAnd(changed.name), -1).add(await this.#sums(this.#place(changed.name)), 1)
    }
    const goneRows = await this.#keepGone(left)
    if (typeof goneRows === 'string') return goneRows
    if (this.#isTooMuch(changedRows + goneRows, rows)) return tooMuch(changedRows + goneRows, rows)
    const places = {
      changed: changed && this.#place(changed.name),
      gone: goneRows === 0 ? null : this.#place(this.#name('gone')),
    }
    if (await wouldClash(this.#session, this.#table, this.#request.shape, this.#kept, places)) return CLASHES
    return {
      changed: changed?.name ?? null,
      gone: goneRows === 0 ? null : this.#name('gone'),
      changedRows,
      goneRows,
      rows,
      bytes: changed?.bytes ?? 0,
      keys,
      made: null,
    }
  }

  #isTooMuch(changed: number, rows: number): boolean {
    return changed > rows * this.#request.target.publication.limits.deltaShare
  }

  get #session(): Session {
    return this.#request.target.session
  }

  #name(use: StagedUse): string {
    return stagedName(use, this.#table.name)
  }

  #place(name: string): string {
    return qualified(stagingSchema(this.#request.target.publication), name)
  }

  #sums(place: string): Promise<SumRow[]> {
    return keySums(this.#session, this.#table, place, this.#buckets)
  }

  /** The keys of changed rows that the kept table has as well. */
  #changedAnd(name: string): Promise<SumRow[]> {
    const from = `${this.#place(name)} as d join ${this.#kept} as r on ${sameKey(this.#table, 'r', 'd')}`
    return this.#session.query<SumRow>(
      sumsSql(`(select ${hashedSql(this.#table, 'r', this.#buckets)} from ${from}) as k`),
    )
  }

  /** The same projection of the changed rows alone, through the same looks at their values as all rows have. */
  async #copyChanged(expected: number): Promise<{ readonly name: string; readonly bytes: number } | string> {
    const { projection, through } = this.#request
    const name = this.#name('changed')
    const fields = [
      ...Array.from({ length: projection.hiddenFields }, (_, index) => `input_${index + 1}`),
      ...projection.passed.map((column) => column.name),
    ]
    const select = `select ${fields.map((field) => `r.${identifier(field)}`).join(', ')} from ${this.#rows} where ${isChanged(this.#base.snapshot)}`
    const columns = [...projection.passed, ...projection.computed].map((column) => column.name)
    const shape = { ...this.#request.shape, name }
    const filled = await fillStaged(this.#request, shape, columns, select, through)
    if (typeof filled === 'string') return filled
    const { rows, bytes } = filled
    if (rows !== expected) return 'the source gave another number of changed rows than it counted'
    await verifyRows(this.#session, stagingSchema(this.#request.target.publication), this.#table, expected, name)
    return { name, bytes }
  }

  /**
   * The keys that the kept table has and the source has not, of the buckets that differ; without them the sums must be the
   * same everywhere. Gives how many, or why the table is read whole: the kept table must be as it was recorded, too.
   */
  async #keepGone(left: KeySums): Promise<number | string> {
    const [table, differing, { hashes, buckets }] = [this.#table, left.left, left.wanted]
    const wanted = { table, of: this.#buckets, hashes, buckets: buckets.length > MOST_ASKED ? [] : buckets }
    const kept = await keptRows(this.#session, this.#kept, this.#base, differing.length === 0 ? null : wanted)
    const reason = notAsRecorded(kept, this.#base)
    if (reason !== null) return reason
    if (left.isNothing) return 0
    const found = left.explained(kept.candidates)
    const goes =
      found === null
        ? await this.#notThere(differing)
        : { condition: `r.ctid = any ('{${found.map(({ place }) => `"${place}"`).join(',')}}'::tid[])`, after: '' }
    if (typeof goes === 'string') return goes
    const { publication } = this.#request.target
    const schema = stagingSchema(publication)
    const gone = this.#name('gone')
    await this.#session.execute(`begin;
      create unlogged table ${this.#place(gone)} as select ${keyList(table, 'r')} from ${this.#kept} as r where ${goes.condition};
      analyze ${this.#place(gone)}; ${goes.after} ${registerSql(publication, schema, gone)}`)
    await closeRelations(this.#session, schema, [gone])
    await this.#session.execute('commit')
    const sums = await this.#sums(this.#place(gone))
    if (!left.add(sums, -1).isNothing) return 'the kept rows with what changed would not have the keys of the source'
    return sums.reduce((total, row) => total + row.keys, 0)
  }

  /** Where many went of one bucket: all keys of these buckets are asked of the source. In words why not, or which rows go. */
  async #notThere(
    differing: readonly number[],
  ): Promise<{ readonly condition: string; readonly after: string } | string> {
    const { shape } = this.#request
    const inBuckets = `${bucketSql(this.#table, 'r', this.#buckets)} = any ('{${differing.join(',')}}'::integer[])`
    const key = keyOf(this.#table)
    const there = this.#name('there')
    const columns = shape.columns.filter(({ name }) => key.includes(name))
    const select = `select ${keyList(this.#table, 'r')} from ${this.#rows} where ${inBuckets}`
    const keys = {
      ...shape,
      name: there,
      columns: key.flatMap((name) => columns.filter((column) => column.name === name)),
      constraints: [],
    }
    const filled = await fillStaged(this.#request, keys, key, select, null)
    if (typeof filled === 'string') return filled
    const exists = `exists (select from ${this.#place(there)} as t where ${sameKey(this.#table, 't', 'r')})`
    return { condition: `${inBuckets} and not ${exists}`, after: `drop table ${this.#place(there)};` }
  }
}
