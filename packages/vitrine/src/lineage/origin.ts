/** The source column that a published value comes from, and whether its treatments allow publishing it. */
import type { PrivacyClass } from '../publication/privacy.ts'
import type { Source } from '../publication/register.ts'
import type { Treatment } from '../publication/treatment.ts'

export interface Origin {
  readonly table: string
  readonly column: string
  readonly privacy: PrivacyClass
  readonly treatments: readonly Treatment[]
}

/** An origin during the analysis of a query. */
interface Trace extends Origin {
  /** Whether it is the column itself, and not a part of an expression. */
  readonly isColumn: boolean
  /** Whether it may be NULL at that point of the query. */
  readonly isNullable: boolean
}
export type Lineage = readonly Trace[]

export const treatedBy = (lineage: Lineage, treatment: Treatment): Lineage =>
  lineage.map((origin) => ({ ...origin, treatments: [...origin.treatments, treatment], isColumn: false }))

/** The tables and functions that a query may name, and the texts of problems about them. */
export interface KnownNames {
  readonly source: Source
  /** Tables are named with their schema. */
  readonly isQualified: boolean
  readonly where: string
  readonly tableRemedy: string
  readonly columnRemedy: string
}

export const registered = (source: Source): KnownNames => ({
  source,
  isQualified: true,
  where: 'in the register',
  tableRemedy: `Register the table with all its columns; in raw SQL, write its schema: ${source.schema}.name.`,
  columnRemedy: 'Register it, or correct its name.',
})

/** Whether an origin may be published or filtered on, after the treatments it went through. */
export function isTreated(origin: Origin): boolean {
  if (origin.privacy === 'open') return true
  if (origin.privacy === 'secret') return false
  if (origin.privacy === 'indirect') return origin.treatments.length > 0
  return origin.treatments.some((treatment) => treatment.name !== 'because')
}
