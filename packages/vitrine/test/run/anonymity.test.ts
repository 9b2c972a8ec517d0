/** Tables that tell of groups of rows: a smaller one is refused, or suppressed for every reader, and both are told by counts. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { outcomesText } from '../../src/cli/run-list.ts'
import { because, bigint, compute, from, integer, rows, text } from '../../src/index.ts'
import { latestRuns } from '../../src/record/runs.ts'
import { type ShopRoles, shop as shopPublication, source } from '../publication/shop.ts'
import { Installation } from './installation.ts'

const K = 3
const groupsOf = (otherwise: 'refuse' | 'suppress') =>
  from(source.selectFrom('customer as c')).publish('shop_customer', 'A customer.', ({ ref }) => {
    const columns = {
      id: bigint(because(ref('c.id'), 'key'), 'Key').primaryKey(),
      country: integer(ref('c.country'), 'Country').nullable(),
      name: text(
        compute({ name: ref('c.name') }, ({ name }) => (name === 'none' ? null : name)),
        'Name',
      ).nullable(),
    }
    return rows({ kAnonymous: { k: K, columns: ['country', 'name'], otherwise } }, columns)
  })
const publicationOf = (otherwise: 'refuse' | 'suppress') => (roles: ShopRoles) =>
  shopPublication(roles, [groupsOf(otherwise)])

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 0, publicationOf('suppress'))
})
afterAll(() => shop.drop())

type Cells = readonly [country: number | null, name: string | null]
const keyOf = ([country, name]: Cells) => JSON.stringify([country, name])
const HIDDEN = keyOf([null, null])

async function fill(cells: readonly Cells[]): Promise<void> {
  const values = cells.map(([country, name], index) => `(${index}, 'x', 'x', '${name ?? 'none'}', ${country}, now())`)
  const insert = `insert into customer (id, email, password, name, country, created_at) values ${values.join(', ')}`
  await shop.change(`truncate customer, purchase; ${values.length === 0 ? '' : insert}`)
}

/** Numbers of rows by group. */
function sizes(cells: readonly Cells[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const cell of cells) found.set(keyOf(cell), 1 + (found.get(keyOf(cell)) ?? 0))
  return found
}

test('suppressed: no group under k, no larger group hidden without need, the counts recorded', async () => {
  const cell = fc.tuple(fc.constantFrom(1, 2, null), fc.constantFrom('a', 'b', null))
  const tables = fc.array(cell, { minLength: K, maxLength: 16 })
  const session = await shop.session()
  const cases = fc.asyncProperty(tables, async (cells) => {
    await fill(cells)
    // Began before the run: it may see the older version or the newer one, but nothing that was suppressed.
    const reader = await shop.asReader()
    await reader.query('begin isolation level repeatable read; select 1')
    const report = await shop.run({ allowShrink: true })
    const found = await shop.look<{ id: string; country: number | null; name: string | null }>(
      'select id, country, name from shop.shop_customer order by id',
    )
    const published = found.map(({ country, name }): Cells => [country, name])
    expect(published).toHaveLength(cells.length)
    expect([...sizes(published).values()].filter((rows) => rows < K)).toEqual([])
    const seen = await reader.query('select id, country, name from shop.shop_customer order by id')
    expect(seen.rows).toEqual(found)
    await shop.target.close(reader)

    const before = sizes(cells)
    const hidden = new Set(cells.filter((was, index) => keyOf(was) !== keyOf(published[index] as Cells)).map(keyOf))
    for (const [index, is] of published.entries()) {
      const was = keyOf(cells[index] as Cells)
      expect(keyOf(is)).toBe(hidden.has(was) ? HIDDEN : was)
    }
    const larger = [...hidden].filter((group) => (before.get(group) ?? 0) >= K)
    const smaller = [...before]
      .filter(([group, rows]) => rows < K || group === HIDDEN)
      .reduce((sum, [, rows]) => sum + rows, 0)
    expect(larger.length).toBeLessThanOrEqual(smaller > 0 && smaller < K ? 1 : 0)
    const suppressed = { groups: hidden.size, rows: cells.filter((was) => hidden.has(keyOf(was))).length }
    expect(report.tables[0]?.suppressed).toEqual(suppressed)
    const said = outcomesText(report.tables, shop.publication)
    expect(said.includes('shop_customer: cells of ')).toBe(suppressed.rows > 0)
    expect((await latestRuns(session, 'shop', 1))[0]?.tables[0]?.suppressed).toEqual(suppressed)
    expect(await shop.leftovers()).toEqual([])
  })
  const lonely: Cells[] = [
    [1, 'a'],
    [1, 'b'],
    [1, 'b'],
    [1, 'b'],
    [2, 'a'],
    [2, 'a'],
    [2, 'a'],
    [2, 'a'],
  ]
  await fc.assert(cases, {
    numRuns: 7,
    examples: [
      [lonely],
      [
        [
          [1, 'a'],
          [1, 'b'],
          [2, null],
        ],
      ],
      [Array(4).fill([1, 'a'])],
    ],
  })
  await session.end()
})

test('fewer rows than k cannot be hidden, and no row at all needs not be', async () => {
  await fill([
    [1, 'canary'],
    [null, null],
  ])
  const error = await shop.failure({ allowShrink: true })
  expect(error).toMatchObject({
    code: 'K_ANONYMITY',
    place: 'shop_customer',
    detail: '1 group of fewer than 3 rows by country, name, 2 rows in all.',
  })
  expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('canary')
  expect(await shop.leftovers()).toEqual([])
  await fill([])
  expect((await shop.run({ allowShrink: true })).tables[0]?.suppressed).toEqual({ groups: 0, rows: 0 })
})

test('refused: the version before stays, and what is large enough passes', async () => {
  const publication = publicationOf('refuse')({ writer: shop.writer.user, reader: shop.reader.user })
  await fill([1, 1, 1, 2, 2, 3].map((country): Cells => [country, 'a']))
  const error = await shop.failure({ publication, allowShrink: true })
  expect(error).toMatchObject({
    code: 'K_ANONYMITY',
    place: 'shop_customer',
    detail: '2 groups of fewer than 3 rows by country, name, 3 rows in all.',
  })
  expect(await shop.look('select id from shop.shop_customer')).toEqual([])
  await fill([1, 1, 1, 2, 2, 2].map((country): Cells => [country, 'a']))
  expect((await shop.run({ publication })).tables[0]?.suppressed).toBeNull()
})
