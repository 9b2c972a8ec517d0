/**
 * Over nights of changes, in which the version before comes back: every class of object that a team may put beside the published
 * tables, give to them or hang on the kept ones is as it was, comes back without what was taken away, or is refused by name.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asVitrineError } from '../../src/base/errors.ts'
import { RETIRED } from '../publication/shop.ts'
import { beside, FIXED, GIVEN, OBJECTS, REFUSED, TAKEN_BACK, thingsInSchema } from '../run/team-things.ts'
import { Nights, SERVERS } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

/** By published table, its source. */
const TABLES = { shop_customer: 'thing', shop_purchase: 'other', shop_plain: 'plain' }

describe.each(SERVERS)('PostgreSQL %i', (version) => {
  let nights: Nights
  let other: string
  let turns = 0
  beforeAll(async () => {
    const source = thingSource(Object.values(TABLES))
    const tables = Object.entries(TABLES).map(([published, name]) => publishThing(source, name, published))
    const fill = Object.values(TABLES).flatMap((name) => [CREATE, fillSql(30)].map((sql) => sql.replaceAll('$t', name)))
    nights = await Nights.create(version, { source, tables }, fill)
    await nights.begin()
    other = `other_${nights.shop.target.name}`
    await nights.shop.look(beside(nights.shop.target.name, nights.shop.writer.user, other))
  })
  afterAll(async () => {
    await nights.shop.look(`drop owned by "${other}" cascade; drop role "${other}"`)
    await nights.drop()
  })

  const night = async (observer?: Parameters<Nights['judged']>[0]) => {
    turns += 1
    await nights.change(
      ...Object.values(TABLES).map((name) => `update ${name} set label = '${turns}' where id in (3, 4)`),
    )
    return nights.judged(observer)
  }
  const asWriter = (sql: string) => nights.shop.look(`set role "${nights.shop.writer.user}"; ${sql}; reset role`)
  /** What a switch overtakes is done again. */
  const made = (sql: string, tries: number) =>
    asWriter(sql).then(
      () => true,
      (error: unknown) => {
        if (tries > 4) throw error
        return false
      },
    )
  const objects = () => nights.shop.look<{ type: string; identity: string }>(OBJECTS)
  const names = async () => (await objects()).map(({ type, identity }) => `${type} ${identity}`)
  const ALL = { shop_customer: 'delta', shop_purchase: 'delta', shop_plain: 'delta' }

  test('every class in the schema is the same after three nights of changes, a rollback and two more', async () => {
    for (const [, sql] of thingsInSchema('')) await asWriter(sql)
    const before = await objects()
    expect(await names()).toEqual(expect.arrayContaining(thingsInSchema('').map(([name]) => name)))
    for (let turn = 0; turn < 3; turn++) {
      expect(await night()).toEqual(ALL)
      expect(await objects()).toEqual(before)
    }
    await nights.rollBack()
    expect(await objects()).toEqual(before)
    for (let turn = 0; turn < 2; turn++) await night()
    expect(await objects()).toEqual(before)
  })

  test('what is made while changes are told and applied is there, whichever version it was made in', async () => {
    const early = await nights.shop.target.connect({ role: nights.shop.writer })
    // The transaction is there before the run decides, which would make it read every table: it begins with the stage.
    let making: Promise<unknown> = Promise.resolve()
    const make = async () => {
      await early.query(
        'begin; create table shop.early (id bigint); insert into shop.early select generate_series(1, 9)',
      )
      for (const [, sql] of thingsInSchema('2')) for (let tries = 1; !(await made(sql, tries)); tries++);
      await early.query('commit')
    }
    const ways = await night({
      observer: (event) => {
        if (event.kind === 'phase' && event.phase === 'stage') making = make()
      },
    })
    expect(Object.values(ways)).toContain('delta')
    await making
    await nights.shop.target.close(early)
    await night()
    expect(await names()).toEqual(
      expect.arrayContaining(['table shop.early', ...thingsInSchema('2').map(([name]) => name)]),
    )
    expect(await nights.shop.look('select count(*)::integer as rows from shop.early')).toEqual([{ rows: 9 }])
    const before = await objects()
    for (let turn = 0; turn < 2; turn++) await night()
    expect(await objects()).toEqual(before)
  })

  test('what was given to a table and taken back does not come back with the version that had it', async () => {
    const before = await nights.structure()
    await asWriter(GIVEN)
    const given = await nights.structure()
    for (let turn = 0; turn < 3; turn++) {
      await night()
      expect(await nights.structure()).toEqual(given)
    }
    await asWriter(TAKEN_BACK)
    for (let turn = 0; turn < 3; turn++) {
      await night()
      expect(await nights.structure()).toEqual(before)
    }
    expect(await night()).toEqual(ALL)
  })
})

describe('hung on a table of the kept version', () => {
  /** Each on a table of its own. */
  const hung = Object.entries(REFUSED).map(([place, statements], n) => {
    const [sql = '', undo = ''] = statements.map((text) =>
      text.replaceAll('shop.', `${RETIRED}.`).replaceAll(/shop_(customer|purchase)/g, `shop_hung${n}`),
    )
    return { place, table: `shop_hung${n}`, sql, undo }
  })
  const SOMEBODYS = [
    'rule theirs on table team.note',
    'rule first on table team.journal',
    'materialized view team.m',
    'function team.f(shop.shop_customer)',
    'function team.g()',
    'constraint t_id_fkey on table team.t',
    'table team.heir',
    'publication of table shop.shop_customer in publication one_table',
    'table team.typed',
    'view team.others',
    'view team.astray',
  ]
  let nights: Nights
  let other: string
  beforeAll(async () => {
    const source = thingSource(['thing'])
    const tables = hung.map(({ table }) => publishThing(source, 'thing', table))
    nights = await Nights.create(
      18,
      { source, tables },
      [CREATE, fillSql(30)].map((sql) => sql.replaceAll('$t', 'thing')),
    )
    await nights.begin()
    other = `other_${nights.shop.target.name}`
    await nights.shop.look(beside(nights.shop.target.name, nights.shop.writer.user, other))
  })
  afterAll(async () => {
    for (const { undo } of hung) await look(undo).catch(() => undefined)
    await nights.shop.look(`drop owned by "${other}" cascade; drop role "${other}"`)
    await nights.drop()
  })
  const look = (sql: string) =>
    nights.shop.look(
      sql
        .replaceAll('$o', `"${other}"`)
        .replaceAll('$w', `"${nights.shop.writer.user}"`)
        .replaceAll('$d', nights.shop.target.name),
    )

  test('it stops the run by name where it is somebody’s own, and is never published', async () => {
    const before = await nights.structure()
    for (const { sql } of hung) await look(sql)
    const { code, problems } = await nights.shop.failure({ publication: nights.publication })
    const stops = (table: string) => problems.some(({ detail }) => `${detail} `.includes(`${table} `))
    const stopping = hung.filter(({ table }) => stops(table))
    expect([code, stopping.map(({ place }) => place)]).toEqual(['DEPENDENT_BLOCKS', SOMEBODYS])
    for (const { undo } of stopping) await look(undo)
    await nights.judged()
    expect(await nights.structure()).toEqual(before)
    for (const { undo } of hung) await look(undo).catch(() => undefined)
    for (let turn = 0; turn < 2; turn++) await nights.judged()
    expect(await nights.structure()).toEqual(before)
  })

  /** What is given on the published schema, by default in it, and to it. */
  const schema = () =>
    look(`select array(select a::text from unnest(nspacl) a order by 1) as rights,
        array(select a::text from pg_default_acl d, unnest(defaclacl) a where defaclnamespace = n.oid order by 1) as defaults,
        (select count(*)::integer from pg_publication_namespace where pnnspid = n.oid) as publications,
        (select count(*)::integer from pg_seclabel where classoid = 'pg_namespace'::regclass and objoid = n.oid) as labels
      from pg_namespace n where nspname = 'shop'`)

  test('what somebody gave on the schema of the kept version is not published with it', async () => {
    const before = await schema()
    const give = () =>
      look(`grant usage, create on schema ${RETIRED} to $o, public;
        alter default privileges for role $w in schema ${RETIRED} grant select on tables to $o`)
    await give()
    expect(Object.values(await nights.judged())).toContain('delta')
    expect(await schema()).toEqual(before)
    let giving: Promise<unknown> = Promise.resolve()
    await nights.judged({
      observer: (event) => {
        if (event.kind === 'phase' && event.phase === 'stage') giving = give()
      },
    })
    await giving
    expect(await schema()).toEqual(before)
    await look(`grant usage on schema ${RETIRED} to $o`)
    await nights.rollBack()
    expect(await schema()).toEqual(before)
    await nights.begin()
  })

  const TIES = {
    'security label': FIXED['security label of guard on shop'],
    publication: FIXED['publication namespace shop in publication everything'],
    'default privilege of another role': [
      'alter default privileges for role $o in schema shop grant select on tables to public',
      `alter default privileges for role $o in schema ${RETIRED} revoke select on tables from public`,
    ],
  }
  test.each(Object.entries(TIES))(
    'of that schema, a %s has the next night read whole, and stops a rollback',
    async (_name, tie) => {
      const [sql = '', undo = ''] = tie ?? []
      const before = await schema()
      await look(sql.replaceAll(/\bshop\b/g, RETIRED))
      expect(asVitrineError(await nights.rollBack().catch((error: unknown) => error)).code).toBe('DEPENDENT_BLOCKS')
      expect(new Set(Object.values(await nights.judged()))).toEqual(new Set(['full']))
      expect(await schema()).toEqual(before)
      await look(undo).catch(() => undefined)
      await nights.begin()
    },
  )
})
