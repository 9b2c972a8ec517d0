/** The second fence: whatever types were laundered, the lineage of the query itself refuses a leak, and fails closed. */
import { type Expression, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  because,
  bigint,
  boolean,
  category,
  compute,
  count,
  definePublication,
  from,
  indirect,
  masked,
  open,
  type PublishedTable,
  personal,
  present,
  register,
  secret,
  text,
} from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/check.ts'

const source = register('public', {
  person: {
    id: indirect.bigint,
    email: personal.text,
    password: secret.text,
    date: personal.text,
    city: open.text,
    team_id: indirect.bigint,
  },
  team: { id: indirect.bigint, name: open.text, motto: personal.text },
})

type Column = Parameters<ReturnType<typeof fromPerson>['publish']>[2]
const fromPerson = () => from(source.selectFrom('person as p'))

async function problemsOf(table: PublishedTable): Promise<readonly string[]> {
  const publication = definePublication({ name: 't', schema: 't', source, tables: [table], writer: 'w', reader: 'r' })
  const { problems } = await checkPublication(publication)
  return problems.map(({ place, detail }) => `${place}: ${detail}`)
}

/** A table of a key and one text column `x` from an expression whose type was laundered to text. */
function laundered(expression: (eb: Parameters<Column>[0]) => Expression<unknown>): Promise<readonly string[]> {
  return problemsOf(
    fromPerson().publish('t', 'A table.', (eb) => ({
      id: bigint(because(eb.ref('p.id'), 'key'), 'Key').primaryKey(),
      x: text(expression(eb) as Expression<string>, 'Laundered'),
    })),
  )
}

const LEAK = ['t.x: it would publish the personal column person.email untreated']

describe('a leak is refused', () => {
  test.each<[string, (eb: Parameters<Column>[0]) => Expression<unknown>, readonly string[]]>([
    ['through a function', ({ fn }) => fn('lower', ['p.email']), LEAK],
    ['through nested functions', ({ fn }) => fn('concat', ['p.city', fn('md5', ['p.email'])]), LEAK],
    ['through coalesce', ({ fn }) => fn.coalesce('p.email', 'p.city'), LEAK],
    ['through an aggregate', ({ fn }) => fn.max('p.email'), LEAK],
    ['through string_agg', ({ fn, val }) => fn.agg('string_agg', ['p.email', val(',')]), LEAK],
    ['through a cast', ({ cast }) => cast('p.email', 'text'), LEAK],
    ['through an operator', (eb) => eb('p.email', '||', sql.lit('x') as never), LEAK],
    ['through a comparison', (eb) => eb('p.email', 'like', sql.lit('a%') as never), LEAK],
    ['through case', (eb) => eb.case().when('p.city', '=', 'x').then(eb.ref('p.email')).else(null).end(), LEAK],
    [
      'through the condition of a case',
      (eb) =>
        eb
          .case()
          .when(eb('p.email', '=', sql.lit('x') as never))
          .then('a')
          .else('b')
          .end(),
      LEAK,
    ],
    ['through raw SQL with a reference', () => sql`lower(${sql.ref('p.email')})`, LEAK],
    ['through because', ({ ref }) => because(ref('p.email'), 'we want it'), LEAK],
    ['through because around a function', ({ fn }) => because(fn('lower', ['p.email']), 'we want it'), LEAK],
    ['through a scalar subquery', ({ selectFrom }) => selectFrom('person as q').select('q.email'), LEAK],
    ['a secret', ({ ref }) => ref('p.password'), ['t.x: it would publish the secret column person.password untreated']],
    [
      'a secret through present',
      ({ ref }) => present(ref('p.password') as never),
      ['t.x: it would publish the secret column person.password untreated'],
    ],
    [
      'an indirect column without a reason',
      ({ fn }) => fn('abs', ['p.id']),
      ['t.x: it would publish the indirect column person.id untreated'],
    ],
  ])('%s', async (_, expression, expected) => {
    expect(await laundered(expression)).toEqual(expected)
  })

  test.each<[string, (eb: Parameters<Column>[0]) => Expression<unknown>, RegExp]>([
    ['an unqualified column in raw SQL', () => sql`lower(email)`, /untreated/],
    ['a column that has the name of a type', () => sql`upper(date)`, /column person.date untreated/],
    ['a whole row in raw SQL', () => sql`cast(p as text)`, /«p» is not one column alone/],
    ['a quoted identifier', () => sql`"email"`, /untreated/],
    ['a comment that ends early', () => sql`1 /* */`, /comment/],
    [
      'SQL run from a text',
      ({ fn, val }) => fn('query_to_xml', [val('select email from person')]),
      /the function «query_to_xml» is not known/,
    ],
    ['a file of the server', ({ fn, val }) => fn('pg_read_file', [val('/etc/passwd')]), /not known to be harmless/],
    ['a whole row through a table', (eb) => eb.fn.toJson('p' as never), /«public» is no table at that place/],
    [
      'a registered table that raw SQL names without its schema',
      () => sql`(select max(city) from team)`,
      /the table «team» is not in the register/,
    ],
    ['a system column', () => sql.ref('p.ctid'), /«p.ctid» is not in the register/],
    [
      'a table that is not registered',
      (eb) => eb.selectFrom('pg_authid' as never).select('rolpassword' as never),
      /«pg_authid» is not in the register/,
    ],
  ])('%s fails closed', async (_, expression, expected) => {
    const [first] = await laundered(expression)
    expect(first).toMatch(expected)
  })
})

describe('a leak is followed', () => {
  const leaked = async (table: PublishedTable) =>
    (await problemsOf(table)).filter((problem) => problem.includes('untreated'))
  const columns = (name: string) => (eb: { ref(column: never): Expression<unknown> }) => ({
    id: bigint(because(eb.ref('p.id' as never) as Expression<bigint>, 'key'), 'Key').primaryKey(),
    x: text(eb.ref(name as never) as Expression<string>, 'x'),
  })

  test('through a subquery and an alias', async () => {
    const query = source.selectFrom((eb) => eb.selectFrom('person as q').select(['q.id', 'q.email as town']).as('p'))
    expect(await leaked(from(query).publish('t', 'T', columns('p.town') as never))).toEqual(LEAK)
  })

  test('through a lateral join', async () => {
    const query = source.selectFrom('person as p').innerJoinLateral(
      (eb) => eb.selectFrom('person as q').whereRef('q.id', '=', 'p.id').select('p.email as town').as('l'),
      (join) => join.onTrue(),
    )
    expect(await leaked(from(query).publish('t', 'T', columns('l.town') as never))).toEqual(LEAK)
  })

  test('through common table expressions', async () => {
    const query = source
      .with('a', (db) => db.selectFrom('person').select(['id', 'email as b']))
      .with('c', (db) => db.selectFrom('a').select(['a.id', 'a.b as d']))
      .selectFrom('c as p')
    expect(await leaked(from(query).publish('t', 'T', columns('p.d') as never))).toEqual(LEAK)
  })

  test('through a union inside a subquery', async () => {
    const query = source.selectFrom((eb) =>
      eb
        .selectFrom('person as q')
        .select(['q.id', 'q.city as town'])
        .unionAll(eb.selectFrom('person as r').select(['r.id', 'r.email as town'] as never) as never)
        .as('p'),
    )
    expect(await leaked(from(query).publish('t', 'T', columns('p.town') as never))).toEqual(LEAK)
  })

  test('through the inputs of a rule whose types were laundered', async () => {
    const table = fromPerson().publish('t', 'T', ({ ref }) => ({
      id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
      x: text(
        compute({ town: ref('p.email') as unknown as Expression<string> }, ({ town }) => town),
        'x',
      ),
    }))
    expect(await leaked(table)).toEqual(LEAK)
  })

  test('a raw alias is refused', async () => {
    const query = source.selectFrom(
      (eb) =>
        eb
          .selectFrom('person as q')
          .select(['q.id', 'q.email'])
          .as(sql`p`.$castTo<never>() as never) as never,
    )
    const [first] = await problemsOf(
      from(query as never as ReturnType<typeof source.selectFrom<'person as p'>>).publish(
        't',
        'T',
        columns('p.email') as never,
      ),
    )
    expect(first).toMatch(/cannot be written as SQL/)
  })
})

describe('rows are not chosen by what must not be seen', () => {
  const withQuery = (query: ReturnType<typeof source.selectFrom<'person as p'>>) =>
    problemsOf(
      from(query).publish('t', 'T', ({ ref }) => ({
        id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
        city: text(ref('p.city'), 'City'),
      })),
    )
  const query = () => source.selectFrom('person as p')

  test.each<[string, () => ReturnType<typeof source.selectFrom<'person as p'>>, RegExp | null]>([
    ['where on an open column', () => query().where('p.city', '=', 'Paris'), null],
    ['where on an indirect column', () => query().where(({ eb, ref }) => eb(because(ref('p.id'), 'k'), '>', 3n)), null],
    ['where on presence', () => query().where(({ ref }) => present(ref('p.email'))), null],
    [
      'where on a personal column',
      () => query().where(sql<boolean>`${sql.ref('p.email')} like 'a%'`),
      /where clause looks at the personal column person.email/,
    ],
    [
      'where on a secret column',
      () => query().where(sql<boolean>`${sql.ref('p.password')} is null`),
      /where clause looks at the secret column/,
    ],
    [
      'order by a personal column',
      () => query().orderBy(sql.ref('p.email') as never),
      /order by looks at the personal column/,
    ],
    [
      'order in a direction',
      () =>
        query()
          .orderBy('p.city', (order) => order.desc().nullsLast())
          .limit(3),
      null,
    ],
    [
      'order by a column behind a raw direction',
      () => query().orderBy('p.city', sql`desc, email`),
      /order by looks at the personal column/,
    ],
    [
      'limit to a secret number',
      () => query().limit(sql<number>`length(${sql.ref('p.password')})`),
      /a limit is not a whole number/,
    ],
    [
      'join on a personal column',
      () => query().innerJoin('team as t', 't.motto', 'p.email') as never,
      /join condition looks at the personal column/,
    ],
    [
      'exists on a personal column',
      () =>
        query().where(({ exists, selectFrom }) =>
          exists(selectFrom('team as t').whereRef('t.motto', '=', 'p.email').select('t.name')),
        ),
      /where clause looks at the personal column team.motto/,
    ],
  ])('%s', async (_, make, expected) => {
    const problems = await withQuery(make())
    if (expected === null) expect(problems).toEqual([])
    else expect(problems[0]).toMatch(expected)
  })
})

test('treated columns are accepted, and the lineage names sources and treatments', async () => {
  const table = fromPerson().publish('t', 'A table.', ({ ref, eb, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
    known: boolean(present(ref('p.email')), 'Has an address'),
    kind: text(
      category({ email: ref('p.email') }, ['a'], () => 'a'),
      'Kind',
    ),
    name: text(masked(ref('p.email'), eb('p.city', '=', 'x'), 'hidden', 'public'), 'Name'),
    peers: text(
      selectFrom('person as q')
        .whereRef('q.team_id', '=', 'p.team_id')
        .select(sql<string>`cast(${count()} as text)`.as('n'))
        .$asScalar()
        .$notNull(),
      'Peers',
    ),
  }))
  const publication = definePublication({ name: 't', schema: 't', source, tables: [table], writer: 'w', reader: 'r' })
  const { problems, columns } = await checkPublication(publication)
  expect(problems).toEqual([])
  const lineage = columns.map(({ column, lineage: origins }) => [
    column,
    ...origins.map((origin) =>
      `${origin.table}.${origin.column} ${origin.treatments.map(({ name }) => name).join('+')}`.trim(),
    ),
  ])
  expect(lineage).toEqual([
    ['id', 'person.id because'],
    ['known', 'person.email present'],
    ['kind', 'person.email category'],
    ['name', 'person.city masked', 'person.email masked'],
    ['peers'],
  ])
})
