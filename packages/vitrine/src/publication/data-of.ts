/** The day and the time of the data as SQL: what stands for now in every question, so that a missed night is no fall. */

import { identifier, literal, qualified } from '../sql/quote.ts'
import { ownViewNames, type Publication } from './publication.ts'

/** When the data of a table are of, in local time; of all tables where it is one of the tool's views. */
function localTime(publication: Publication, table: string, cast: string): string {
  const { schema, freshness, zone } = publication
  const { table: name, dataOf } = freshness.columns
  const isView = ownViewNames(publication).includes(table)
  const where = isView ? '' : ` where f.${identifier(name)} = ${literal(table)}`
  const time = `timezone(${literal(zone)}, max(f.${identifier(dataOf)}))`
  return `(select cast(${time} as ${cast}) from ${qualified(schema, freshness.name)} as f${where})`
}

export const dayOfData = (publication: Publication, table: string): string => localTime(publication, table, 'date')
export const timeOfData = (publication: Publication, table: string): string =>
  localTime(publication, table, 'timestamp')
