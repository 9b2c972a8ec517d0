import { because, bigint, boolean, category, from, integer, pseudonym, rows, runDay, text, uuid, year } from 'vitrine'
import { source, ZONE } from './register.ts'

export const AGES = ['under 12', '12 to 17', '18 to 39', '40 to 64', '65 and more'] as const
export const HOMES = ['in the town', 'in a town beside it', 'further away'] as const
const TOWN = '35400'
const BESIDE = ['35350', '35430']

function ageGroup(born: string, today: string): (typeof AGES)[number] {
  const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4)) - (today.slice(5) < born.slice(5) ? 1 : 0)
  return years < 12
    ? 'under 12'
    : years < 18
      ? '12 to 17'
      : years < 40
        ? '18 to 39'
        : years < 65
          ? '40 to 64'
          : '65 and more'
}

export const member = from(source.selectFrom('members_member as m')).publish(
  'association_member',
  'A member, or who was one: a group of age, home and year at most.',
  ({ ref, eb }) =>
    rows(
      // A child of ten from another town, who joined in a given year, is one child. Ten is the least that a group must be.
      { kAnonymous: { k: 10, columns: ['age', 'home', 'joined'], otherwise: 'suppress' } },
      {
        id: bigint(
          because(ref('m.id'), 'A number of the application that is on no card; it links the fees.'),
          'Member',
        ).primaryKey(),
        person: uuid(
          pseudonym(ref('m.email'), 'member'),
          'Brothers and sisters share the address of a parent, and so this; never the address',
        ),
        age: text(
          category({ born: ref('m.birth_date'), today: runDay(ZONE) }, AGES, ({ born, today }) =>
            ageGroup(born, today),
          ),
          'Age group today',
        ).nullable(),
        home: text(
          category({ postcode: ref('m.postcode') }, HOMES, ({ postcode }) =>
            postcode === TOWN ? 'in the town' : BESIDE.includes(postcode) ? 'in a town beside it' : 'further away',
          ),
          'Where the home is, as the town hall asks it',
        ).nullable(),
        joined: integer(year(ref('m.joined_on')), 'Year of joining').nullable(),
        is_member: boolean(
          because(eb('m.left_on', 'is', null), 'Whether, not when or why somebody left.'),
          'Is a member today',
        ),
        may_be_photographed: boolean(
          because(ref('m.image_consent'), 'Asked of every group before a photograph.'),
          'Has agreed to photographs',
        ),
      },
    ),
)
