/** A publication with one of everything that a dictionary tells, each treatment included. */
import {
  band,
  because,
  bigint,
  boolean,
  category,
  count,
  date,
  definePublication,
  from,
  history,
  indirect,
  integer,
  masked,
  measure,
  month,
  open,
  type Publication,
  partly,
  personal,
  present,
  pseudonym,
  register,
  rows,
  secret,
  text,
  uuid,
  year,
} from '../../src/index.ts'

const source = register(
  'public',
  {
    team: { id: indirect.bigint, name: open.text },
    member: partly('the others are notes', {
      id: indirect.bigint,
      name: personal.text,
      kind: open.integer,
      born: personal.date,
      age: personal.integer,
      token: secret.text,
      team_id: indirect.bigint,
    }),
  },
  { functions: { unaccent: 'an extension; computes on its argument alone' } },
)

const team = from(source.selectFrom('team as t')).publish('shop_team', 'A team.', ({ ref }) =>
  rows(
    { kAnonymous: { k: 3, columns: ['name'], otherwise: 'suppress' } },
    {
      id: bigint(because(ref('t.id'), 'stable key'), 'Key').primaryKey(),
      name: text(ref('t.name'), 'Name').nullable().accept('e-mail address', 'Addresses of shops.'),
    },
  ),
)

const member = from(source.selectFrom('member as m')).publish('shop_member', 'A member.', ({ eb, ref, selectFrom }) => {
  const measured = measure(
    { name: ref('m.name') },
    { letters: { from: 0, to: 20 } },
    ({ name }) => ({ letters: Math.min(name.length, 20) }),
    'The length alone.',
  )
  return {
    id: bigint(because(ref('m.id'), 'stable key'), 'Key').primaryKey(),
    team_id: bigint(because(ref('m.team_id'), 'stable key'), 'Team').references(() => team),
    name: text(masked(ref('m.name'), eb('m.kind', '=', 1), 'hidden', 'Names of companies only.'), 'Name'),
    kind: text(
      category({ name: ref('m.name') }, ['a', 'b'], () => 'a', 'Two kinds.'),
      'Kind',
    ),
    letters: integer(measured.field('letters'), 'Letters').nullable().atLeast(0),
    person: uuid(pseudonym(ref('m.name')), 'Pseudonym').unique(),
    named: boolean(present(ref('m.name')), 'Has a name'),
    born_year: integer(year(ref('m.born')), 'Year'),
    born_month: date(month(ref('m.born')), 'Month'),
    age: text(band(ref('m.age'), [18, 65]), 'Age'),
    others: integer(
      selectFrom('member as o')
        .whereRef('o.team_id', '=', 'm.team_id')
        .select(({ ref }) => count(ref('o.name')).as('n'))
        .$asScalar()
        .$notNull(),
      'Members of the group',
    ),
    groups: integer(
      selectFrom('member as o')
        .select(({ ref }) => count(ref('o.team_id'), { distinct: true }).as('n'))
        .$asScalar()
        .$notNull(),
      'Groups',
    ),
  }
})

const stats = history('shop_stats', 'One day.', ({ selectFrom }, { day, dayNumber }) => ({
  id: integer(dayNumber, 'Number of the day').primaryKey(),
  day: date(day, 'Day').unique(),
  named: integer(
    selectFrom('shop_team')
      .select(({ ref }) => count(ref('name')).as('n'))
      .$asScalar()
      .$notNull(),
    'Teams with a name',
  ),
}))

export const listedShop: Publication = definePublication({
  name: 'shop',
  schema: 'shop',
  source,
  tables: [team, member],
  histories: [stats],
  writer: 'writer',
  reader: 'reader',
})
