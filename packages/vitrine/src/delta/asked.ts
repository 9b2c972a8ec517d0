/**
 * Caches one run's questions to the source about the rows behind published rows: several published tables may share a question,
 * which is asked once per run. Answers are counts, sums and values of published keys.
 */
import type { Session } from '../postgres/connect.ts'

/** Row counts of one table of the source. */
export interface Count {
  readonly rows: number
  /** Rows that are not older than the snapshot of the kept version. */
  readonly changed: number
}

/** Values of a published key in PostgreSQL's text form; the map's key is all values of one row in one text. */
export type AskedValues = ReadonlyMap<string, readonly string[]>

export class AskedOnce {
  readonly #answers = new Map<string, Promise<unknown>>()

  /** A failed question is asked again, through the caller's own session. */
  async #once<Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> {
    const before = this.#answers.get(question) as Promise<Answer> | undefined // sound because a question has one answer.
    if (before !== undefined) return before.catch(ask)
    const answer = ask()
    this.#answers.set(question, answer)
    return answer
  }

  count(source: Session, sql: string): Promise<Count> {
    return this.#once(sql, async () => {
      const [count] = await source.query<Count>(sql)
      return count ?? { rows: 0, changed: 0 }
    })
  }

  /** One number per bucket. The query returns them in one text field, because many small rows cost more. */
  sums(source: Session, sql: string, buckets: number): Promise<BigInt64Array> {
    return this.#once(sql, async () => {
      const [found] = await source.query<{ sums: string | null }>(sql)
      const sums = new BigInt64Array(buckets)
      for (const part of found?.sums?.split(',') ?? []) {
        const at = part.indexOf(':')
        // PostgreSQL's sums are larger than 64 bits; only the lower 64 bits are kept.
        sums[Number(part.slice(0, at))] = BigInt.asIntN(64, BigInt(part.slice(at + 1)))
      }
      return sums
    })
  }

  values(source: Session, sql: string): Promise<AskedValues> {
    return this.#once(sql, async () => {
      const rows = await source.query<Readonly<Record<string, string>>>(sql)
      return new Map(rows.map((row) => [Object.values(row).join(' '), Object.values(row)]))
    })
  }
}
