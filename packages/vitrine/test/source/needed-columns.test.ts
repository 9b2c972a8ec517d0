import { expect, test } from 'vitest'
import {
  because,
  bigint,
  category,
  compute,
  count,
  from,
  indirect,
  integer,
  open,
  register,
  rows,
  text,
} from '../../src/index.ts'
import { neededColumns } from '../../src/source/needed-columns.ts'

const source = register('public', {
  person: { id: indirect.bigint, email: indirect.text, job: open.text, hidden: open.text, country: open.integer },
  orders: { id: indirect.bigint, person_id: indirect.bigint, amount: open.integer, note: open.text },
  country: { code: open.integer, label: open.text, hidden: open.text },
})

const person = from(
  source
    .selectFrom('person as p')
    .leftJoinLateral(
      (sub) =>
        sub
          .selectFrom('country as x')
          .whereRef('x.code', '=', 'p.country')
          .select(['x.label as country_label'])
          .as('c'),
      (join) => join.onTrue(),
    )
    .where('p.email', 'is not', null),
).publish('person', 'P', ({ ref, selectFrom }) => {
  const kept = compute({ note: ref('p.job') }, () => true)
  return rows(
    { keep: kept },
    {
      id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
      job: text(
        category({ job: ref('p.job') }, ['x'], () => 'x' as const),
        'Job',
      ),
      country: text(ref('c.country_label'), 'Country').nullable(),
      orders: integer(
        selectFrom('orders as o').whereRef('o.person_id', '=', 'p.id').select(count().as('n')).$asScalar().$notNull(),
        'Orders',
      ),
    },
  )
})

const sorted = (needed: ReturnType<typeof neededColumns>) =>
  Object.fromEntries([...needed].map(([table, columns]) => [table, [...columns].sort()]))

test('the columns that queries, rules and conditions name, by the table behind each alias', () => {
  expect(sorted(neededColumns([person]))).toEqual({
    person: ['country', 'email', 'id', 'job'],
    country: ['code', 'label'],
    orders: ['person_id'],
  })
})

test('a table whose rows alone are counted needs no column', () => {
  const counted = from(source.selectFrom('person as p')).publish('n', 'N', ({ ref, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
    total: integer(selectFrom('orders').select(count().as('n')).$asScalar().$notNull(), 'Orders'),
  }))
  expect(sorted(neededColumns([counted]))).toEqual({ person: ['id'], orders: [] })
})

test('a name that could stand for columns of two tables asks for none', () => {
  const twice = from(source.selectFrom('person as p')).publish('t', 'T', ({ ref, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
    label: text(
      selectFrom('country as x').whereRef('x.code', '=', 'p.country').select('x.label').$asScalar(),
      'L',
    ).nullable(),
    note: text(
      selectFrom('orders as x').whereRef('x.person_id', '=', 'p.id').select('x.note').$asScalar(),
      'N',
    ).nullable(),
  }))
  expect(sorted(neededColumns([twice]))).toEqual({ person: ['country', 'id'], country: [], orders: [] })
})
