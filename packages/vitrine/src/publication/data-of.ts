/** The day and the time of the data as SQL. Questions use them in place of now: a missed night then does not look like a fall. */

import { identifier, literal, qualified } from '../sql/quote.ts'
import { ownViewNames, type Publication } from './publication.ts'

/** The local time at which the data of a table were read; of the oldest table, for a view of the tool. */
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
