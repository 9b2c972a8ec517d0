/**
 * A writer that may not create schemas: from nothing to a published version, what must be there, what stays where it is, and
 * what becomes of it when the right is given after all.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NEWEST } from '../../../../test/database.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { remedyText } from '../../src/base/remedy.ts'
import { applyDrop, planDrop } from '../../src/run/drop.ts'
import { RETIRED, STAGING } from '../publication/shop.ts'
import { Installation } from './installation.ts'

describe.each(NEWEST)('PostgreSQL %i', (version) => {
  let shop: Installation
  beforeEach(async () => {
    shop = await Installation.createFor('move', version, 10)
  })
  afterEach(() => shop.drop())

  const back = () => shop.rollBack()
  const name = async () =>
    (await shop.look<{ name: string }>('select min(name) as name from shop.shop_customer'))[0]?.name
  const rename = (to: string) => shop.change(`update customer set name = '${to}'`)
  const schemas = async () =>
    (
      await shop.look<{ schema: string }>(
        `select nspname || ' ' || (select count(*) from pg_class where relnamespace = n.oid and relkind in ('r', 'v')) as schema
         from pg_namespace n where nspname ~ '^(shop|vitrine)' order by 1`,
      )
    ).map(({ schema }) => schema.replace(/^vitrine \d+$/, 'vitrine'))

  test('the schemas are emptied and filled, never created, dropped or renamed', async () => {
    const oids = () => shop.look("select oid, nspname from pg_namespace where nspname ~ '^(shop|vitrine)' order by 1")
    const before = await oids()
    expect(await schemas()).toEqual(['shop 5', `${STAGING} 0`, `${RETIRED} 0`, 'vitrine'])
    await shop.run()
    await shop.run({ dryRun: true })
    await shop.run()
    await back()
    expect(await schemas()).toEqual(['shop 5', `${STAGING} 0`, `${RETIRED} 5`, 'vitrine'])
    expect((await shop.failure({ pseudonymKey: null })).code).toBe('PSEUDONYM_KEY_MISSING')
    await shop.change(
      'alter table purchase drop constraint purchase_customer_id_fkey; delete from customer where id = 1',
    )
    expect((await shop.failure({ allowShrink: true })).code).toBe('REFERENCE_BROKEN')
    expect(await schemas()).toEqual(['shop 5', `${STAGING} 0`, `${RETIRED} 5`, 'vitrine'])
    expect(await oids()).toEqual(before)
  })

  test('without those schemas a run and a migration say who must make them, before anything is read', async () => {
    await shop.look(`drop schema ${STAGING}`)
    const phases: string[] = []
    const failure = await shop.failure({ observer: (event) => event.kind === 'phase' && phases.push(event.phase) })
    expect([failure.code, failure.detail]).toEqual([
      'PRIVILEGE_MISSING',
      `${shop.writer.user} may not create schemas in the database, and was not given ${STAGING} either.`,
    ])
    expect(remedyText(failure.remedy)).toContain('--without-create')
    expect(phases).toEqual(['check'])
    await shop.refuseCreate()
    await shop.run()
    await shop.look(
      'drop schema vitrine cascade; drop view if exists shop.vitrine_freshness, shop.vitrine_runs, shop.vitrine_unknowns',
    )
    const migration = await shop.migrate().catch(asVitrineError)
    expect(migration).toMatchObject({ code: 'PRIVILEGE_MISSING', place: 'vitrine' })
  })

  test('what stands in the published schema stays, with its rights, whoever made it', async () => {
    const others = `stranger_${shop.target.name}`
    await shop.look(`create role "${others}"; grant usage, create on schema shop to "${others}" with grant option;
      alter default privileges for role "${others}" in schema shop grant select on tables to public;
      alter default privileges for role "${shop.writer.user}" in schema shop grant select on tables to "${shop.reader.user}";
      comment on schema shop is 'for Metabase'; set role "${others}"; create table shop.theirs (id integer); reset role;
      create function shop.twice(n integer) returns integer language sql return 2 * n; create type shop.colour as enum ('red')`)
    const picture = () =>
      shop.look(`select n.nspacl::text, obj_description(n.oid) as comment, to_regtype('shop.colour')::oid as type,
          to_regprocedure('shop.twice(integer)')::oid as function, 'shop.theirs'::regclass::oid as theirs,
          (select array_agg(defaclrole::regrole || defaclacl::text order by 1) from pg_default_acl d where d.defaclnamespace = n.oid) as defaults
        from pg_namespace n where nspname = 'shop'`)
    const before = await picture()
    expect(JSON.stringify(before)).toContain(others)
    await shop.run()
    await shop.run()
    await back()
    expect(await picture()).toEqual(before)
    await shop.look(`drop owned by "${others}" cascade; drop role "${others}"`)
  })

  test('a switch that gives up leaves the kept version as well', async () => {
    await rename('First')
    await shop.run()
    await rename('Second')
    await shop.run()
    const idle = await shop.asReader()
    await idle.query('begin; select from shop.shop_purchase')
    await rename('Third')
    expect((await shop.failure()).code).toBe('SWITCH_BLOCKED')
    expect(await name()).toBe('Second')
    await idle.query('commit')
    await shop.target.close(idle)
    await back()
    expect(await name()).toBe('First')
    await back()
    expect(await name()).toBe('Second')
  })

  test('drop leaves the schemas that the writer could not make again, empty', async () => {
    await shop.run()
    await shop.run()
    const session = await shop.session()
    const plan = await planDrop({ session, publication: shop.publication })
    expect(plan.kept).toContain(`schema ${STAGING}, empty: ${shop.writer.user} could not create it again`)
    await applyDrop({ session, publication: shop.publication }, plan)
    await session.end()
    expect(await schemas()).toEqual(['shop 0', `${STAGING} 0`, `${RETIRED} 0`, 'vitrine'])
    expect(asVitrineError(await back().catch((error: unknown) => error)).code).toBe('VERSION_NOT_KEPT')
    await shop.migrate()
    expect((await shop.run()).switchWay).toBe('move')
  })

  test('the right may be given and taken again: the next run goes the other way', async () => {
    const database = `database "${shop.target.name}"`
    await rename('Moved')
    await shop.run()
    await shop.look(`grant create on ${database} to "${shop.writer.user}"`)
    await rename('Renamed')
    expect((await shop.run()).switchWay).toBe('rename')
    expect(await schemas()).toEqual(['shop 5', `${STAGING} 0`, `${RETIRED} 5`, 'vitrine'])
    await shop.refuseCreate()
    await rename('Moved again')
    expect((await shop.run()).switchWay).toBe('move')
    await back()
    expect(await name()).toBe('Renamed')
    expect(await shop.leftovers()).toEqual([])
  })
})
