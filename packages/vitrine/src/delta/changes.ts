/**
 * Finds what changed in one table since the kept version, and stages it in two tables: the changed rows, and the keys of removed
 * rows. Proves by sums that the kept rows with these changes have exactly the keys of the source. It reads the source and the
 * kept table once each to see how much changed. `apply-delta.ts` applies the changes.
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

/** The staged changes of one table. */
export interface Changes {
  /** Name of the staging table with new and changed rows; null when there are none. */
  readonly changed: string | null
  /** Name of the staging table with the keys of removed rows; null when there are none. */
  readonly gone: string | null
  readonly changedRows: number
  readonly goneRows: number
  /** Number of rows in the source, and so in the table once the changes are applied. */
  readonly rows: number
  readonly bytes: number
  /** Sums of its keys, in the recorded form (`KeySums.written`); null where none were computed. */
  readonly keys: string | null
  /** The source rows behind it, for a table whose rows come from several source tables; null otherwise. */
  readonly made: Made | null
}

export interface ChangesRequest extends FillRequest {
  readonly decision: Decision
  readonly projection: Projection
  /** The projection's SQL with the xmin of each row as its last field; empty for rows made of several source rows. */
  readonly text: string
  readonly shape: TableShape
  readonly through: ((blocks: Blocks) => CopyRows) | null
  readonly asked: AskedOnce
}

/** Up to so many buckets, removed keys are found by their hashes in the kept table; beyond, the source is asked for its keys. */
const MOST_ASKED = 512

/** Stages the changes of a table whose rows come from one source table, or returns in words why it must be read whole. */
export async function stageChanges(request: ChangesRequest): Promise<Changes | string> {
  return new TableChanges(request).stage()
}

class TableChanges {
  readonly #request: ChangesRequest
  readonly #table: PublishedTable
  readonly #base: NonNullable<Decision['base']>
  readonly #buckets: number
  /** The kept table, qualified. */
  readonly #kept: string
  /** The rows of the source, as a subquery `r`. */
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
    // Recorded sums save a pass over the kept table.
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

  /** Sums of the keys that are among the changed rows and in the kept table. */
  #changedAnd(name: string): Promise<SumRow[]> {
    const from = `${this.#place(name)} as d join ${this.#kept} as r on ${sameKey(this.#table, 'r', 'd')}`
    return this.#session.query<SumRow>(
      sumsSql(`(select ${hashedSql(this.#table, 'r', this.#buckets)} from ${from}) as k`),
    )
  }

  /** Copies the changed rows alone, with the same projection and the same checks of values as a whole table. */
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
   * Stages the keys that are in the kept table but not in the source, from the buckets that differ. Without them all sums must
   * be equal, and the kept table must be as recorded. Returns their number, or in words why the table must be read whole.
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

  /**
   * When too many rows of one bucket were removed: copies all keys of these buckets from the source. Returns the condition for
   * the removed rows and the SQL to run afterwards, or in words why the table must be read whole.
   */
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
