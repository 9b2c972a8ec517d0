/** Versions that have left: what is ours is dropped by its identity, in steps of few locks; what is not ours never is. */
import { serverHome, startServer } from '@vitrine/embedded-postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverFolder } from '../../../../test/server-folder.ts'
import { because, bigint, from, type Publication } from '../../src/index.ts'
import { RETIRED, type ShopRoles, shop as shopOf, source } from '../publication/shop.ts'
import { Installation } from '../run/installation.ts'

let shop: Installation
beforeAll(async () => {
  shop = await Installation.create(18, 5)
  await shop.run()
  await shop.run()
})
afterAll(() => shop.drop())

const refused = async () => {
  const { code, problems } = await shop.failure()
  return [code, ...problems.map(({ place }) => place)]
}
const inShop = async (name: string) =>
  (await shop.look<{ kind: string }>(`select relkind as kind from pg_class where oid = to_regclass('shop.${name}')`))
    .length

test('a comment that somebody edits on a schema of ours stops no run', async () => {
  await shop.look(`comment on schema ${RETIRED} is 'mine'`)
  await shop.run()
  expect(await shop.leftovers()).toEqual([])
})

test('a restored target has other OIDs: its version is recognised and leaves, and what the team has there stays', async () => {
  await shop.look(`create table shop.mine (id bigint); alter table shop.mine owner to "${shop.writer.user}"`)
  await shop.look('update vitrine.made set register = 1')
  await shop.run()
  await shop.run()
  expect(await shop.leftovers()).toEqual([])
  expect(await inShop('mine')).toBe(1)
  await shop.look('drop table shop.mine')
})

test('a table of ours that somebody renamed, or put another one in the place of, is theirs: named, and kept', async () => {
  await shop.look('alter table shop.shop_purchase rename to mine')
  expect(await refused()).toContain('table shop.mine')
  await shop.look('alter table shop.mine rename to shop_purchase')
  await shop.look(`
    alter table shop.shop_purchase rename to was; create table shop.shop_purchase (id bigint);
    alter table shop.shop_purchase owner to "${shop.writer.user}"`)
  expect(await refused()).toContain('table shop.shop_purchase')
  await shop.look('drop table shop.shop_purchase; alter table shop.was rename to shop_purchase')
  await shop.run()
})

test('what cannot be removed is named, never dropped; a second such version stops the run before it stages', async () => {
  await shop.look(
    `create table shop.mine (id bigint); alter table shop.mine owner to ${JSON.stringify(shop.writer.user)}`,
  )
  const notices: string[] = []
  for (let night = 0; night < 2; night++) {
    await shop.look(`create table ${RETIRED}.mine (id bigint)`)
    await shop.run({ observer: (event) => event.kind === 'notice' && notices.push(event.text) })
  }
  expect(notices.join()).toMatch(
    new RegExp(`not removed yet.*${RETIRED}_1 \\(not made by this tool: table ${RETIRED}_1\\.mine\\)`),
  )
  expect(await refused()).toEqual(['VERSIONS_LEFT', `${RETIRED}_1`, `${RETIRED}_2`])
  await shop.look(`drop schema ${RETIRED}_1 cascade; drop table ${RETIRED}_2.mine`)
  await shop.run()
  expect(await shop.leftovers()).toEqual([])
})

test('a hundred tables leave a server with few locks, night after night, and as many as it has locks for are changed', async () => {
  const server = await startServer({
    dataDirectory: serverHome(serverFolder()),
    version: 18,
    ephemeral: true,
    settings: { max_connections: '20', max_locks_per_transaction: '10', shared_buffers: '32MB', autovacuum: 'off' },
  })
  const tables = Array.from({ length: 100 }, (_, n) =>
    from(source.selectFrom('customer as c')).publish(`shop_${n}`, 'One of many.', ({ ref }) => ({
      id: bigint(because(ref('c.id'), 'stable key'), 'Key').primaryKey(),
    })),
  )
  const limits = { deltaFloorRows: 0, deltaShare: 100 }
  const many = (roles: ShopRoles): Publication => ({
    ...shopOf(roles),
    tables,
    limits: { ...shopOf(roles).limits, ...limits },
  })
  const { port, superuser, password } = server
  try {
    const wide = await Installation.create({ host: '127.0.0.1', port, superuser, password }, 1, many)
    const notices: string[] = []
    const changed: number[] = []
    for (let night = 0; night < 4; night++) {
      const report = await wide.run({ observer: (event) => event.kind === 'notice' && notices.push(event.text) })
      changed.push(report.tables.filter(({ way }) => way === 'delta').length)
    }
    // Half of its 200 locks, a dozen for each table: no more of them are changed in one transaction.
    expect([notices, changed, await wide.leftovers()]).toEqual([[], [0, 0, 8, 8], []])
    await wide.drop()
  } finally {
    await server.stop('immediate')
  }
})
