/** What a treatment may be given: a column where an expression could ask anything, and a mask that hides when in doubt. */
import type { Treatment } from '../publication/treatment.ts'
import { nodeOf } from './node-fields.ts'
import { isTreated, type Known, type Lineage, treatedBy } from './origin.ts'
import { refuse } from './rules.ts'

/** Treatments of a column and not of an expression, which could answer any question about a person. */
const OF_A_COLUMN: ReadonlySet<string> = new Set(['present', 'year', 'month', 'band', 'count'])

export function treat(lineage: Lineage, treatment: Treatment): Lineage {
  const made = lineage.find((origin) => origin.privacy === 'personal' && !isTreated(origin) && !origin.isColumn)
  if (made !== undefined && OF_A_COLUMN.has(treatment.name)) {
    refuse('expression', [treatment.name, `${made.table}.${made.column}`])
  }
  return treatedBy(lineage, treatment)
}

/** The parts of a condition that `and`, `or` and `not` join. */
const termsOf = (condition: unknown): readonly unknown[] =>
  nodeOf(condition).BoolExpr?.args?.flatMap(termsOf) ?? (condition === undefined ? [] : [condition])

/** Whether a term says what NULL means: `is null`, `is distinct from`. */
const tellsNull = (term: unknown): boolean =>
  nodeOf(term).NullTest !== undefined || nodeOf(term).A_Expr?.kind?.endsWith('DISTINCT') === true

/** The columns that decide where a mask hides: some in each part, none of them personal, and no NULL without a meaning. */
export function deciding(condition: unknown, flow: (term: unknown) => Lineage, { source }: Known): Lineage {
  const terms = termsOf(condition).map((term) => ({ isTold: tellsNull(term), lineage: flow(term) }))
  if (terms.some(({ lineage }) => lineage.length === 0)) refuse('constant mask')
  const name = ({ table, column }: Lineage[number]) => `${table}.${column}`
  const told = new Set(terms.flatMap(({ isTold, lineage }) => (isTold ? lineage.map(name) : [])))
  const lineage = terms.flatMap((term) => term.lineage)
  for (const origin of lineage) {
    const { privacy, table, column } = origin
    if (privacy === 'personal' || privacy === 'secret') refuse('personal mask', [name(origin)])
    const isNullable = source.tables[table]?.[column]?.isNullable ?? true
    if (isNullable && !told.has(name(origin))) refuse('silent mask', [name(origin)])
  }
  return lineage
}
