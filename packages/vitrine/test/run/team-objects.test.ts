/**
 * What the team puts into the published schema, gives to a published table, or builds on one: every class of object that
 * PostgreSQL has is carried as it is, or refused by name before the source is read. Nothing is ever dropped or changed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remedyText } from '../../src/base/remedy.ts'
import { RETIRED } from '../publication/shop.ts'
import { ACROSS, Installation } from './installation.ts'

/** Classes that stand in the schema; `$n` is a suffix. Carried where the writer owns them. */
const IN_SCHEMA: Readonly<Record<string, string>> = {
  'table shop.plain$n': `
    create table shop.plain$n (id serial primary key, n integer generated always as identity, t text default 'x' check (t <> '')) with (fillfactor = 70);
    insert into shop.plain$n (t) select 'row' from generate_series(1, 30); create index plain_t$n on shop.plain$n (lower(t)) where n > 3;
    comment on table shop.plain$n is 'the team''s'; comment on column shop.plain$n.t is 'text'; create statistics shop.plain_s$n on id, n from shop.plain$n;
    alter table shop.plain$n enable row level security, replica identity full, alter t set statistics 700; create policy p on shop.plain$n using (true);
    create rule r as on delete to shop.plain$n do also notify gone; grant select (t) on shop.plain$n to public`,
  'table shop.parts$n': `
    create table shop.parts$n (day date not null, n integer) partition by range (day);
    create table shop.parts_2026$n partition of shop.parts$n for values from ('2026-01-01') to ('2027-01-01');
    create table team.parts_2027$n partition of shop.parts$n for values from ('2027-01-01') to ('2028-01-01');
    insert into shop.parts$n select '2026-06-01'::date + n, n from generate_series(1, 301) n; create index on shop.parts$n (n)`,
  'table shop.objective_2026$n': `
    create table team.objective$n (day date not null, n integer) partition by range (day);
    create table shop.objective_2026$n partition of team.objective$n for values from ('2026-01-01') to ('2027-01-01');
    insert into team.objective$n select '2026-01-01'::date + n, n from generate_series(0, 300) n`,
  'table shop.child$n':
    'create table team.parent$n (id bigint); create table shop.child$n () inherits (team.parent$n); insert into shop.child$n values (1)',
  'foreign table shop.far$n': 'create foreign table shop.far$n (id bigint) server nowhere',
  'view shop.looks$n': 'create view shop.looks$n as select count(*) as n from team.own',
  'materialized view shop.kept$n': 'create materialized view shop.kept$n as select n from generate_series(1, 12) n',
  'sequence shop.numbers$n': 'create sequence shop.numbers$n start 7',
  'type shop.mood$n':
    "create type shop.mood$n as enum ('a', 'b'); create table team.moods$n (m shop.mood$n default 'a'); insert into team.moods$n default values",
  'type shop.pair$n': 'create type shop.pair$n as (a integer, b text)',
  'type shop.positive$n': 'create domain shop.positive$n as integer check (value > 0)',
  'collation shop.sorting$n': "create collation shop.sorting$n (locale = 'C')",
  'text search configuration shop.words$n': 'create text search configuration shop.words$n (copy = pg_catalog.simple)',
  'text search dictionary shop.stems$n': 'create text search dictionary shop.stems$n (template = pg_catalog.simple)',
  'function shop.twice$n(shop.pair$n)':
    "create function shop.twice$n(shop.pair$n) returns integer language sql as 'select 2 * ($1).a'",
  'function shop.atomic$n()':
    'create function shop.atomic$n() returns bigint language sql begin atomic select count(*) from team.own; end',
  'procedure shop.work$n()': "create procedure shop.work$n() language sql as ''",
  'aggregate shop.total$n(integer)': 'create aggregate shop.total$n(integer) (sfunc = int4pl, stype = integer)',
  'operator shop.===(shop.mood$n,shop.mood$n)': `
    create function shop.same$n(shop.mood$n, shop.mood$n) returns boolean language sql as 'select true';
    create operator shop.=== (leftarg = shop.mood$n, rightarg = shop.mood$n, function = shop.same$n)`,
  'conversion shop.letters$n': "create conversion shop.letters$n for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8",
}

/** Of a provider that is not there: the catalogue is written by hand. */
const BY_HAND = 'set local allow_system_table_mods = on'
const labelled = (catalog: string, object: string, column = 0) =>
  `${BY_HAND}; insert into pg_seclabel values ('${object}'::reg${catalog}, 'pg_${catalog}'::regclass, ${column}, 'guard', 'x')`
const UNLABELLED = `${BY_HAND}; delete from pg_seclabel`

/** Never carried: they hold on to the schema itself, or only a superuser may move them. */
const FIXED: Readonly<Record<string, readonly [string, string]>> = {
  'publication namespace shop in publication everything': [
    'create publication everything for tables in schema shop',
    'drop publication everything',
  ],
  'text search parser shop.parser': [
    'create text search parser shop.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)',
    'drop text search parser shop.parser',
  ],
  'operator family shop.family USING btree': [
    'create operator family shop.family using btree',
    'drop operator family shop.family using btree',
  ],
  'security label of guard on shop': [labelled('namespace', 'shop'), UNLABELLED],
  'function shop.span(integer,integer)': ['create type shop.span as range (subtype = integer)', 'drop type shop.span'],
}

/** Given to a table of ours, and carried to the next version. */
const GIVEN = `
  create index extra_name on shop.shop_customer (lower(name)) where id > 2; create unique index "Extra ""key" on shop.shop_customer (id, name);
  create index extra_plain on shop.shop_customer (name); alter table shop.shop_customer set (fillfactor = 80, toast.autovacuum_enabled = false);
  alter table shop.shop_customer alter name set statistics 500, alter name set (n_distinct = -0.5), replica identity full, cluster on extra_plain;
  comment on index shop.extra_name is 'theirs'; alter index shop.extra_name alter column 1 set statistics 300;
  comment on constraint shop_customer_pkey on shop.shop_customer is 'the key'; alter index shop.shop_customer_pkey set (fillfactor = 90);
  create unique index purchase_key on shop.shop_purchase (id); alter table shop.shop_purchase replica identity using index purchase_key`

/** Given to a table of ours, or built on one: refused, with the statement that takes it back. */
const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
  'shop.shop_customer.note': [
    'alter table shop.shop_customer add note text',
    'alter table shop.shop_customer drop note',
  ],
  'constraint extra_check of shop.shop_customer': [
    'alter table shop.shop_customer add constraint extra_check check (id > -5)',
    'alter table shop.shop_customer drop constraint extra_check',
  ],
  'constraint extra_fk of shop.shop_customer': [
    'create table team.ids (id bigint primary key); insert into team.ids select id from shop.shop_customer; alter table shop.shop_customer add constraint extra_fk foreign key (id) references team.ids',
    'drop table team.ids cascade',
  ],
  'default of the column name of shop.shop_customer': [
    "alter table shop.shop_customer alter name set default 'x'",
    'alter table shop.shop_customer alter name drop default',
  ],
  'storage of the column name of shop.shop_customer': [
    'alter table shop.shop_customer alter name set storage external',
    'alter table shop.shop_customer alter name set storage extended',
  ],
  'sequence counted of shop.shop_customer': [
    'set role $w; create sequence shop.counted owned by shop.shop_customer.id; reset role',
    'drop sequence shop.counted',
  ],
  'row security of shop.shop_customer': [
    'alter table shop.shop_customer enable row level security',
    'alter table shop.shop_customer disable row level security',
  ],
  'UNLOGGED of shop.shop_purchase': [
    'alter table shop.shop_purchase set unlogged',
    'alter table shop.shop_purchase set logged',
  ],
  'parent table of shop.shop_purchase': [
    'create table team.above (id bigint not null); alter table shop.shop_purchase inherit team.above',
    'alter table shop.shop_purchase no inherit team.above; drop table team.above',
  ],
  'policy p on table shop.shop_customer': [
    'create policy p on shop.shop_customer using (true)',
    'drop policy p on shop.shop_customer',
  ],
  'trigger t on table shop.shop_customer': [
    'create trigger t after insert on shop.shop_customer execute function team.nothing()',
    'drop trigger t on shop.shop_customer',
  ],
  'rule mine on table shop.shop_customer': [
    'create rule mine as on insert to shop.shop_customer do also notify added',
    'drop rule mine on shop.shop_customer',
  ],
  'rule theirs on table team.note': [
    'create rule theirs as on insert to team.note do also insert into team.journal select count(*) from shop.shop_customer',
    'drop rule theirs on team.note',
  ],
  'rule first on table team.journal': [
    'create rule first as on insert to team.journal do also update team.note set n = (select count(*) from shop.shop_customer); create rule second as on delete to team.note do also delete from team.journal',
    'drop rule first on team.journal; drop rule second on team.note',
  ],
  'materialized view team.m': [
    'create materialized view team.m as select count(*) from shop.shop_customer',
    'drop materialized view team.m',
  ],
  'function team.f(shop.shop_customer)': [
    'create function team.f(shop.shop_customer) returns bigint language sql return 1',
    'drop function team.f',
  ],
  'function team.g()': [
    'create function team.g() returns bigint language sql begin atomic select count(*) from shop.shop_customer; end',
    'drop function team.g',
  ],
  'constraint t_id_fkey on table team.t': [
    'create table team.t (id bigint references shop.shop_customer)',
    'drop table team.t',
  ],
  'table team.heir': ['create table team.heir () inherits (shop.shop_customer)', 'drop table team.heir'],
  'statistics object team.s': [
    'create statistics team.s on id, name from shop.shop_customer',
    'drop statistics team.s',
  ],
  'publication of table shop.shop_customer in publication one_table': [
    'create publication one_table for table shop.shop_customer',
    'drop publication one_table',
  ],
  'table team.typed': ['create table team.typed (x shop.shop_customer)', 'drop table team.typed'],
  'view team.others': [
    'create view team.others as select id from shop.shop_customer; alter view team.others owner to $o',
    'drop view team.others',
  ],
  'extension plpgsql of shop.shop_customer': [
    'alter extension plpgsql add table shop.shop_customer',
    'alter extension plpgsql drop table shop.shop_customer',
  ],
  // Without a server behind it.
  'subscription of shop.shop_customer': [
    `create subscription "$d" connection 'dbname=nowhere' publication p with (connect = false); ${BY_HAND};
     insert into pg_subscription_rel select s.oid, 'shop.shop_customer'::regclass, 'r', null from pg_subscription s where subname = '$d'`,
    'alter subscription "$d" set (slot_name = none); drop subscription "$d"',
  ],
  'security label guard of shop.shop_customer': [labelled('class', 'shop.shop_customer'), UNLABELLED],
  'security label guard of shop.shop_purchase': [labelled('class', 'shop.shop_purchase', 1), UNLABELLED],
  // A view that somebody made on the kept version: it would show its rows for ever, and stop it from being dropped.
  'view team.astray': [
    `create view team.astray as select count(*) from ${RETIRED}.shop_customer`,
    'drop view team.astray',
  ],
}

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
    await shop.look(`
      create role "${other}"; create schema team authorization "${shop.writer.user}"; grant all on schema team, shop to "${other}";
      create foreign data wrapper none; create server nowhere foreign data wrapper none; grant usage on foreign server nowhere to public;
      grant create on database "${shop.target.name}" to "${other}"; create publication all_tables for all tables`)
    await asWriter(`
      create table team.own (id bigint); grant select on team.own to public; create table team.note (n bigint); create table team.journal (n bigint);
      create function team.nothing() returns trigger language plpgsql as 'begin return null; end'`)
  })
  afterAll(async () => {
    await shop.look(`drop owned by "${other}" cascade; drop role "${other}"`)
    await shop.drop()
  })

  /** Each object of the team by its identity, never made anew, with its rows; and what was given to our tables. */
  const picture = async () => ({
    objects: await shop.look(`
      select i.type, i.identity, d.objid, obj_description(d.objid, d.classid::regclass::text::name) as comment, c.relacl::text, c.reloptions,
             case when c.relkind in ('r', 'p', 'm') then query_to_xml('select count(*) from ' || c.oid::regclass, true, true, '')::text end as rows
      from pg_depend d cross join pg_identify_object(d.classid, d.objid, 0) i
      left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
      where d.refclassid = 'pg_namespace'::regclass and d.refobjid in ('shop'::regnamespace, 'team'::regnamespace)
        and d.classid <> 'pg_default_acl'::regclass and not coalesce(c.relname ~ '^(shop|vitrine)_', false) order by 1, 2`),
    given: await shop.look(`
      select c.relname, c.reloptions, c.relreplident, (select t.reloptions from pg_class t where t.oid = c.reltoastrelid) as toast,
             array(select concat_ws(' ', pg_get_indexdef(indexrelid), indisclustered, indisreplident, obj_description(indexrelid, 'pg_class'),
                     array(select attstattarget from pg_attribute where attrelid = indexrelid)::text) from pg_index where indrelid = c.oid order by 1) as indexes,
             array(select obj_description(oid, 'pg_constraint') from pg_constraint where conrelid = c.oid order by 1) as constraints,
             array(select concat_ws(' ', attname, nullif(attstattarget, -1), attoptions::text) from pg_attribute where attrelid = c.oid and attnum > 0 order by 1) as columns
      from pg_class c where c.relnamespace = 'shop'::regnamespace and c.relkind = 'r' and c.relname like 'shop\\_%' order by 1`),
  })
  const suffixed = (n: string) =>
    Object.entries(IN_SCHEMA).map(([name, sql]) => [name, sql].map((text) => text.replaceAll('$n', n)))

  test('every class in the schema, and what was given to our tables, is the same after three runs and a rollback', async () => {
    for (const [, sql] of suffixed('')) await asWriter(sql ?? '')
    await asWriter(GIVEN)
    const before = await picture()
    for (const [name] of suffixed('')) {
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
      for (const [, sql = ''] of suffixed('2')) await asWriter(sql).catch(() => asWriter(sql))
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
    for (const name of ['table shop.early', ...suffixed('2').map(([place]) => place)]) expect(found).toContain(name)
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
    for (const [, sql] of suffixed('3')) await shop.look(`set role "${other}"; ${sql}`)
    for (const [sql] of Object.values(FIXED)) await shop.look(sql)
    const before = await picture()
    if (way === 'rename') {
      const found = await places()
      for (const name of [...suffixed('3').map(([place]) => place), ...Object.keys(FIXED)])
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
