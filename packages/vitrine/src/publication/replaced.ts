/** Finds and replaces questions and dashboards of a publication by their keys. The modules that `metabase pull` writes use it. */
import { type Dashboard, type Question, questionsOf } from './dashboard.ts'
import { type Publication, withDashboards } from './publication.ts'

function found<T extends { readonly key: string }>(list: readonly T[], what: string, key: string): T {
  const one = list.find((each) => each.key === key)
  if (one === undefined) throw new TypeError(`the publication has no ${what} «${key}»`)
  return one
}

/** Throws a TypeError where there is none. */
export const questionIn = ({ dashboards }: Publication, key: string): Question =>
  found(questionsOf(dashboards), 'question', key)
/** Throws a TypeError where there is none. */
export const dashboardIn = ({ dashboards }: Publication, key: string): Dashboard => found(dashboards, 'dashboard', key)

/** What `metabase pull` read back of one: `parts` holds what differs from the definition, or everything of a new one. */
export interface PulledPart<T> {
  readonly isNew: boolean
  readonly whole: T
  readonly parts: Partial<T>
}

interface Replacements {
  readonly questions: readonly Question[]
  /** Dashboards with a new key are added. */
  readonly dashboards: readonly Dashboard[]
}

/** The same publication with these in the place of those of the same key. */
export function withReplaced<P extends Publication>(publication: P, { questions, dashboards }: Replacements): P {
  const byKey = new Map(questions.map((question) => [question.key, question]))
  const kept = publication.dashboards.map((before) => dashboards.find(({ key }) => key === before.key) ?? before)
  const added = dashboards.filter(({ key }) => !publication.dashboards.some((before) => before.key === key))
  const all = [...kept, ...added].map((each) => ({
    ...each,
    tabs: each.tabs.map((tab) => ({
      ...tab,
      rows: tab.rows.map((row) =>
        row.map((tile) =>
          'question' in tile ? { ...tile, question: byKey.get(tile.question.key) ?? tile.question } : tile,
        ),
      ),
    })),
  }))
  return withDashboards(publication, all)
}
