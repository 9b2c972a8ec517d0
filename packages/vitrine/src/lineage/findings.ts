/** What a check finds, said one by one: the problems, what deserves a second thought, and the lineage of the columns that could be analysed. */
import type { Problem } from '../base/errors.ts'
import type { Origin } from './origin.ts'
import { LineageProblem, QUERY_RULES } from './query-rules.ts'

export interface CheckedColumn {
  readonly table: string
  readonly column: string
  readonly lineage: readonly Origin[]
}

export class Findings {
  readonly problems: Problem[] = []
  /** Not wrong, but worth a second look. */
  readonly warnings: Problem[] = []
  readonly columns: CheckedColumn[] = []

  say(place: string, detail: string, remedy: string): void {
    this.problems.push({ place, detail, remedy })
  }

  warn(place: string, detail: string, remedy: string): void {
    this.warnings.push({ place, detail, remedy })
  }

  /** Records what `work` throws as a problem at `place`. */
  attempt(place: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof LineageProblem) this.say(place, error.message, error.remedy)
      // A message of Kysely's compiler may quote a value.
      else this.say(place, 'the query cannot be written as SQL', QUERY_RULES.syntax.remedy)
    }
  }
}
