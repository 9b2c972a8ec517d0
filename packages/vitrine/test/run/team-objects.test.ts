/**
 * What the team puts into the published schema, gives to a published table, or builds on one: every class of object that
 * PostgreSQL has is carried as it is, or refused by name before the source is read. Nothing is ever dropped or changed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remedyText } from '../../src/base/remedy.ts'
import { ACROSS, Installation } from './installation.ts'
import { beside, FIXED, GIVEN, OBJECTS, REFUSED, thingsInSchema } from './team-things.ts'

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  let other: string
  const asWriter = (sql: string) => shop.look(`set role "${shop.writer.user}"; ${sql}; reset role`)
  const named = (text: string) =>
    text.replaceAll('$o', `"${other}"`).replaceAll('$w', `"${shop.writer.user}"`).replaceAll('$d', shop.target.name)

  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 10)
    await shop.run()
    await shop.run()
    other = `other_${shop.target.name}`
    await shop.look(beside(shop.target.name, shop.writer.user, other))
  })
  afterAll(async () => {
    await shop.look(`drop owned by "${other}" cascade; drop role "${other}"`)
    await shop.drop()
  })

  /** Each object of the team, and what was given to our tables. */
  const picture = async () => ({
    objects: await shop.look<{ type: string; identity: string }>(OBJECTS),
    given: await shop.look(`
      select c.relname, c.reloptions, c.relreplident, (select t.reloptions from pg_class t where t.oid = c.reltoastrelid) as toast,
             array(select concat_ws(' ', pg_get_indexdef(indexrelid), indisclustered, indisreplident, obj_description(indexrelid, 'pg_class'),
                     array(select attstattarget from pg_attribute where attrelid = indexrelid)::text) from pg_index where indrelid = c.oid order by 1) as indexes,
             array(select obj_description(oid, 'pg_constraint') from pg_constraint where conrelid = c.oid order by 1) as constraints,
             array(select concat_ws(' ', attname, nullif(attstattarget, -1), attoptions::text) from pg_attribute where attrelid = c.oid and attnum > 0 order by 1) as columns
      from pg_class c where c.relnamespace = 'shop'::regnamespace and c.relkind = 'r' and c.relname like 'shop\\_%' order by 1`),
  })
  test('every class in the schema, and what was given to our tables, is the same after three runs and a rollback', async () => {
    for (const [, sql] of thingsInSchema('')) await asWriter(sql)
    await asWriter(GIVEN)
    const before = await picture()
    for (const [name] of thingsInSchema('')) {
      expect(before.objects.map(({ type, identity }) => `${type} ${identity}`)).toContain(name)
    }
    for (let run = 0; run < 3; run++) {
      await shop.run()
      expect(await picture()).toEqual(before)
    }
    await shop.rollBack()
    expect(await picture()).toEqual(before)
  })

  test('so is what is made while a run is under way, whenever the switch happens', async () => {
    const early = await shop.target.connect({ role: shop.writer })
    await early.query('begin; create table shop.early (id bigint); insert into shop.early select generate_series(1, 9)')
    let making: Promise<unknown> = Promise.resolve()
    // A transaction of the team that spans the switch does not find its own table by name any more, and is done again.
    const make = async () => {
      for (const [, sql] of thingsInSchema('2')) await asWriter(sql).catch(() => asWriter(sql))
    }
    await shop.run({
      observer: (event) => {
        if (event.kind !== 'phase') return
        if (event.phase === 'verify') making = make()
        // The switch has happened: the table that was not committed before has left with the version.
        if (event.phase === 'describe') early.query('commit').catch(() => undefined)
      },
    })
    await making
    await shop.target.close(early)
    await shop.run()
    const { objects } = await picture()
    const found = objects.map(({ type, identity }) => `${type} ${identity}`)
    for (const name of ['table shop.early', ...thingsInSchema('2').map(([place]) => place)])
      expect(found).toContain(name)
    expect(await shop.look('select count(*)::integer as rows from shop.early')).toEqual([{ rows: 9 }])
    const before = await picture()
    await shop.run()
    await shop.run()
    expect(await picture()).toEqual(before)
  })

  const places = async () => {
    const phases: string[] = []
    const failure = await shop.failure({ observer: (event) => event.kind === 'phase' && phases.push(event.phase) })
    expect([failure.code, phases]).toEqual(['DEPENDENT_BLOCKS', ['check']])
    for (const { remedy } of failure.problems) expect(remedyText(remedy ?? '').length).toBeGreaterThan(10)
    return failure.problems.map(({ place }) => place)
  }

  test('of another role, or of a class that cannot be moved, each is refused by name, or stays where it is', async () => {
    await shop.look(`set role "${other}"`)
    for (const [, sql] of thingsInSchema('3')) await shop.look(`set role "${other}"; ${sql}`)
    for (const [sql] of Object.values(FIXED)) await shop.look(sql)
    const before = await picture()
    if (way === 'rename') {
      const found = await places()
      for (const name of [...thingsInSchema('3').map(([place]) => place), ...Object.keys(FIXED)])
        expect(found).toContain(name)
    } else {
      await shop.run()
      await shop.run()
    }
    expect(await picture()).toEqual(before)
    for (const [, undo] of Object.values(FIXED)) await shop.look(undo)
    await shop.look(`drop owned by "${other}" cascade; grant all on schema team, shop to "${other}"`)
  })

  test.each(Object.entries(REFUSED))('refused by name: %s', async (place, [sql, undo]) => {
    await shop.look(named(sql))
    expect(await places()).toContain(place)
    await shop.look(named(undo))
  })

  test('after all of them were removed, a run goes through and leaves nothing', async () => {
    await shop.run()
    await shop.run()
    expect(await shop.leftovers()).toEqual([])
  })
})
