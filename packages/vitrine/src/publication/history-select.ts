/**
 * The row of one day as SQL: the columns of a history table over the published tables of a schema, with the day and the
 * instant written as literals. Pure; called by the stage phase of a run, and by its check phase to learn the types.
 */
import { localDay } from '../base/clock.ts'
import type { Publication } from './publication.ts'
import { type Moment, type Projection, projectionOf } from './select-text.ts'
import type { PublishedTable } from './table.ts'

/** The day that a run describes. */
export const dayOf = (publication: Publication, instant: Date): string => localDay(instant, publication.zone)

/** The day of `instant`, computed from the published tables as they stand in `schema`. */
export const momentOf = (publication: Publication, schema: string, instant: Date): Moment => ({
  instant,
  day: dayOf(publication, instant),
  schema,
})

/** One row. */
export const daySelect = (table: PublishedTable, publication: Publication, schema: string, instant: Date): Projection =>
  projectionOf(table, momentOf(publication, schema, instant))
