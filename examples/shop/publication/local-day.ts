import { type Expression, type LocalDate, sql } from 'vitrine'
import { ZONE } from './register.ts'

/** Rails writes UTC without saying so: the day of a timestamp on local clocks. */
export const localDay = <T extends LocalDate | null>(at: Expression<unknown>) =>
  sql<T>`cast(timezone(${sql.lit(ZONE)}, timezone('UTC', ${at})) as date)`
