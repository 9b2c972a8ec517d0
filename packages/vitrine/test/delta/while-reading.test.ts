/**
 * The source's tables change while a night reads them: between the questions about them and the snapshot, and after it. The
 * night is refused, or publishes what there is; and the nights after it go on from nothing that is not so.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import { RETIRED } from '../publication/shop.ts'
import { FaultyNetwork } from '../run/faults/network.ts'
import { Nights } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

/** What changes rows that nobody touches, each on a table of its own; done and undone by turns. */
const CHANGES: Readonly<
  Record<string, readonly [before: readonly string[], done: readonly string[], undone: readonly string[]]>
> = {
  columns_renamed: [
    [],
    [
      'alter table $t rename label to between; alter table $t rename other to label; alter table $t rename between to other',
    ],
    [
      'alter table $t rename label to between; alter table $t rename other to label; alter table $t rename between to other',
    ],
  ],
  label_of_enum: [
    ["create type $t_kind as enum ('one', 'two')", "alter table $t alter other type $t_kind using 'one'::$t_kind"],
    ["alter type $t_kind rename value 'one' to 'uno'"],
    ["alter type $t_kind rename value 'uno' to 'one'"],
  ],
  dropped_and_added: [
    [],
    ["alter table $t drop other; alter table $t add other text default 'done'"],
    ["alter table $t drop other; alter table $t add other text default 'undone'"],
  ],
  child: [
    [
      'create table $t_child (like $t including all)',
      "insert into $t_child select id + 300, 'k' || id, 'child', other, amount, seen, sole, hidden, email from $t",
    ],
    ['alter table $t_child inherit $t'],
    ['alter table $t_child no inherit $t'],
  ],
}
const NAMES = ['first', ...Object.keys(CHANGES)]

let nights: Nights
let network: FaultyNetwork
beforeAll(async () => {
  const source = thingSource(NAMES)
  const sql = NAMES.flatMap((name) =>
    [CREATE, fillSql(40), ...(CHANGES[name]?.[0] ?? [])].map((text) => text.replaceAll('$t', name)),
  )
  nights = await Nights.create(
    18,
    { source, tables: NAMES.map((name) => publishThing(source, name)), limits: { copyStreams: 1 } },
    sql,
  )
  network = await FaultyNetwork.to(nights.shop.source.address())
})
afterAll(async () => {
  await network.close()
  await nights.drop()
})

let turns = 0
/** One after the other; what is being read cannot be changed, and is left alone. */
async function changeTables(): Promise<void> {
  turns += 1
  const client = await nights.shop.source.connect({ role: nights.shop.app })
  await client.query("set lock_timeout = '200ms'")
  for (const [name, [, done, undone]] of Object.entries(CHANGES)) {
    for (const sql of turns % 2 === 1 ? done : undone)
      await client.query(sql.replaceAll('$t', name)).catch(() => undefined)
  }
  for (const name of NAMES) await client.query(`grant select on ${name} to "${nights.shop.reading.user}"`)
  await nights.shop.source.close(client)
}

test.each([
  ['before the snapshot', /pg_export_snapshot/],
  ['after the snapshot, before anything is read', /bit_xor/],
  ['when what changed is copied', /copy \(select/i],
  ['when keys are read', /copy \(select r\."id" from/i],
])('%s', async (_when, statement) => {
  for (let settle = 0; settle < 3; settle++) await nights.night()
  for (let round = 0; round < 2; round++) {
    await nights.change(
      ...NAMES.map(
        (name) =>
          `update ${name} set amount = ${turns} where id in (4, 5); delete from ${name} where id = ${10 + turns}`,
      ),
    )
    const before = await nights.published()
    network.trap(statement, 'statement', changeTables)
    const source = { ...nights.shop.source.address(nights.shop.reading), port: network.port }
    const code = await nights.night({ source }).then(
      () => null,
      (thrown: unknown) => asVitrineError(thrown).code,
    )
    network.heal()
    if (code === null) await nights.judge()
    else expect([code, await nights.published()]).toEqual(['SOURCE_DRIFT', before])
    for (let after = 0; after < 3; after++) await nights.judged()
  }
})

test.each([
  ['a row', "update $k set name = 'forged' where id = 3"],
  ['its rows', 'delete from $k where id = 3'],
  ['its form', 'create index extra on $k (name)'],
])(
  '%s of a kept table changes after what changed was told: the night is refused, and the next one reads it whole',
  async (_what, sql) => {
    const target = await FaultyNetwork.to(nights.shop.target.address())
    for (let settle = 0; settle < 3; settle++) await nights.night()
    const before = await nights.published()
    target.trap(/share row exclusive/, 'statement', async () => {
      await nights.shop.look(sql.replaceAll('$k', `${RETIRED}.shop_first`))
    })
    const address = { ...nights.shop.target.address(nights.shop.writer), port: target.port }
    const error = await nights.night({ target: address }).catch(asVitrineError)
    await target.close()
    expect(error).toMatchObject({ code: 'SERIALIZATION', place: 'shop_first' })
    expect(await nights.published()).toEqual(before)
    expect((await nights.judged())['shop_first']).toBe('full')
  },
)
