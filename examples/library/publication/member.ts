import { because, bigint, category, from, rows, runDay, text } from 'vitrine'
import { source, ZONE } from './register.ts'

export const AGES = ['under 12', '12 to 17', '18 to 29', '30 to 59', '60 and more'] as const

function ageGroup(born: string, today: string): (typeof AGES)[number] {
  const years = Number(today.slice(0, 4)) - Number(born.slice(0, 4)) - (today.slice(5) < born.slice(5) ? 1 : 0)
  return years < 12
    ? 'under 12'
    : years < 18
      ? '12 to 17'
      : years < 30
        ? '18 to 29'
        : years < 60
          ? '30 to 59'
          : '60 and more'
}

export const member = from(source.selectFrom('member as m')).publish(
  'library_member',
  'A member, without identity.',
  ({ ref }) =>
    rows(
      // Each value is harmless, and all of them together may be one neighbour: groups of fewer than five lose them.
      { kAnonymous: { k: 5, columns: ['age', 'postcode'], otherwise: 'suppress' } },
      {
        id: bigint(
          because(ref('m.id'), 'A number of the application, on no card and no letter; it links the loans.'),
          'Member',
        ).primaryKey(),
        age: text(
          category({ born: ref('m.birth_date'), today: runDay(ZONE) }, AGES, ({ born, today }) =>
            ageGroup(born, today),
          ),
          'Age group today',
        ).nullable(),
        postcode: text(
          because(ref('m.postcode'), 'Thousands live in each: it says where a branch is missing.'),
          'Postcode',
        ).nullable(),
      },
    ),
)
