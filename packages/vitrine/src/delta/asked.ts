/**
 * What one run asks of the source about the rows that published rows are made of, in its snapshot: each question once, whichever
 * tables have it. Answers are numbers and values of published keys.
 */
import type { Session } from '../postgres/connect.ts'

/** A table of the source, and how many rows it has. */
export interface Count {
  readonly rows: number
  /** Not older than the snapshot of the kept version. */
  readonly changed: number
}

/** The values of a published key, as PostgreSQL writes them, by all of them in one text. */
export type AskedValues = ReadonlyMap<string, readonly string[]>

export class AskedOnce {
  readonly #answers = new Map<string, Promise<unknown>>()

  /** One whose session was lost is asked again through another. */
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

  /** One number for each of so many buckets. In one field, because many rows cost more than the numbers in them. */
  sums(source: Session, sql: string, buckets: number): Promise<BigInt64Array> {
    return this.#once(sql, async () => {
      const [found] = await source.query<{ sums: string | null }>(sql)
      const sums = new BigInt64Array(buckets)
      for (const part of found?.sums?.split(',') ?? []) {
        const at = part.indexOf(':')
        // Sums are larger than what is kept of them, which is their lower half.
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
