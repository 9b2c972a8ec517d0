/** Where a published value comes from, and whether what was done to it on the way allows publishing it. */
import type { PrivacyClass } from '../publication/privacy.ts'
import type { Treatment } from '../publication/treatment.ts'

export interface Origin {
  readonly table: string
  readonly column: string
  readonly privacy: PrivacyClass
  readonly treatments: readonly Treatment[]
}
export type Lineage = readonly Origin[]

export const treatedBy = (lineage: Lineage, treatment: Treatment): Lineage =>
  lineage.map((origin) => ({ ...origin, treatments: [...origin.treatments, treatment] }))

/** A part of a query that cannot be proved harmless, with what to write instead. */
export class LineageProblem extends Error {
  readonly remedy: string
  constructor(detail: string, remedy: string) {
    super(detail)
    this.remedy = remedy
  }
}

/** How a problem speaks of the tables that a query may name, and what to do about one that it may not. */
export interface KnownTables {
  readonly where: string
  readonly table: string
  readonly column: string
}

export const REGISTERED: KnownTables = Object.freeze({
  where: 'in the register',
  table: 'Register the table with all its columns.',
  column: 'Register it, or correct its name.',
})

/** Whether an origin may be published or filtered on, after the treatments it went through. */
export function isTreated(origin: Origin): boolean {
  if (origin.privacy === 'open') return true
  if (origin.privacy === 'secret') return false
  if (origin.privacy === 'indirect') return origin.treatments.length > 0
  return origin.treatments.some((treatment) => treatment.name !== 'because')
}
