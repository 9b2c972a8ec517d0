/** What the team has in and around the published schema, over delta nights: all of it is carried, as it is now and not as it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Nights, SERVERS } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

const NAMES = ['thing', 'other']

describe.each(SERVERS)('PostgreSQL %i', (version) => {
  let nights: Nights
  let turns = 0
  beforeAll(async () => {
    const source = thingSource(NAMES)
    nights = await Nights.create(
      version,
      { source, tables: NAMES.map((name) => publishThing(source, name)) },
      NAMES.flatMap((name) => [CREATE, fillSql(30)].map((sql) => sql.replaceAll('$t', name))),
    )
    await nights.begin()
  })
  afterAll(() => nights.drop())

  const night = async () => {
    turns += 1
    await nights.change(`update thing set label = 'turn ${turns}' where id in (${1 + turns}, ${3 + turns})`)
    return nights.judged()
  }
  const asWriter = async (sql: string) => {
    const client = await nights.shop.target.connect({ role: nights.shop.writer })
    await client.query(sql)
    await nights.shop.target.close(client)
  }
  /** Everything in the schema, and what it says about itself. */
  const picture = async () => [
    await nights.structure(),
    await nights.shop.look(`select array(select a::text from unnest(n.nspacl) a order by 1) as rights, obj_description(n.oid, 'pg_namespace') as about,
      (select array_agg(a::text order by 1) from pg_default_acl d, unnest(defaclacl) a where d.defaclnamespace = n.oid) as defaults from pg_namespace n where nspname = 'shop'`),
  ]
  /** Three nights carry what is there now: each version has its turn, and the one after. */
  const carried = async () => {
    const before = await picture()
    for (let turn = 0; turn < 3; turn++) {
      await night()
      expect(await picture()).toEqual(before)
    }
  }

  test('rights, comments, views, tables and indexes of the team, given and taken away again', async () => {
    const { reader } = nights.shop
    const analyst = `analyst_${nights.shop.target.name.slice(-8)}`
    await nights.shop.look(
      `create role "${analyst}"; create schema team authorization "${nights.shop.writer.user}"; create publication all_tables for all tables`,
    )
    await asWriter(`
      grant usage on schema shop to "${analyst}"; grant select on shop.shop_thing to "${analyst}"; grant select (id, name) on shop.shop_other to "${analyst}";
      comment on schema shop is 'of the team';
      create view shop.inside as select count(*)::integer as n from shop.shop_thing; create view team.outside as select max(id) as n from shop.shop_other;
      create table shop.notes (id integer primary key, note text); insert into shop.notes values (1, 'kept'); create sequence shop.numbers`)
    await carried()
    expect(await nights.shop.look('select (select n from shop.inside), (select note from shop.notes)')).toEqual([
      { n: (await nights.shop.look('select from shop.shop_thing')).length, note: 'kept' },
    ])
    expect(Object.values(await night())).toEqual(['delta', 'delta'])

    // What is taken away does not come back with a version that left when it was there.
    await asWriter(`revoke select on shop.shop_thing from "${analyst}"; revoke select (name) on shop.shop_other from "${analyst}"; drop view team.outside; drop table shop.notes;
      comment on schema shop is null; drop view shop.inside`)
    await carried()
    await asWriter(
      `grant select (code) on shop.shop_thing to "${analyst}"; create view shop.inside as select 'another'::text as n from shop.shop_other limit 1`,
    )
    await carried()
    await asWriter(
      `revoke all on shop.shop_thing, shop.shop_other from "${analyst}"; revoke select on shop.shop_thing from "${reader.user}"`,
    )
    // The reader reads whatever is published.
    await night()
    await carried()

    await asWriter(
      `create index extra on shop.shop_thing (lower(name)); alter table shop.shop_thing set (fillfactor = 80)`,
    )
    await carried()
    await asWriter(`drop index shop.extra; alter table shop.shop_thing reset (fillfactor)`)
    await carried()
    expect((await night())['shop_thing']).toBe('delta')
    await nights.shop.look(`drop view if exists shop.inside; drop owned by "${analyst}"; drop role "${analyst}"`)
  })

  test('default privileges are those of now: what was taken away does not come back with a schema that had it', async () => {
    const analyst = `given_${nights.shop.target.name.slice(-8)}`
    await nights.shop.look(`create role "${analyst}"`)
    await asWriter(`alter default privileges in schema shop grant select on tables to "${analyst}"`)
    await carried()
    await asWriter(`alter default privileges in schema shop revoke select on tables from "${analyst}"`)
    await carried()
    await nights.shop.look(`drop owned by "${analyst}"; drop role "${analyst}"`)
  })

  test('a version that comes back has the rights that it had, and the nights after it those of now', async () => {
    const analyst = `later_${nights.shop.target.name.slice(-8)}`
    await nights.shop.look(`create role "${analyst}"`)
    await night()
    await asWriter(`grant select on shop.shop_thing to "${analyst}"`)
    const before = await picture()
    await night()
    expect(await picture()).toEqual(before)
    await nights.rollBack()
    expect(await picture()).toEqual(before)
    await asWriter(`revoke select on shop.shop_thing from "${analyst}"`)
    await carried()
    await nights.shop.look(`drop owned by "${analyst}"; drop role "${analyst}"`)
  })
})
