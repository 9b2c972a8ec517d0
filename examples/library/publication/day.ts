import { count, date, history, integer } from 'vitrine'

/** What nobody could compute again: tomorrow, the loans of today that are out will be returned. */
export const day = history('library_day', 'One day of the library.', ({ selectFrom }, { day }) => ({
  day: date(day, 'Day of the data').primaryKey(),
  out: integer(
    selectFrom('library_loan')
      .where('state', 'in', ['still out', 'overdue'])
      .select(count().as('n'))
      .$asScalar()
      .$notNull(),
    'Books that are out',
  ),
  overdue: integer(
    selectFrom('library_loan').where('state', '=', 'overdue').select(count().as('n')).$asScalar().$notNull(),
    'Of these, overdue',
  ),
}))
