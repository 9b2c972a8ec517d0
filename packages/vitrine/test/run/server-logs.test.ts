/** What the servers write into their own logs when values are refused: with the settings that PostgreSQL has by itself. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedServer, serverHome, startServer } from '@vitrine/embedded-postgres'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serverFolder } from '../../../../test/server-folder.ts'
import * as vitrine from '../../src/index.ts'
import { requireLedgerFits } from '../../src/record/ledger.ts'
import { type ShopRoles, shop as shopPublication } from '../publication/shop.ts'
import { stats } from '../publication/shop-history.ts'
import { Installation } from './installation.ts'

const source = vitrine.register('public', {
  thing: {
    id: vitrine.open.bigint,
    name: vitrine.open.text,
    number: vitrine.open.bigint,
    note: vitrine.open.text.nullable,
  },
})
const things = vitrine.from(source.selectFrom('thing as t'))
type Build = Parameters<typeof things.publish>[2]
type Columns = Exclude<ReturnType<Build>, { readonly rules: object }>

const thing = (columns: (eb: Parameters<Build>[0]) => Columns) =>
  things.publish('thing', 'A thing.', (eb) => ({
    id: vitrine.bigint(eb.ref('t.id'), 'Key').primaryKey(),
    name: vitrine.text(eb.ref('t.name'), 'Name'),
    ...columns(eb),
  }))
const publish = (roles: ShopRoles, tables: vitrine.Publication['tables'] = [thing(() => ({}))]) =>
  vitrine.definePublication({ ...shopPublication(roles, tables), source })

const folder = serverFolder()
let server: EmbeddedServer
let shop: Installation
beforeAll(async () => {
  server = await startServer({
    dataDirectory: serverHome(join(folder, 'server')),
    version: 18,
    settings: { fsync: 'off' },
  })
  shop = await Installation.create(server, 1, publish)
  await shop.change(`create table thing (id bigint primary key, name text not null, number bigint not null, note text);
    insert into thing select n, 'canary-' || n / 2, 918273645, null from generate_series(1, 9) n`)
})
afterAll(async () => {
  await shop.drop()
  await server.stop('immediate')
  rmSync(server.dataDirectory, { recursive: true, force: true })
  rmSync(`${server.dataDirectory}.pgpass`, { force: true })
  rmSync(folder, { recursive: true, force: true })
})

const log = () => readFileSync(join(server.dataDirectory, 'server.log'), 'utf8')
const quotes = (text: string) => /canary|918273645/.test(text)

async function refused(...tables: Parameters<typeof publish>[1] & object): Promise<string> {
  const publication = publish({ writer: shop.writer.user, reader: shop.reader.user }, tables)
  await shop.migrate(publication)
  const before = log().length
  const { code } = await shop.failure({ publication })
  expect(log().length).toBeGreaterThan(before)
  return code
}

test('a value that the target refuses is not in its log', async () => {
  const { bigint, text, varchar } = vitrine
  const refusals: Readonly<Record<string, readonly vitrine.PublishedTable[]>> = {
    VALUE_NULL: [thing(() => ({ note: text(sql<string>`t.note`, 'Note') }))],
    VALUE_OUT_OF_RANGE: [thing(({ ref }) => ({ number: bigint(ref('t.number'), 'Number').atLeast(10 ** 9) }))],
    VALUE_TOO_LONG: [thing(({ ref }) => ({ short: varchar(3, ref('t.name'), 'Short') }))],
    KEY_DUPLICATE: [thing(({ ref }) => ({ same: text(ref('t.name'), 'Name').unique() }))],
    REFERENCE_BROKEN: [
      thing(({ ref }) => ({ other: bigint(ref('t.number'), 'Other').references(() => thing(() => ({}))) })),
    ],
  }
  for (const [code, tables] of Object.entries(refusals)) {
    expect([await refused(...tables), code, quotes(log())]).toEqual([code, code, false])
  }
})

test('a key of the team that the next version breaks is not in its log', async () => {
  await shop.migrate()
  await shop.change("update thing set name = 'x' || id")
  await shop.run()
  await shop.look('create unique index team_key on shop.thing (name)')
  await shop.change("update thing set name = 'canary-' || id / 2")
  expect(await shop.failure()).toMatchObject({ code: 'KEY_DUPLICATE', place: expect.stringContaining('team_key') })
  expect(quotes(log())).toBe(false)
})

test('a recorded figure that does not fit any more is not in its log', async () => {
  const session = await shop.session()
  const publication = { ...shop.publication, histories: [stats] }
  await shop.look(
    `insert into vitrine.ledger values ('shop', 'shop_stats', '2026-01-01', '{"customers": "canary", "revenue": 1}', 'run', now())`,
  )
  await expect(requireLedgerFits({ session, publication })).rejects.toMatchObject({ code: 'HISTORY_UNREADABLE' })
  await session.end()
  expect(quotes(log())).toBe(false)
})

test('a conversion that fails in the source is in the source’s log, unless its role is told to be quiet', async () => {
  const number = thing(({ cast, ref }) => ({
    number: vitrine.integer(cast<number>(ref('t.name'), 'integer'), 'Number'),
  }))
  await shop.look(`alter role "${shop.reading.user}" set log_min_messages = 'fatal'`)
  expect([await refused(number).catch(() => 'EXPRESSION_FAILED'), quotes(log())]).toEqual(['EXPRESSION_FAILED', false])
  await shop.look(`alter role "${shop.reading.user}" reset log_min_messages`)
  expect([await refused(number), quotes(log())]).toEqual(['EXPRESSION_FAILED', true])
})
