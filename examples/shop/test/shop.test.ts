/** What the shop promises, proved on a real PostgreSQL that exists for this test alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { checkPublication, definePublication, from, jsonb, sql, text } from 'vitrine'
import { type PublishedSample, publishSample, selectText } from 'vitrine/testing'
import { customer } from '../publication/customer.js'
import publication from '../publication/dashboards.js'
import { source } from '../publication/register.js'

let sample: PublishedSample
before(async () => {
  sample = await publishSample({ publication, sql: new URL('../../source/', import.meta.url) })
})
after(() => sample.end())

const one = async (asked: string): Promise<unknown> => Object.values((await sample.reader.query(asked))[0] ?? {})[0]
const there = async (asked: string): Promise<unknown> => Object.values((await sample.source.query(asked))[0] ?? {})[0]

test('the money is that of the application, to the cent', async () => {
  const sold = await one('select sum(amount) from shop_line')
  const billed = await there(
    `select round(sum(l.quantity * l.unit_price_cents) / 100.0, 2) from line_items l join orders o on o.id = l.order_id
     left join users u on u.id = o.user_id where o.placed_at is not null and coalesce(u.role, 0) = 0`,
  )
  assert.equal(sold, billed)
  assert.equal(await one('select sum(amount) from shop_order where placed_on is not null'), billed)
  assert.equal(await one('select sum(amount) from shop_category_month'), billed)
})

test('an order belongs to its day in Paris, not in UTC', async () => {
  const [order] = await sample.source.query<{ id: string }>('select id from orders where placed_at is not null limit 1')
  await sample.source.execute(`update orders set placed_at = '2025-06-30 22:30' where id = ${order?.id}`)
  await sample.publish()
  assert.equal(await one(`select placed_on::text from shop_order where id = ${order?.id}`), '2025-07-01')
})

test('staff and closed accounts are no customers; guests and their orders have none', async () => {
  assert.equal(
    await one('select count(*) from shop_customer'),
    await there('select count(*) from users where role = 0 and deleted_at is null'),
  )
  assert.equal(
    await one('select count(*) from shop_order where customer_id is null'),
    await there(
      'select count(*) from orders o left join users u on u.id = o.user_id where u.id is null or (u.role = 0 and u.deleted_at is not null)',
    ),
  )
})

test('a group of fewer than five customers is not told by its place', async () => {
  assert.equal(await one("select count(*) from shop_customer where department = 'Overseas'"), '0')
  const smallest = await one(
    'select min(n) from (select count(*) as n from shop_customer group by country, department) g',
  )
  assert.ok(Number(smallest) >= 5)
})

test('names, documents and tokens cannot be published: TypeScript says no', () => {
  from(source.selectFrom('users as u').innerJoin('orders as o', 'o.user_id', 'u.id')).publish(
    'a',
    'Would be refused.',
    ({ ref }) => ({
      // @ts-expect-error the document holds whatever developers put into it
      settings: jsonb(ref('u.settings'), 'Settings'),
      // @ts-expect-error a name is personal
      name: text(ref('u.last_name'), 'Name'),
      // @ts-expect-error a token is a secret, whatever the reason
      token: text(ref('o.payment_token'), 'Token'),
    }),
  )
})

test('what the types let through, `check` and every run refuse', async () => {
  const laundered = from(source.selectFrom('users as u')).publish('a', 'Is refused.', ({ ref }) => ({
    name: text(sql<string>`lower(${ref('u.last_name')})`, 'Name').primaryKey(),
  }))
  const { problems } = await checkPublication(
    definePublication({ ...publication, tables: [laundered], views: [], histories: [], dashboards: [] }),
  )
  assert.match(problems.map(({ detail }) => detail).join('\n'), /personal column users\.last_name/)
})

test('the query that a night runs names no personal column but those of pseudonyms and rules', () => {
  const read = selectText(customer)
  assert.deepEqual(
    ['first_name', 'last_name', 'phone', 'encrypted_password', 'current_sign_in_ip'].filter((name) =>
      read.includes(name),
    ),
    [],
  )
})
