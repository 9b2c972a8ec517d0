/** What the dictionary's place knows of a publication, and with what it tells it: learnt once for each definition. */
import { checkDashboards } from '../dashboards/dashboard-check.ts'
import { dictionaryOf } from '../dictionary/dictionary.ts'
import type { Dictionary } from '../dictionary/schema.ts'
import type { Wording } from '../dictionary/wording.ts'
import { type Question, questionsOf } from '../publication/dashboard.ts'
import type { Publication } from '../publication/publication.ts'
import type { Telling } from './telling.ts'

/** What does not change while the definition does not. */
interface Known {
  readonly dictionary: Dictionary
  /** The columns that a question reads, as `table.column`, and the tables. */
  readonly reads: ReadonlyMap<Question, ReadonlySet<string>>
}
const known = new WeakMap<Publication, Promise<Known>>()

export function knownOf(publication: Publication): Promise<Known> {
  const found = known.get(publication) ?? learn(publication)
  known.set(publication, found)
  return found
}

async function learn(publication: Publication): Promise<Known> {
  const { reads } = await checkDashboards(publication)
  const read = (key: string) =>
    [...(reads.get(key) ?? [])].flatMap(([name, columns]) => [
      name,
      ...[...columns].map((column) => `${name}.${column}`),
    ])
  const questions = questionsOf(publication.dashboards)
  return {
    dictionary: await dictionaryOf(publication),
    reads: new Map(questions.map((question) => [question, new Set(read(question.key))])),
  }
}

/** What one page is told with. */
export interface ShownPage extends Known {
  readonly publication: Publication
  readonly wording: Wording
  readonly telling: Telling
}
