import { because, bigint, count, date, from, integer, type LocalDate, sql, varchar } from 'vitrine'
import { source, ZONE } from './register.ts'

const day = sql<LocalDate>`cast(timezone(${sql.lit(ZONE)}, s.starts_at) as date)`

export const section = from(source.selectFrom('members_section as s')).publish(
  'association_section',
  'What one can be a member of.',
  ({ ref, selectFrom }) => ({
    id: bigint(ref('s.id'), 'Section').primaryKey(),
    name: varchar(80, ref('s.name'), 'Name').unique(),
    members: integer(
      selectFrom('members_member_sections as e')
        .innerJoin('members_member as m', 'm.id', 'e.member_id')
        .whereRef('e.section_id', '=', 's.id')
        .where('m.left_on', 'is', null)
        .select(count().as('n'))
        .$asScalar()
        .$notNull(),
      'Members today',
    ),
  }),
)

/** Attendance lists are about persons, most of them minors: only how many there were leaves the application. */
export const presence = from(
  source
    .selectFrom('activities_session as s')
    .leftJoin('activities_attendance as a', 'a.session_id', 's.id')
    .where('s.cancelled', '=', false)
    .groupBy(['s.id', 's.section_id', 's.starts_at']),
).publish('association_session', 'A session that took place.', ({ ref }) => ({
  id: bigint(because(ref('s.id'), 'Stable key.'), 'Session').primaryKey(),
  section_id: bigint(ref('s.section_id'), 'Section').references(() => section),
  day: date(day, 'Day'),
  expected: integer(count(ref('a.id')), 'How many were on the list'),
  present: integer(
    sql<number>`cast(count(*) filter (where ${ref('a.state')} = 'present') as integer)`,
    'How many came',
  ),
}))
