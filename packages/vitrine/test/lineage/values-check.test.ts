/** What `check` says of accepted patterns and of groups of rows. */
import { expect, test } from 'vitest'
import {
  because,
  bigint,
  checkPublication,
  definePublication,
  from,
  integer,
  maskedGroup,
  type PublishedTable,
  rows,
  sql,
  text,
} from '../../src/index.ts'
import { source } from './judged.ts'

const checked = (table: PublishedTable) =>
  checkPublication(definePublication({ schema: 's', name: 's', writer: 'w', reader: 'r', source, tables: [table] }))

async function said(accepted: readonly [string, string][], kAnonymous?: object): Promise<readonly string[]> {
  const table = from(source.selectFrom('person as p')).publish('t', 'T', ({ ref }) => {
    let city = text(ref('p.city'), 'City').nullable()
    // sound, here and below, because what does not compile is what is tried.
    for (const [pattern, reason] of accepted) city = city.accept(pattern as 'JWT', reason)
    const id = bigint(because(ref('p.id'), 'key'), 'Key').primaryKey()
    const columns = { id, city, size: integer(ref('p.size'), 'Size') }
    return rows(kAnonymous === undefined ? {} : { kAnonymous: kAnonymous as never }, columns)
  })
  const { problems } = await checked(table)
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

/** What is warned of where a number of the person stands beside the masked name, in the group or in clear. */
async function warned(inGroup: boolean, form: 'plain' | 'unique' | 'key'): Promise<readonly string[]> {
  const table = from(source.selectFrom('person as p')).publish('t', 'T', ({ ref }) => {
    const natural = sql<string>`cast(${because(ref('p.id'), 'public')} as text)`
    const isPerson = sql<boolean>`${ref('p.legal')} is null or ${ref('p.legal')} = 1000`
    const both = maskedGroup(isPerson, 'names of companies', {
      name: [ref('p.name'), 'hidden'],
      number: [natural, null],
    })
    const id = bigint(because(ref('p.id'), 'key'), 'Key')
    const number = inGroup ? text(both.number, 'Number').nullable() : text(natural, 'Number')
    const name = text(both.name, 'Name')
    if (form === 'key') return { number: text(natural, 'Number').primaryKey(), name }
    return { id: id.primaryKey(), number: form === 'unique' ? number.unique() : number, name }
  })
  const { problems, warnings } = await checked(table)
  expect(problems).toEqual([])
  return warnings.map(({ place, detail }) => `${place}: ${detail}`)
}

test('a unique number in clear beside a masked name is warned of; a generated key and a masked number are not', async () => {
  const warning = ['t.number: it is unique, and not masked where person.name is']
  expect(await warned(false, 'unique')).toEqual(warning)
  expect(await warned(false, 'key')).toEqual(warning)
  expect(await warned(false, 'plain')).toEqual([])
  expect(await warned(true, 'unique')).toEqual([])
})
