/** Views over published tables: the reader reads them, every switch and rollback brings the right ones, `check` refuses the rest. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  because,
  bigint,
  category,
  checkPublication,
  definePublication,
  from,
  integer,
  over,
  type Publication,
  type PublishedTable,
  rows,
  runYear,
  text,
  varchar,
} from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { customer, shop, source } from '../publication/shop.ts'
import { ACROSS, Installation } from './installation.ts'

const extra = from(source.selectFrom('purchase as p')).publish('shop_extra', 'More.', ({ ref }) => ({
  id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
}))
const customers = over(customer).selectFrom('shop_customer as c')
const named = from(customers).publish('shop_named', 'A customer by name.', ({ ref }) => ({
  id: bigint(because(ref('c.id'), 'stable key'), 'Key')
    .primaryKey()
    .references(() => customer),
  name: varchar(20, ref('c.name'), 'Trade name'),
}))
const both = from(
  over(customer, extra).selectFrom('shop_customer as c').innerJoin('shop_extra as x', 'x.id', 'c.id'),
).publish('shop_both', 'Both.', ({ ref }) => ({ id: bigint(because(ref('x.id'), 'stable key'), 'Key').primaryKey() }))
const withViews = (publication: Publication, tables: readonly PublishedTable[], views: readonly PublishedTable[]) =>
  definePublication({ ...publication, tables: [...publication.tables, ...tables], views })

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let installation: Installation
  beforeAll(async () => {
    installation = await Installation.createFor(way, version, 40, (roles) => withViews(shop(roles), [], [named]))
  })
  afterAll(() => installation.drop())

  const read = async (view: string) => {
    const reader = await installation.asReader()
    const { rows: found } = await reader
      .query(`select * from shop.${view} order by id limit 1`)
      .finally(() => installation.target.close(reader))
    return found[0]
  }
  const back = (publication: Publication) =>
    rollback({
      publication,
      target: installation.target.address(installation.writer),
    })

  test('they follow each switch and each rollback; one that an older version cannot have stays away', async () => {
    const rename = (name: string) => installation.change(`update customer set name = '${name}'`)
    await rename('First')
    await installation.run()
    expect(await read('shop_named')).toEqual({ id: '1', name: 'First' })
    await rename('Second')
    const later = withViews(installation.publication, [extra], [named, both])
    await installation.migrate(later)
    await installation.run({ publication: later })
    expect([await read('shop_named'), await read('shop_both')]).toEqual([{ id: '1', name: 'Second' }, { id: '1' }])
    await back(later)
    expect(await read('shop_named')).toEqual({ id: '1', name: 'First' })
    await expect(read('shop_both')).rejects.toThrow('does not exist')
    await back(later)
    expect(await read('shop_both')).toEqual({ id: '1' })
    await installation.run({ publication: later })
    await installation.run({ publication: later, only: ['shop_customer'] })
    expect(await read('shop_named')).toEqual({ id: '1', name: 'Second' })
    expect(await installation.leftovers()).toEqual([])
  })
})

test.each<[string, PublishedTable, string]>([
  [
    'a rule',
    from(customers).publish('shop_ruled', 'A rule.', ({ ref }) => ({
      id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
      kind: text(
        category({ name: ref('c.name') }, ['a'], () => 'a'),
        'Kind',
      ),
    })),
    'a view has a rule',
  ],
  [
    'rows kept by a rule',
    from(customers).publish('shop_kept', 'Kept.', ({ ref }) =>
      rows(
        { kAnonymous: { k: 5, columns: ['id'], otherwise: 'refuse' } },
        { id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey() },
      ),
    ),
    'a view has a rule',
  ],
  [
    'the day of the run',
    from(customers).publish('shop_dated', 'Dated.', ({ ref }) => ({
      id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
      year: integer(runYear('UTC'), 'Year'),
    })),
    'a view asks for the day of the run',
  ],
  [
    'an indirect value without a reason',
    from(customers).publish('shop_bare', 'Bare.', ({ ref }) => ({ id: bigint(ref('c.id'), 'Key').primaryKey() })),
    'indirect',
  ],
  [
    'a table that is not published',
    from(over(extra).selectFrom('shop_extra as x')).publish('shop_else', 'Else.', ({ ref }) => ({
      id: bigint(because(ref('x.id'), 'stable key'), 'Key').primaryKey(),
    })),
    'not among the published tables',
  ],
])('check refuses %s', async (_, view, said) => {
  const { problems } = await checkPublication(withViews(shop({ writer: 'w', reader: 'r' }), [], [view]))
  expect(problems.map(({ detail }) => detail).join('\n')).toContain(said)
})
