/** What the reader can see beside the rows: statistics and the information schema know the published version alone. */
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as vitrine from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { RETIRED, STAGING, shop as wideShop } from '../publication/shop.ts'
import { ACROSS, Installation } from './installation.ts'
import { killedRun } from './killed-run.ts'
import { LISTINGS, METABASE_FIELDS, METABASE_KEYS } from './listings.ts'
import { plainShop } from './plain-shop.mjs'

interface Look {
  readonly sql: string
  readonly begun: number
  readonly ended: number
  /** Rows about anything of ours but the published schema. */
  readonly found: readonly string[]
}

/** Views that show more to whoever has more rights: what they say of our schemas, but for the published one. */
const STATISTICS = ['pg_stats', 'pg_stats_ext', 'pg_stats_ext_exprs'].map(
  (view) => `select v::text as found from pg_catalog.${view} v where schemaname ~ '^shop_' or v::text ~ 'unpublished'`,
)
const informationSchema = async (client: pg.Client) =>
  (
    await client.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'information_schema'::regnamespace and relkind = 'v' and has_table_privilege(oid, 'select')",
    )
  ).rows.map(
    ({ name }) => `select v::text as found from information_schema.${name} v where v::text ~ 'shop_(next|previous)'`,
  )

/** Of every schema, so that the rights on staged tables have been asked for, too. */
const EVERY_TABLE = `
  select distinct table_schema, table_name from information_schema.columns
  join information_schema.tables using (table_schema, table_name) where table_schema ~ '^shop' order by 2`

/** Asks everything in a loop, through one session or, where `anew`, through one for each round. It leaves the runs some room. */
class Onlooker {
  readonly looks: Look[] = []
  readonly errors: string[] = []
  #looking = true
  readonly #done: Promise<void>

  constructor(shop: Installation, anew: boolean) {
    this.#done = this.#look(shop, anew)
  }

  async #look(shop: Installation, anew: boolean): Promise<void> {
    let client = await shop.asReader()
    const seeing = [...STATISTICS, ...(await informationSchema(client))]
    while (this.#looking) {
      for (const sql of [...seeing, ...LISTINGS]) {
        const begun = performance.now()
        try {
          const { rows } = await client.query<{ found: string }>(sql)
          const found = LISTINGS.includes(sql) ? [] : rows.map((row) => row.found)
          this.looks.push({ sql, begun, ended: performance.now(), found })
        } catch (error) {
          this.errors.push(`${error instanceof Error ? error.message : 'unknown'}: ${sql.slice(0, 100)}`)
        }
        await pause(10)
      }
      if (!anew) continue
      await shop.target.close(client)
      client = await shop.asReader()
    }
    await shop.target.close(client)
  }

  async stop(): Promise<void> {
    this.#looking = false
    await this.#done
  }
}

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  const wide = () => wideShop({ writer: shop.writer.user, reader: shop.reader.user })
  const back = (publication: vitrine.Publication) =>
    rollback({
      publication,
      target: shop.target.address(shop.writer),
    })
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 200, (roles) => plainShop(vitrine, roles))
    // Even where all that the writer makes is the reader's by default.
    await shop.look(
      `alter default privileges for role "${shop.writer.user}" grant select on tables to "${shop.reader.user}"`,
    )
    for (let run = 0; run < 2; run++) await shop.run()
  })
  afterAll(async () => {
    await shop.look(`drop owned by "${shop.reader.user}"`)
    await shop.drop()
  })

  test('no statistics and no row of the information schema tell of what is not published, and no listing fails', async () => {
    const onlookers = [new Onlooker(shop, false), new Onlooker(shop, true)]
    /** From the publish phase until what left is closed: PostgreSQL reads names as they were, and rights as they are. */
    const switches: { readonly begun: number; ended: number }[] = []
    const observer: Parameters<Installation['run']>[0] = {
      observer: (event) => {
        if (event.kind !== 'phase') return
        if (event.phase === 'publish') switches.push({ begun: performance.now(), ended: Number.POSITIVE_INFINITY })
        const last = switches.at(-1)
        if (event.phase === 'record' && last !== undefined) last.ended = performance.now()
      },
    }
    const name = (text: string) => shop.change(`update customer set name = '${text}' where id % 2 = 0`)
    await shop.run(observer)
    await name('a@unpublished.org')
    expect((await shop.failure(observer)).code).toBe('PRIVACY_VIOLATION')
    await name('unpublished')
    // Killed as it publishes, by its own clock: before the switch. It leaves the rights to the next run.
    const killed = { begun: performance.now(), ended: Number.POSITIVE_INFINITY }
    switches.push(killed)
    expect(await killedRun(shop, 'publish', 0)).toBe('killed')
    await name('Published')
    await shop.migrate(wide())
    await shop.run({ ...observer, publication: wide() })
    killed.ended = performance.now()
    for (let turn = 0; turn < 2; turn++) {
      await rollback({
        publication: wide(),
        target: shop.target.address(shop.writer),
        ...observer,
      })
    }
    await shop.run({ ...observer, publication: wide() })
    for (const onlooker of onlookers) await onlooker.stop()

    expect(onlookers.flatMap(({ errors }) => errors)).toEqual([])
    const looks = onlookers.flatMap((onlooker) => onlooker.looks)
    expect(looks.length).toBeGreaterThan(200)
    expect(looks.filter(({ found }) => found.some((row) => row.includes('unpublished')))).toEqual([])
    const beside = looks.filter(({ begun, ended }) => !switches.some((at) => begun <= at.ended && ended >= at.begun))
    expect(beside.length).toBeGreaterThan(100)
    expect(beside.filter(({ found }) => found.length > 0)).toEqual([])
    expect(switches).toHaveLength(6)
  })

  test('a listing before, over or at the instant of a switch lacks no table, and finds no name that is not published', async () => {
    const limits = { ...shop.publication.limits, listingsEndWithinMs: 60_000 }
    const publication = Object.freeze({ ...shop.publication, limits })
    await shop.migrate(publication)
    const [before, listing, instant, after] = await Promise.all([1, 2, 3, 4].map(() => shop.asReader()))
    if (!before || !listing || !instant || !after) throw new Error('no sessions')
    // Prepared, so that a session that has locked the catalogue takes the rights from its memory.
    const listed = async (client: pg.Client) => {
      const { rows } = await client.query({ name: 'tables', text: EVERY_TABLE })
      return rows.filter((row) => row['table_schema'] === 'shop').map((row) => row['table_name'])
    }
    const tables = ['shop_customer', 'shop_purchase', 'vitrine_freshness', 'vitrine_runs', 'vitrine_unknowns']
    const statistics = async () =>
      (await after.query("select distinct schemaname as name from pg_stats where schemaname ~ '^shop'")).rows
    const unpublished = async () =>
      (
        await after.query(`
          select table_name, column_name from information_schema.columns where table_schema ~ '^shop_'
          except select table_name, column_name from information_schema.columns where table_schema = 'shop'`)
      ).rows
    for (const [again, incoming] of [
      [() => shop.run({ publication }), STAGING],
      [() => back(publication), RETIRED],
    ] as const) {
      // Its snapshot is that of a listing which began before the switch.
      await before.query('begin isolation level repeatable read; select')
      await listing.query('begin')
      expect(await listed(listing)).toEqual(tables)
      const identity = "select 'shop.shop_customer'::regclass::oid as oid"
      const [{ oid } = { oid: 0 }] = await shop.look(identity)
      let ended = false
      const running = again().finally(() => {
        ended = true
      })
      const announced = `select from pg_class where relnamespace = '${incoming}'::regnamespace and relname = 'shop_customer'
        and has_any_column_privilege('${shop.reader.user}', oid, 'references')`
      while ((await shop.look(announced)).length === 0) expect(ended).toBe(false)
      await instant.query('begin')
      expect(await listed(instant)).toEqual(tables)
      expect(await unpublished()).toEqual([])
      expect(await statistics()).toEqual([{ name: 'shop' }])
      await listing.query('commit')
      while ((await shop.look(identity))[0]?.['oid'] === oid) expect(ended).toBe(false)
      for (const client of [before, instant, after]) expect(await listed(client)).toEqual(tables)
      expect(await statistics()).toEqual([{ name: 'shop' }])
      expect(await unpublished()).toEqual([])
      expect(ended).toBe(false)
      for (const client of [before, instant]) await client.query('commit')
      await running
      expect(await statistics()).toEqual([{ name: 'shop' }])
      const left = `select table_name from information_schema.tables where table_schema in ('${STAGING}', '${RETIRED}')`
      expect((await after.query(left)).rows).toEqual([])
      expect((await after.query('select count(*)::integer as n from shop.shop_customer')).rows).not.toEqual([{ n: 0 }])
    }
    for (const client of [before, listing, instant, after]) await shop.target.close(client)
    await shop.migrate(wide())
  })

  test('a run that was killed between its announcement and its switch leaves rights to nobody for longer than that', async () => {
    await shop.migrate()
    const [listing, admin] = [await shop.asReader(), await shop.target.connect()]
    // The run waits for the listing; and neither way of switching passes both locks.
    await listing.query(`begin; ${EVERY_TABLE}; lock table shop.shop_customer in access share mode`)
    await admin.query(`begin; grant create on schema shop to "${shop.reader.user}"`)
    const staged = `select from information_schema.column_privileges
      where grantee = '${shop.reader.user}' and table_schema = '${STAGING}'`
    let ended = false
    const announced = async () => {
      while ((await shop.look(staged)).length === 0) expect(ended).toBe(false)
    }
    const said = killedRun(shop, 'publish', announced).finally(() => {
      ended = true
    })
    expect(await said).toBe('killed')
    for (const client of [listing, admin]) await client.query('rollback')
    expect((await listing.query(`select from pg_stats where schemaname = '${STAGING}'`)).rows).toEqual([])
    expect(await shop.look(`${staged} and privilege_type <> 'REFERENCES'`)).toEqual([])
    expect(await shop.look(staged)).not.toEqual([])
    const [run, exchange] = [() => shop.run(), () => back(shop.publication)]
    for (const later of way === 'rename' ? [run] : [exchange, exchange]) {
      await later()
      expect(await shop.look(staged.replace(STAGING, RETIRED))).toEqual([])
      expect(await shop.look(staged)).toEqual([])
    }
    for (const client of [listing, admin]) await shop.target.close(client)
    await shop.migrate(wide())
  })

  test('Metabase sees primary and foreign keys, after a rollback too', async () => {
    const reader = await shop.asReader()
    const keys = async () => [
      (await reader.query(METABASE_FIELDS)).rows.filter((row) => row['pk?']).map((row) => row['table-name']),
      (await reader.query(METABASE_KEYS)).rows.map((row) => `${row['fk-column-name']} → ${row['pk-table-name']}`),
    ]
    const seen = [['shop_customer', 'shop_purchase'], ['customer_id → shop_customer']]
    expect(await keys()).toEqual(seen)
    expect((await reader.query("select from pg_stats where schemaname = 'shop'")).rows.length).toBeGreaterThan(5)
    await shop.target.close(reader)
  })

  test.runIf(way === 'rename')(
    'of a version whose tables a reader kept at the switch, those show statistics until the run ends, and no other does',
    async () => {
      const [reader, other] = [await shop.asReader(), await shop.asReader()]
      await reader.query('begin; select from shop.shop_customer')
      const publication = wide()
      await shop.migrate(publication)
      const shown = async () => {
        const { rows } = await other.query<{ shown: string }>(
          "select distinct schemaname || '.' || tablename as shown from pg_stats where schemaname ~ '^shop_' order by 1",
        )
        return rows.map((row) => row.shown)
      }
      let seen: Promise<readonly string[]> = Promise.resolve([])
      const observer = (event: { readonly kind: string; readonly phase?: string }) => {
        if (event.kind === 'phase' && event.phase === 'describe') seen = shown()
      }
      expect((await shop.run({ publication, observer })).switchHeld).toBe(false)
      expect(['', `${RETIRED}.shop_customer`]).toContain((await seen).join())
      await reader.query('commit')
      expect(await shown()).toEqual([])
      for (const client of [reader, other]) await shop.target.close(client)
    },
  )

  test('rights on what only the version before has come back with it', async () => {
    const narrow = plainShop(vitrine, { writer: shop.writer.user, reader: shop.reader.user })
    const given = () =>
      shop.look(`select grantee, column_name from information_schema.column_privileges
        where table_schema = 'shop' and table_name = 'shop_purchase' and grantee = 'PUBLIC' order by 2`)
    await shop.look('grant select (id, label) on shop.shop_purchase to public')
    const before = await given()
    await shop.migrate(narrow)
    await shop.run({ publication: narrow })
    expect(await given()).toEqual([{ grantee: 'PUBLIC', column_name: 'id' }])
    await back(wide())
    expect(await given()).toEqual(before)
    expect(before).toHaveLength(2)
  })
})
