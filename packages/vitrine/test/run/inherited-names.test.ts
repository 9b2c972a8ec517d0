/** Names that every JavaScript object has by inheritance are names like others: of tables, columns, inputs and figures. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readDays } from '../../src/history/history-import.ts'
import * as vitrine from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { connect } from '../../src/postgres/connect.ts'
import { findDrift } from '../../src/source/drift.ts'
import { type ShopRoles, shop as shopPublication } from '../publication/shop.ts'
import { Installation } from './installation.ts'

const inherited = Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith('__'))
// sound because one of them stands for all in the types.
const NAMES = [...inherited, '__proto__'] as readonly 'valueOf'[]
const each = <T>(make: (name: 'valueOf') => T) =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Readonly<Record<'valueOf', T>>
const quoted = (name: string) => `"${name}"`

const source = vitrine.register(
  'public',
  each(() => ({ id: vitrine.open.bigint, ...each(() => vitrine.open.text) })),
)
const tables = NAMES.map((name) =>
  vitrine.from(source.selectFrom(`${name} as t`)).publish(name, 'A table.', ({ ref }) => ({
    id: vitrine.bigint(ref('t.id'), 'Key').primaryKey(),
    ...each((column) => vitrine.text(ref(`t.${column}`), 'Passed')),
    one: vitrine.text(
      vitrine.compute({ [name]: ref(`t.${name}`) }, (values) => `${values[name]}`),
      'From one input',
    ),
    ruled: vitrine.text(
      vitrine
        .compute(
          each((input) => ref(`t.${input}`)),
          (values) => ({ [name]: JSON.stringify(values) }),
        )
        .field(name),
      'From all inputs',
    ),
  })),
)
const days = vitrine.history('days', 'Days.', ({ selectFrom }, { day }) => ({
  id: vitrine.date(day, 'Day').primaryKey(),
  ...each(() =>
    vitrine.before(
      0,
      vitrine.integer(selectFrom('valueOf').select(vitrine.count().as('n')).$asScalar().$notNull(), 'A figure'),
    ),
  ),
  later: vitrine.integer(selectFrom('__proto__').select(vitrine.count().as('n')).$asScalar().$notNull(), 'A figure'),
}))
const publish = (roles: ShopRoles) =>
  vitrine.definePublication({ ...shopPublication(roles, tables), source, histories: [days] })

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 1, publish)
  const columns = NAMES.map((name) => `${quoted(name)} text not null`).join(', ')
  const values = NAMES.map((name) => `'${name}'`).join(', ')
  await shop.change(
    NAMES.map(
      (name) =>
        `create table ${quoted(name)} (id bigint primary key, ${columns}); insert into ${quoted(name)} values (1, ${values})`,
    ).join('; '),
  )
  await shop.provisionSource()
})
afterAll(() => shop.drop())

test('they are checked, published, computed and recorded', async () => {
  expect((await checkPublication(shop.publication)).problems).toEqual([])
  await shop.run()
  await shop.run()
  for (const name of NAMES) {
    const [row] = await shop.look<{ row: string }>(`select to_jsonb(t)::text as row from shop.${quoted(name)} t`)
    const { ruled, ...passed } = JSON.parse(row?.row ?? '')
    expect(passed).toEqual({ id: 1, ...each((column) => column), one: name })
    expect(JSON.parse(ruled)).toEqual(each((column) => column))
  }
  const [day] = await shop.look<{ row: string }>("select (to_jsonb(t) - 'id')::text as row from shop.days t")
  expect(JSON.parse(day?.row ?? '')).toEqual({ ...each(() => 1), later: 1 })
})

test('a file of days may leave out the figures that have an earlier value, and no other', () => {
  const [history] = shop.publication.histories
  if (history === undefined) throw new Error('the publication has a history')
  const file = (...columns: readonly string[]) =>
    readDays(history, `${columns.join()}\n${columns.map((c) => (c === 'id' ? '2024-01-01' : '7')).join()}\n`)
  expect(JSON.stringify(file('id', 'later', '__proto__').rows)).toBe(
    '[{"id":"2024-01-01","later":"7","__proto__":"7"}]',
  )
  expect(() => file('id', '__proto__')).toThrow('HISTORY_FILE_INVALID')
})

test('a column of the source that the register does not name is told, with a line that registers it', async () => {
  const { customer = {} } = shopPublication({ writer: 'w', reader: 'r' }).source.tables
  const registered = vitrine.register('public', { customer })
  await shop.change(`alter table customer ${NAMES.map((name) => `add ${quoted(name)} text`).join(', ')}`)
  const options = { side: 'source', name: 'test', limits: shop.publication.limits } as const
  const session = await connect(shop.source.address(shop.app), options)
  const problems = await findDrift(session, registered)
  await session.end()
  expect(problems.map(({ place }) => place)).toEqual(NAMES.map((name) => `customer.${name}`))
  expect(problems.at(-1)?.remedy).toBe("add to the register: ['__proto__']: personal.text.nullable,")
})

test('a table that is not registered is told', async () => {
  const stranger = vitrine.register('public', { other: { id: vitrine.open.bigint } })
  const { problems } = await checkPublication({ ...shop.publication, histories: [], source: stranger })
  expect(
    problems.map(({ place, detail }) => `${place}: ${detail}`).filter((text) => text.includes('the table')),
  ).toEqual(NAMES.map((name) => `${name}: the table «${name}» is not in the register`))
})
