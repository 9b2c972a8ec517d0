/** What treatments accept: some only a plain column. */
import type { Treatment } from '../publication/treatment.ts'
import { isTreated, type Lineage, treatedBy } from './origin.ts'
import { refuse } from './query-rules.ts'

/** All others accept only a plain column: an expression could answer any question about a person. */
const OF_EXPRESSIONS: ReadonlySet<string> = new Set(['because', 'category', 'measure'])

export function treat(lineage: Lineage, treatment: Treatment): Lineage {
  const made = lineage.find((origin) => origin.privacy === 'personal' && !isTreated(origin) && !origin.isColumn)
  if (made !== undefined && !OF_EXPRESSIONS.has(treatment.name)) {
    refuse('expression', [treatment.name, `${made.table}.${made.column}`])
  }
  return treatedBy(lineage, treatment)
}
