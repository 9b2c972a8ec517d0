/** The counterpart of `must-not-compile.ts`: the same columns, treated and typed as they should be, are accepted. */
import {
  avg,
  type Bytes,
  band,
  because,
  before,
  bigint,
  boolean,
  category,
  compute,
  count,
  date,
  doublePrecision,
  from,
  history,
  indirect,
  integer,
  masked,
  maskedGroup,
  max,
  month,
  numeric,
  open,
  personal,
  present,
  pseudonym,
  register,
  rows,
  sql,
  sum,
  text,
  timestamptz,
  uuid,
  varchar,
  year,
} from '../../src/index.ts'

const source = register('public', {
  person: {
    id: indirect.bigint,
    email: personal.varchar(255),
    nickname: personal.text.nullable,
    born: personal.date,
    joined: indirect.timestamptz,
    code: open.integer.nullable,
    label: open.varchar(20),
    score: open.doublePrecision,
    active: open.boolean,
  },
})

export const treated = from(source.selectFrom('person as p')).publish('treated', 'x', ({ ref, eb, selectFrom }) => {
  const rule = compute({ code: ref('p.code'), label: ref('p.label') }, ({ code, label }) => ({
    kept: label !== '',
    double: code === null ? null : code * 2,
  }))
  const both = maskedGroup(ref('p.active'), 'public data of a company', {
    email: [ref('p.email'), 'hidden'],
    joined: [ref('p.joined'), null],
  })
  return rows(
    { keep: rule.field('kept'), kAnonymous: { k: 5, columns: ['kind', 'code_band'], otherwise: 'suppress' } },
    {
      id: bigint(because(ref('p.id'), 'key'), 'x').primaryKey(),
      joined: timestamptz(because(ref('p.joined'), 'activity'), 'x'),
      person: uuid(pseudonym(ref('p.email')), 'x'),
      is_known: boolean(eb.and([eb('p.active', '=', true), eb('p.label', '!=', '')]), 'x'),
      has_nickname: boolean(present(ref('p.nickname')), 'x'),
      born: integer(year(ref('p.born')), 'x'),
      joined_in: date(month(ref('p.joined'), 'Europe/Paris'), 'x'),
      kind: text(
        category({ nickname: ref('p.nickname') }, ['long', 'short'], ({ nickname }) =>
          nickname === null ? null : 'long',
        ),
        'x',
      ).nullable(),
      masked: varchar(255, masked(ref('p.email'), ref('p.active'), 'hidden', 'public address'), 'x').accept(
        'e-mail address',
        'the address of a company',
      ),
      group_email: varchar(255, both.email, 'x'),
      group_joined: timestamptz(both.joined, 'x').nullable(),
      code_band: text(band(ref('p.code'), [10, 50]), 'x').nullable(),
      label_bytes: integer(
        compute(
          { label: sql<Bytes | null>`convert_to(${ref('p.label')}, 'UTF8')` },
          ({ label }) => label?.byteLength ?? null,
        ),
        'x',
      ).nullable(),
      score: doublePrecision(ref('p.score'), 'x'),
      double: integer(rule.field('double'), 'x').nullable(),
      same_label: integer(
        selectFrom('person as q').whereRef('q.label', '=', 'p.label').select(count().as('n')).$asScalar().$notNull(),
        'x',
      ),
    },
  )
})

export const daily = history('daily', 'x', ({ selectFrom, eb, fn, lit }, { day, dayNumber }) => ({
  id: bigint(dayNumber, 'x').primaryKey(),
  day: date(day, 'x').unique(),
  people: integer(selectFrom('anything').select(count().as('n')).$asScalar().$notNull(), 'x'),
  recent: before(
    0,
    integer(
      fn.coalesce(selectFrom('person as p').where('p.joined', '<', day).select(count().as('n')).$asScalar(), lit(0)),
      'x',
    ),
  ),
  number: integer(eb(dayNumber, '+', 2), 'x'),
  last: text(
    selectFrom('person')
      .select(({ fn }) => fn.max<string | null>('label').as('n'))
      .$asScalar(),
    'x',
  ).nullable(),
}))

/** Rows may be chosen by an indirect column and a plain value, and figures have the types that PostgreSQL gives them. */
export const figures = from(source.selectFrom('person as p').where('p.id', '>', 10n)).publish(
  'figures',
  'x',
  ({ ref, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'x').primaryKey(),
    total: bigint(
      selectFrom('person as q')
        .where('q.id', 'in', [1n, 2n])
        .select(({ ref }) => sum(ref('q.code')).as('n'))
        .$asScalar(),
      'x',
    ).nullable(),
    mean: numeric(
      selectFrom('person as q')
        .select(({ ref }) => avg(ref('q.code')).as('n'))
        .$asScalar(),
      'x',
    ).nullable(),
    score: doublePrecision(
      selectFrom('person as q')
        .select(({ ref }) => sum(ref('q.score')).as('n'))
        .$asScalar(),
      'x',
    ).nullable(),
    last: timestamptz(
      because(
        selectFrom('person as q')
          .select(({ ref }) => max(ref('q.joined')).as('n'))
          .$asScalar(),
        'The day alone.',
      ),
      'x',
    ).nullable(),
  }),
)
