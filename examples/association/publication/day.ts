import { count, date, history, integer } from 'vitrine'

/** Members leave, and minors grow up: how many there were on a day is known on that day. */
export const day = history('association_day', 'One day of the association.', ({ selectFrom }, { day }) => ({
  day: date(day, 'Day of the data').primaryKey(),
  members: integer(
    selectFrom('association_member').where('is_member', '=', true).select(count().as('n')).$asScalar().$notNull(),
    'Members',
  ),
  unpaid: integer(
    selectFrom('association_fee').where('is_paid', '=', false).select(count().as('n')).$asScalar().$notNull(),
    'Fees that are not paid',
  ),
}))
