/** Rights, default privileges, comments and views: what a switch carries over, exactly as it was. Objects: `team-objects.test.ts`. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACROSS, Installation } from './installation.ts'

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  let other: string
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 10)
    await shop.run()
    await shop.run()
    other = `other_${shop.target.name}`
    await shop.look(
      `create role "${other}"; create schema team authorization "${shop.writer.user}"; grant usage, create on schema team, shop to "${other}"`,
    )
  })
  afterAll(async () => {
    await shop.look(`drop owned by "${other}" cascade; drop role "${other}"`)
    await shop.drop()
  })

  test('rights, default privileges, comments and views are after every switch what they were before', async () => {
    const [writer, reader] = [shop.writer.user, shop.reader.user]
    await shop.look(`
      grant select on shop.shop_customer to "${other}" with grant option; grant select (id, amount) on shop.shop_purchase to public;
      grant create on schema shop to "${other}" with grant option; comment on schema shop is 'for Metabase';
      alter default privileges for role "${writer}" in schema shop grant select on tables to "${reader}";
      alter default privileges for role "${writer}" in schema shop grant usage on sequences to "${other}" with grant option;
      alter default privileges for role "${writer}" in schema shop grant execute on functions to "${other}";
      set role "${writer}";
      create view team.first with (security_barrier = true, check_option = local) as select id, name from shop.shop_customer where id > 0;
      create view team."Second one" with (security_invoker = true) as select f.id, p.amount from team.first f join shop.shop_purchase p on p.customer_id = f.id;
      create view shop.inside as select count(*) as n from team."Second one";
      create view team.age as select max(data_of) as data_of from shop.vitrine_freshness;
      create materialized view team.apart as select 1 as n;
      comment on view team."Second one" is 'joined'; comment on column team.first.id is 'Key';
      alter view team.first alter column id set default 7;
      grant select on team.first, shop.inside to "${reader}"; reset role`)
    const picture = async () => ({
      relations:
        await shop.look(`select c.oid::regclass::text as name, c.relowner::regrole::text as owner, c.relacl::text, c.reloptions::text,
          obj_description(c.oid, 'pg_class') as comment, case when c.relkind = 'v' then pg_get_viewdef(c.oid) end as definition,
          (select array_agg(concat_ws(' ', attname, attacl, col_description(c.oid, attnum),
                     (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum)) order by attnum)
           from pg_attribute a where attrelid = c.oid and attnum > 0) as columns,
          (select array_agg(concat(i.indexrelid::regclass, indisprimary, indisunique) order by 1) from pg_index i where i.indrelid = c.oid) as indexes,
          (select array_agg(concat(conname, ' ', convalidated, pg_get_constraintdef(k.oid)) order by conname)
           from pg_constraint k where k.conrelid = c.oid and contype <> 'n') as constraints
        from pg_class c where c.relnamespace in ('shop'::regnamespace, 'team'::regnamespace) and c.relkind in ('r', 'v', 'm') order by 1`),
      schema:
        await shop.look(`select nspacl::text, nspowner::regrole::text as owner, obj_description(oid, 'pg_namespace') as comment,
          (select array_agg(concat_ws(' ', defaclrole::regrole, defaclobjtype, defaclacl) order by defaclobjtype) from pg_default_acl d where d.defaclnamespace = n.oid) as defaults
        from pg_namespace n where nspname = 'shop'`),
    })
    const teams = () =>
      shop.look(
        "select oid, relname from pg_class where relkind in ('v', 'm') and (relnamespace = 'team'::regnamespace or relname = 'inside') order by 1",
      )
    await shop.run()
    const [before, views] = [await picture(), await teams()]
    expect(before.relations).toHaveLength(10)
    for (let run = 0; run < 3; run++) {
      await shop.run()
      expect(await picture()).toEqual(before)
      // Not made anew: whoever holds them by their identity, as dashboards of other tools do, keeps them.
      expect(await teams()).toEqual(views)
    }
    await shop.change(
      "insert into customer (email, password, name, created_at) values ('n@example.org', 'x', 'New', now())",
    )
    await shop.run()
    const [seen] =
      await shop.look(`select (select count(*)::integer from team.first) as customers, (select n::integer from shop.inside) as purchases,
      (select data_of from team.age) = (select max(data_of) from vitrine.freshness where schema_name = 'shop') as fresh`)
    expect(seen).toEqual({ customers: 11, purchases: 20, fresh: true })
    // What a table of the writer gets from the default privileges, tried.
    await shop.look(`set role "${writer}"; create table shop.added (id integer); reset role`)
    expect(await shop.look(`select has_table_privilege('${reader}', 'shop.added', 'select') as reads`)).toEqual([
      { reads: true },
    ])
    await shop.look(
      'drop table shop.added; drop view shop.inside, team.age; drop view team."Second one"; drop view team.first',
    )
  })
})
