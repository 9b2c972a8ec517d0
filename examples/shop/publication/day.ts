import { count, date, history, integer } from 'vitrine'

/** How much is under way on a day can be counted on that day alone. */
export const day = history('shop_day', 'One day of the shop.', ({ selectFrom }, { day }) => ({
  day: date(day, 'Day of the data').primaryKey(),
  customers: integer(
    selectFrom('shop_customer').select(count().as('n')).$asScalar().$notNull(),
    'Customers who are there',
  ),
  under_way: integer(
    selectFrom('shop_order')
      .where('status', 'in', ['placed', 'paid', 'shipped'])
      .select(count().as('n'))
      .$asScalar()
      .$notNull(),
    'Orders that are not delivered yet',
  ),
}))
