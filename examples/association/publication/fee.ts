import { because, bigint, boolean, category, from, integer, numeric, sum, text, varchar, year } from 'vitrine'
import { member } from './member.ts'
import { source } from './register.ts'

const TREASURY = 'The treasurer must say what is still owed; by whom is in the application.'

export const fee = from(source.selectFrom('members_fee as f')).publish(
  'association_fee',
  'The fee of a member for a season.',
  ({ ref, eb }) => ({
    id: bigint(because(ref('f.id'), 'Stable key.'), 'Fee').primaryKey(),
    member_id: bigint(because(ref('f.member_id'), 'Links the seasons of one member.'), 'Member').references(
      () => member,
    ),
    season: varchar(9, ref('f.season'), 'Season, from September to August'),
    // The price of a small income would tell who has one: it is told as the full price of that age.
    tariff: text(
      category({ reduction: ref('f.reduction') }, ['full or social', 'child'], ({ reduction }) =>
        reduction === 'child' ? 'child' : 'full or social',
      ),
      'Tariff; who pays less because of a small income is not told apart',
    ),
    is_paid: boolean(because(eb('f.paid_on', 'is not', null), TREASURY), 'Is paid'),
    paid_in: integer(year(ref('f.paid_on')), 'Year of the payment').nullable(),
  }),
)

/** What came in, where the sums are those of many: a single social fee cannot be computed back. */
export const feeSum = from(
  source
    .selectFrom('members_fee as f')
    .where('f.paid_on', 'is not', null)
    .groupBy(['f.season', 'f.method'])
    .having(({ fn }) => fn.countAll(), '>=', 10),
).publish(
  'association_fee_sum',
  'What fees brought in a season, by way of payment, where ten have paid at least.',
  ({ ref }) => ({
    season: varchar(9, ref('f.season'), 'Season').primaryKey(),
    method: text(because(ref('f.method'), 'Of ten payments at least.'), 'Way of payment').primaryKey(),
    amount: numeric(because(sum(ref('f.amount')), 'Of ten payments at least.'), 'Paid, in euros').nullable(),
  }),
)
