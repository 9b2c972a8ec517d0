import {
  because,
  bigint,
  boolean,
  category,
  compute,
  count,
  date,
  from,
  integer,
  type LocalDate,
  type LocalDateTime,
  month,
  pseudonym,
  rows,
  sql,
  text,
  uuid,
  varchar,
} from 'vitrine'
import { localDay } from './local-day.ts'
import { source } from './register.ts'

const KEY = 'A number of the application that is on no bill; it links the tables.'
const GROUPS = 'Published for groups of at least five alone.'
const LOYALTY = 'Whether people come back is the question of this publication; the days are those of many.'

/** The first two digits of a French postcode. */
const DEPARTMENTS: Readonly<Record<string, string>> = {
  ...{ '29': 'Finistère', '33': 'Gironde', '35': 'Ille-et-Vilaine', '44': 'Loire-Atlantique', '56': 'Morbihan' },
  ...{ '69': 'Rhône', '75': 'Paris', '97': 'Overseas' },
}

/** Customers who are there: neither staff, who order to try things, nor accounts that were closed (soft deletion). */
const customers = source
  .selectFrom('users as u')
  .where('u.role', '=', 0)
  .where('u.deleted_at', 'is', null)
  // A polymorphic association: the type is a condition like any other. The newest address counts.
  .leftJoinLateral(
    (eb) =>
      eb
        .selectFrom('addresses as a')
        .where('a.addressable_type', '=', 'User')
        .whereRef('a.addressable_id', '=', 'u.id')
        .orderBy('a.id', 'desc')
        .limit(1)
        .select(['a.country_code', 'a.postcode'])
        .as('home'),
    (on) => on.onTrue(),
  )
  .leftJoinLateral(
    (eb) =>
      eb
        .selectFrom('orders as o')
        .whereRef('o.user_id', '=', 'u.id')
        .where('o.placed_at', 'is not', null)
        .select(({ ref }) => [
          sql<LocalDateTime | null>`min(${ref('o.placed_at')})`.as('first'),
          sql<LocalDateTime | null>`(array_agg(${ref('o.placed_at')} order by ${ref('o.placed_at')}))[2]`.as('second'),
        ])
        .as('bought'),
    (on) => on.onTrue(),
  )

export const customer = from(customers).publish(
  'shop_customer',
  'A customer who is there, without identity.',
  ({ ref, selectFrom }) =>
    rows(
      // Three customers on an island would be told by their department: groups of fewer than five lose both columns.
      { kAnonymous: { k: 5, columns: ['country', 'department'], otherwise: 'suppress' } },
      {
        id: bigint(because(ref('u.id'), KEY), 'Customer').primaryKey(),
        person: uuid(
          pseudonym(ref('u.email'), 'customer'),
          'The same in every version, for whoever compares them; not the address',
        ),
        joined: date(month(ref('u.created_at')), 'Month in which the account was opened'),
        country: varchar(2, ref('home.country_code'), 'Country, where an address is known').nullable(),
        department: text(
          compute(
            {
              code: because(sql<string | null>`left(${ref('home.postcode')}, 2)`, GROUPS),
              country: ref('home.country_code'),
            },
            ({ code, country }) => (country === 'FR' && code !== null ? (DEPARTMENTS[code] ?? 'another') : null),
          ),
          'French department',
        ).nullable(),
        newsletter: text(
          // A rule may read the whole document: one of two words comes out, whatever is in it.
          category({ settings: ref('u.settings') }, ['yes', 'no'], ({ settings }) =>
            /"newsletter": ?true/.test(String(settings)) ? 'yes' : 'no',
          ),
          'Wants the newsletter',
        ),
        orders: integer(
          selectFrom('orders as n')
            .whereRef('n.user_id', '=', 'u.id')
            .where('n.placed_at', 'is not', null)
            .select(count().as('n'))
            .$asScalar()
            .$notNull(),
          'Orders placed',
        ),
        first_ordered_on: date(
          because(localDay<LocalDate | null>(ref('bought.first')), LOYALTY),
          'Day of the first order',
        ).nullable(),
        came_back: boolean(
          because(
            sql<boolean>`coalesce(${ref('bought.second')} < ${ref('bought.first')} + interval '90 days', false)`,
            LOYALTY,
          ),
          'Ordered again within 90 days of the first order',
        ),
      },
    ),
)
