/** PostgreSQL judges the masks: none that is accepted shows a value where a column that decides about it is NULL. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NEWEST, TestDatabase } from '../../../../test/database.ts'
import { masked } from '../../src/index.ts'
import { problemsOf, source } from './judged.ts'

// `p.city` is never NULL, `p.legal` may be, and `t.label` is where no team is found.
const people = source.selectFrom('person as p').leftJoin('team as t', 't.id', 'p.id')
const ROWS = `from (values ('x'), ('y')) as c(city) cross join (values (1), (2), (null)) as g(legal)
  cross join lateral (select c.city, g.legal) as p cross join (values ('x'), ('y'), (null)) as t(label)`

const text = fc.oneof(
  ...["'x'", "'y'", 'p.city', 't.label', "coalesce(t.label, 'x')", 'upper(t.label)', "nullif(t.label, 'y')"].map(
    fc.constant,
  ),
  ...[
    "concat(t.label, 'x')",
    'least(p.city, t.label)',
    "t.label || ''",
    "case when p.legal = 1 then t.label else 'x' end",
  ].map(fc.constant),
)
const number = fc.constantFrom(
  '1',
  '2',
  'p.legal',
  'coalesce(p.legal, 1)',
  'p.legal + 1',
  'length(t.label)',
  'null::int',
)
const { condition } = fc.letrec<{ condition: string; term: string }>((tie) => ({
  term: fc
    .oneof(
      fc.tuple(text, fc.constantFrom('=', '<>', 'is distinct from', 'is not distinct from', '<', 'like'), text),
      fc.tuple(number, fc.constantFrom('=', '<>', 'is distinct from', 'is not distinct from', '>'), number),
      fc.tuple(fc.oneof(text, number), fc.constantFrom('is null', 'is not null'), fc.constant('')),
      fc.tuple(
        number,
        fc.constantFrom('in', 'not in'),
        number.map((one) => `(2, ${one})`),
      ),
      fc.tuple(
        number,
        fc.constantFrom('between', 'not between'),
        number.map((one) => `1 and ${one}`),
      ),
      fc.tuple(
        number,
        fc.constantFrom('= any', '<> all'),
        number.map((one) => `(array[2, ${one}])`),
      ),
    )
    .map((parts) => `(${parts.join(' ')})`),
  condition: fc.oneof(
    { weight: 3, arbitrary: tie('term') },
    fc.tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition')).map((parts) => `(${parts.join(' ')})`),
    tie('condition').map((one) => `not ${one}`),
    fc
      .tuple(tie('condition'), fc.constantFrom('true', 'not true', 'false', 'not false', 'unknown', 'not unknown'))
      .map(([one, truth]) => `(${one} is ${truth})`),
  ),
}))

let database: TestDatabase
beforeAll(async () => {
  database = await TestDatabase.create(NEWEST[0], 'mask')
})
afterAll(() => database.drop())

test('an accepted mask hides where a column of its condition is NULL, and not everywhere', async () => {
  const written = fc.sample(condition, { numRuns: 1000, seed: 1 })
  const accepted = [...new Set(written)].filter(
    (each) => problemsOf(masked(sql.ref('p.name'), sql`${sql.raw(each)}`, '-', 'reason'), people).length === 0,
  )
  const client = await database.connect()
  const questions = accepted.map((each) => {
    const unknown = ['p.legal', 't.label']
      .filter((column) => each.includes(column))
      .map((column) => `${column} is null`)
    return `select count(*) filter (where (${each}) is false and (${['false', ...unknown].join(' or ')}))::int as shown ${ROWS}`
  })
  const { rows } = await client.query<{ shown: number }>(questions.join(' union all '))
  expect(accepted.filter((_, index) => rows[index]?.shown !== 0)).toEqual([])
  expect(accepted.length).toBeGreaterThan(100)
})
