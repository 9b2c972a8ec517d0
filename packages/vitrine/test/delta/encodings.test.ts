/** Keys that are texts, in a source that writes them in other bytes than the target: a delta night is never wrong. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bigint, from, open, register, text } from '../../src/index.ts'
import { Nights } from './nights.ts'

const source = register('public', { thing: { name: open.text, n: open.bigint } })
const thing = from(source.selectFrom('thing as t')).publish('shop_thing', 'A thing.', ({ ref }) => ({
  name: text(ref('t.name'), 'Key').primaryKey(),
  n: bigint(ref('t.n'), 'Number'),
}))

let nights: Nights
beforeAll(async () => {
  nights = await Nights.create(
    18,
    { source, tables: [thing] },
    [
      "create table thing (name text primary key, n bigint not null); insert into thing select 'clé ' || n, n from generate_series(1, 300) n",
    ],
    { encodings: { source: 'LATIN1' } },
  )
})
afterAll(() => nights.drop())

test('what changed, came and went is published; where keys cannot be compared, all is read', async () => {
  await nights.begin()
  await nights.judged()
  await nights.change(
    "update thing set n = n + 1 where n = 3; delete from thing where n = 7; insert into thing values ('été', 0)",
  )
  expect(await nights.judged()).toEqual({ shop_thing: 'full' })
  expect(nights.told?.tables[0]?.reason).toBe('the kept rows with what changed would not have the keys of the source')
  await nights.judged()
})
