/** The shop of `shop.ts` with a history table, for tests of the tool. */
import {
  because,
  bigint,
  count,
  date,
  definePublication,
  type HistoryTable,
  history,
  integer,
  type Publication,
  text,
} from '../../src/index.ts'
import { type ShopRoles, shop } from './shop.ts'

export const stats = history('shop_stats', 'One day of the shop.', ({ selectFrom }, { day, dayNumber }) => ({
  id: integer(dayNumber, 'Number of the day').primaryKey(),
  day: date(day, 'Day of the data').unique(),
  customers: integer(
    selectFrom('shop_customer').select(count().as('n')).$asScalar().$notNull(),
    'Customers at the first look of the day',
  ),
  revenue: bigint(
    selectFrom('shop_purchase')
      .select(({ fn, lit }) => fn.coalesce(fn.sum<bigint>('amount'), lit(0)).as('n'))
      .$asScalar()
      .$notNull(),
    'Sum of all purchases',
  ),
  best: text(
    selectFrom('shop_customer')
      .select(({ fn }) => because(fn.max<string | null>('job'), 'two kinds').as('n'))
      .$asScalar(),
    'Last kind of job by the alphabet',
  ).nullable(),
}))

/** The publication of `shop` with history tables. */
export const shopWithHistory = (roles: ShopRoles, histories: readonly HistoryTable[] = [stats]): Publication =>
  definePublication({ ...shop(roles), histories })
