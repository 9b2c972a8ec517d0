/** What a team may put into the published schema, give to a published table or build on one: every class of object that PostgreSQL has. */
import { RETIRED } from '../publication/shop.ts'

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
export const FIXED: Readonly<Record<string, readonly [string, string]>> = {
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

/** Given to a table of ours, and carried to the next version; each with the statements that take it back. */
const GIFTS: readonly (readonly [string, string])[] = [
  [
    `create index extra_name on shop.shop_customer (lower(name)) where id > 2; comment on index shop.extra_name is 'theirs';
     alter index shop.extra_name alter column 1 set statistics 300`,
    'drop index shop.extra_name',
  ],
  ['create unique index "Extra ""key" on shop.shop_customer (id, name)', 'drop index shop."Extra ""key"'],
  [
    'create index extra_plain on shop.shop_customer (name); alter table shop.shop_customer cluster on extra_plain',
    'drop index shop.extra_plain',
  ],
  [
    'alter table shop.shop_customer set (fillfactor = 80, toast.autovacuum_enabled = false), replica identity full',
    'alter table shop.shop_customer reset (fillfactor, toast.autovacuum_enabled), replica identity default',
  ],
  [
    'alter table shop.shop_customer alter name set statistics 500, alter name set (n_distinct = -0.5)',
    'alter table shop.shop_customer alter name set statistics -1, alter name reset (n_distinct)',
  ],
  [
    `comment on constraint shop_customer_pkey on shop.shop_customer is 'the key'; alter index shop.shop_customer_pkey set (fillfactor = 90)`,
    'comment on constraint shop_customer_pkey on shop.shop_customer is null; alter index shop.shop_customer_pkey reset (fillfactor)',
  ],
  [
    'create unique index purchase_key on shop.shop_purchase (id); alter table shop.shop_purchase replica identity using index purchase_key',
    'alter table shop.shop_purchase replica identity default; drop index shop.purchase_key',
  ],
]
export const GIVEN = GIFTS.map(([sql]) => sql).join('; ')
export const TAKEN_BACK = GIFTS.map(([, sql]) => sql).join('; ')

/** Given to a table of ours, or built on one: refused, with the statement that takes it back. */
export const REFUSED: Readonly<Record<string, readonly [string, string]>> = {
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

/** Name and statements of each class, with a suffix of their own. */
export const thingsInSchema = (suffix: string): readonly (readonly [name: string, sql: string])[] =>
  Object.entries(IN_SCHEMA).map(([name, sql]) => [name.replaceAll('$n', suffix), sql.replaceAll('$n', suffix)])

/** What those statements lean on. */
export const beside = (database: string, writer: string, other: string): string => `
  create role "${other}"; create schema team authorization "${writer}"; grant all on schema team, shop to "${other}";
  create foreign data wrapper none; create server nowhere foreign data wrapper none; grant usage on foreign server nowhere to public;
  grant create on database "${database}" to "${other}"; create publication all_tables for all tables;
  set role "${writer}"; create table team.own (id bigint); grant select on team.own to public; create table team.note (n bigint);
  create table team.journal (n bigint); create function team.nothing() returns trigger language plpgsql as 'begin return null; end'; reset role`

/** Each object of the team by its identity, never made anew, with its rows. */
export const OBJECTS = `
  select i.type, i.identity, d.objid, obj_description(d.objid, d.classid::regclass::text::name) as comment, c.relacl::text, c.reloptions,
         case when c.relkind in ('r', 'p', 'm') then query_to_xml('select count(*) from ' || c.oid::regclass, true, true, '')::text end as rows
  from pg_depend d cross join pg_identify_object(d.classid, d.objid, 0) i
  left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
  where d.refclassid = 'pg_namespace'::regclass and d.refobjid in ('shop'::regnamespace, 'team'::regnamespace)
    and d.classid <> 'pg_default_acl'::regclass and not coalesce(c.relname ~ '^(shop|vitrine)_', false) order by 1, 2`
