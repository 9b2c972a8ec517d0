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
  type PublishedTable,
  register,
  rows,
  text,
} from '../../src/index.ts'
import { neededColumns } from '../../src/lineage/lineage.ts'

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

async function sorted(table: PublishedTable): Promise<Record<string, readonly string[]>> {
  const needed = await neededColumns(source, [table])
  return Object.fromEntries([...needed].map(([name, columns]) => [name, [...columns].sort()]))
}

test('the columns that queries, rules and conditions name, by the table behind each alias', async () => {
  expect(await sorted(person)).toEqual({
    person: ['country', 'email', 'id', 'job'],
    country: ['code', 'label'],
    orders: ['person_id'],
  })
})

test('a table whose rows alone are counted needs no column', async () => {
  const counted = from(source.selectFrom('person as p')).publish('n', 'N', ({ ref, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
    total: integer(selectFrom('orders').select(count().as('n')).$asScalar().$notNull(), 'Orders'),
  }))
  expect(await sorted(counted)).toEqual({ person: ['id'], orders: [] })
})

test('an alias that stands for two tables, each at its own place', async () => {
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
  expect(await sorted(twice)).toEqual({
    person: ['country', 'id'],
    country: ['code', 'label'],
    orders: ['note', 'person_id'],
  })
})
