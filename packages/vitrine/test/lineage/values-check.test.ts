/** What `check` says of accepted patterns and of groups of rows. */
import { expect, test } from 'vitest'
import { because, bigint, checkPublication, definePublication, from, integer, rows, text } from '../../src/index.ts'
import { source } from './judged.ts'

async function said(accepted: readonly [string, string][], kAnonymous?: object): Promise<readonly string[]> {
  const table = from(source.selectFrom('person as p')).publish('t', 'T', ({ ref }) => {
    let city = text(ref('p.city'), 'City').nullable()
    // sound, here and below, because what does not compile is what is tried.
    for (const [pattern, reason] of accepted) city = city.accept(pattern as 'JWT', reason)
    const id = bigint(because(ref('p.id'), 'key'), 'Key').primaryKey()
    const columns = { id, city, size: integer(ref('p.size'), 'Size') }
    return rows(kAnonymous === undefined ? {} : { kAnonymous: kAnonymous as never }, columns)
  })
  const names = { schema: 's', name: 's', zone: 'UTC', writer: 'w', reader: 'r' }
  const { problems } = await checkPublication(definePublication({ ...names, source, tables: [table] }))
  return problems.map(({ place, detail }) => `${place}: ${detail}`)
}

test('a pattern is accepted by its name, once, with a reason', async () => {
  expect(await said([['NIR', 'fictional persons']])).toEqual([])
  const accepted = await said([
    ['JWT', ' '],
    ['passport', 'x'],
    ['IBAN', 'x'],
    ['IBAN', 'y'],
  ])
  expect(accepted).toEqual([
    't.city: it accepts JWT without a reason',
    't.city: it accepts an unknown pattern',
    't.city: it accepts IBAN twice',
  ])
})

test('a group has columns of the table that rows can share, and a k', async () => {
  expect(await said([], { k: 5, columns: ['city', 'size'], otherwise: 'refuse' })).toEqual([])
  expect(await said([], { k: 5, columns: ['city'], otherwise: 'suppress' })).toEqual([])
  expect(await said([], { k: 1.5, columns: ['city', 'town', 'city', 'id', 'size'], otherwise: 'suppress' })).toEqual([
    't (kAnonymous): its k is not a whole number of at least 2',
    't (kAnonymous): it names town, which the table does not have',
    't (kAnonymous): it names city twice',
    't (kAnonymous): it names id, which is different in every row',
    't (kAnonymous): it suppresses size, which is not nullable',
  ])
  expect(await said([], { k: 5, columns: [], otherwise: 'hide' })).toEqual([
    't (kAnonymous): it names no column',
    't (kAnonymous): it says neither refuse nor suppress',
  ])
})
