import { band, because, bigint, boolean, date, from, month, present, text } from 'vitrine'
import { source } from './register.ts'

export const donation = from(source.selectFrom('donations_donation as d')).publish(
  'association_donation',
  'A donation: of which size and when, and of nobody.',
  ({ ref }) => ({
    id: bigint(because(ref('d.id'), 'Stable key; it is not the number of the receipt.'), 'Donation').primaryKey(),
    given: date(month(ref('d.given_on')), 'Month'),
    size: text(band(ref('d.amount'), [50, 100, 250]), 'Size in euros'),
    of_a_member: boolean(present(ref('d.member_id')), 'The donor is a member'),
    method: text(ref('d.method'), 'Way of payment'),
  }),
)
