/** A figure that moves implausibly is told and recorded; it does not stop the run. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installation } from './installation.ts'

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 300)
  await shop.run()
})
afterAll(() => shop.drop())

test('a category whose share moves, and one that swallows all others', async () => {
  const notices: string[] = []
  const observer = (event: { kind: string; text?: string }) => {
    if (event.kind === 'notice' && event.text !== undefined) notices.push(event.text)
  }
  await shop.run({ observer })
  expect(notices).toEqual([])
  await shop.change("update customer set job = 'Chief' where id % 3 = 1 and id < 200")
  const moved = await shop.run({ observer })
  expect(moved.tables[0]?.warnings).toMatchObject([
    { column: 'job', text: '«chief» went from 33 % to 56 % of the rows' },
    { column: 'job', text: '«other» went from 33 % to 11 % of the rows' },
  ])
  await shop.change("update customer set job = 'Chief'")
  const { run } = await shop.run({ observer })
  expect(notices.at(-1)).toBe('implausible figure in shop_customer.job: every row has «chief», which was 56 % of them')
  const [record] = await shop.look(
    `select warnings from vitrine.run_table where run_id = ${run} and table_name = 'shop_customer'`,
  )
  const text = 'every row has «chief», which was 56 % of them'
  const chief = { value: 'chief', before: expect.closeTo(0.56, 2), now: 1 }
  expect(record).toEqual({ warnings: [{ column: 'job', text, moved: chief }] })
})
