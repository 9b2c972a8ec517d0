/**
 * Somebody who may do anything changes a version of ours by hand, the kept one or the published one: what the next nights
 * publish has the rows and the structure of a full night. Each alteration has a table of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Version } from '../../../../test/database.ts'
import { asVitrineError } from '../../src/base/errors.ts'
import { RETIRED } from '../publication/shop.ts'
import { Nights, SERVERS, type Ways } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

/** Of rows: the table must be full. `$k` is the table of the version, `$o` of another of the same form. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  row_updated: ["update $k set name = 'forged' where id = 3"],
  row_deleted: ['delete from $k where id = 3'],
  row_inserted: ["insert into $k select 777, 'forged', name, amount, seen, person, sole, other from $k where id = 3"],
  key_changed: ['update $k set id = 778 where id = 3'],
  row_replaced: [
    'create temporary table r as select * from $k where id = 3; delete from $k where id = 3; insert into $k select * from r; drop table r',
  ],
  emptied: ['truncate $k'],
  two_rows_exchanged: [
    'update $k set id = case id when 1 then 2 else 1 end + 9000 where id in (1, 2)',
    'update $k set id = id - 9000 where id > 9000',
  ],
}

/** Of the table, with its rows as they were; some change what the rows say without touching one. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  column_with_default: [
    'alter table $k drop other',
    "alter table $k add other text default 'forged'",
    'alter table $k alter other drop default',
  ],
  columns_renamed: [
    'alter table $k rename name to between',
    'alter table $k rename other to name',
    'alter table $k rename between to other',
  ],
  retyped: ['alter table $k alter other type varchar(400)'],
  rewritten: ["alter table $k alter other type text using other || '!'"],
  column_added: ["alter table $k add extra text default 'x'"],
  column_without_not_null: ['alter table $k alter code drop not null'],
  default_given: ["alter table $k alter other set default 'x'"],
  checked: ['alter table $k add constraint extra_check check (id > -5)'],
  key_dropped: ['alter table $k drop constraint $n_pkey'],
  unique_dropped: ['alter table $k drop constraint $n_code_key'],
  indexed: ['create index $n_extra on $k (name)'],
  uniquely_indexed: ['create unique index $n_extra on $k (id, name)'],
  commented: ["comment on table $k is 'forged'; comment on column $k.other is 'forged'"],
  row_security: ['alter table $k enable row level security'],
  row_security_forced: ['alter table $k enable row level security, force row level security'],
  policy: ['create policy p on $k using (false)'],
  triggered: [
    "create function public.$n_touch() returns trigger language plpgsql as $$ begin new.other := 'forged'; return new; end $$; create trigger touch before insert or update on $k for each row execute function public.$n_touch()",
  ],
  always_triggered: [
    'create function public.$n_skip() returns trigger language plpgsql as $$ begin return null; end $$; create trigger skip before insert or delete on $k for each row execute function public.$n_skip(); alter table $k enable always trigger skip',
  ],
  ruled: ['create rule r as on insert to $k do instead nothing'],
  ruled_delete: ['create rule r as on delete to $k do instead nothing'],
  unlogged: ['alter table $k set unlogged'],
  identity_full: ['alter table $k replica identity full'],
  parameters: ['alter table $k set (fillfactor = 50, autovacuum_enabled = off)'],
  statistics: ['alter table $k alter other set statistics 17'],
  stored_otherwise: ['alter table $k alter other set storage external'],
  granted: ['grant all on $k to public; grant update (other) on $k to public'],
  vacuumed: ['vacuum freeze $k'],
  clustered: ['cluster $k using $n_code_key', 'alter table $k set without cluster'],
}

/** What holds on to it from outside, or what is gone: each by itself. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  statistics_of_several: ['create statistics public.$n_stat on id, code from $k'],
  published_elsewhere: ['create publication $n_pub for table $k'],
  child: ['create table public.$n_child () inherits ($k); insert into public.$n_child select * from $k where id < 6'],
  parent: ['create table public.$n_parent (id bigint not null); alter table $k inherit public.$n_parent'],
  references_elsewhere: [
    'create table public.$n_ids (id bigint primary key); insert into public.$n_ids select id from $k; alter table $k add constraint extra_fk foreign key (id) references public.$n_ids',
  ],
  referenced: ['create table public.$n_far (id bigint references $k)'],
  renamed_with_another: [
    `alter table $k rename to $n_between; alter table $o rename to $n; alter table ${RETIRED}.$n_between rename to $p`,
  ],
  dropped: ['drop table $k'],
}

/** What nobody needs to notice. */
const HARMLESS = ['vacuumed', 'clustered']

async function alter(nights: Nights, schema: string, statements: readonly string[], name: string): Promise<void> {
  const [k, o] = [`${schema}.shop_${name}`, `${schema}.shop_other`]
  for (const sql of statements) {
    const named = sql.replaceAll('$k', k).replaceAll('$o', o).replaceAll('$p', 'shop_other')
    await nights.shop.look(named.replaceAll('$n', `shop_${name}`))
  }
}

const create = (version: Version, names: readonly string[]): Promise<Nights> => {
  const source = thingSource(names)
  return Nights.create(
    version,
    { source, tables: names.map((name) => publishThing(source, name)) },
    names.flatMap((name) => [CREATE, fillSql(30)].map((sql) => sql.replaceAll('$t', name))),
  )
}

describe.each(SERVERS)('PostgreSQL %i', (version) => {
  const names = [...Object.keys(ROWS), ...Object.keys(TABLES), 'other']
  let nights: Nights
  let structure: readonly unknown[]
  beforeAll(async () => {
    nights = await create(version, names)
    await nights.begin()
    structure = await nights.structure()
  })
  afterAll(() => nights.drop())

  const change = (label: string) =>
    nights.change(...names.map((name) => `update ${name} set label = '${label}' where id in (5, 6)`))
  const others = (ways: Ways, mayBe: (name: string) => readonly string[]) =>
    names
      .filter((name) => !mayBe(name).includes(ways[`shop_${name}`] ?? ''))
      .map((name) => `${name}: ${ways[`shop_${name}`]}`)

  test('of the kept version: rows make their table full, and nothing else stays of what was done', async () => {
    for (const [name, statements] of Object.entries({ ...ROWS, ...TABLES }))
      await alter(nights, RETIRED, statements, name)
    await change('changed')
    const ways = await nights.judged()
    const mayBe = (name: string) =>
      name in ROWS ? ['full'] : name in TABLES && !HARMLESS.includes(name) ? ['full', 'delta'] : ['delta']
    expect(others(ways, mayBe)).toEqual([])
    expect(await nights.structure()).toEqual(structure)
  })

  test('of the published version: the night after the next one sees it', async () => {
    for (const [name, statements] of Object.entries(ROWS)) await alter(nights, 'shop', statements, name)
    await change('again')
    // Its counts cannot tell what was done to the version that leaves.
    await nights.night()
    await nights.judge()
    const ways = await nights.judged()
    expect(others(ways, (name) => [name in ROWS ? 'full' : 'delta'])).toEqual([])
    expect(await nights.structure()).toEqual(structure)
  })
})

describe('what holds on to the kept version', () => {
  let nights: Nights
  let structure: readonly unknown[]
  beforeAll(async () => {
    nights = await create(18, ['thing', 'other'])
    await nights.begin()
    structure = await nights.structure()
  })
  afterAll(() => nights.drop())
  const letGo = () =>
    nights.shop.look(
      `drop table if exists public.shop_thing_child, public.shop_thing_parent, public.shop_thing_ids, public.shop_thing_far cascade;
       drop publication if exists shop_thing_pub; drop statistics if exists public.shop_thing_stat`,
    )

  test.each(Object.entries(OUTSIDE))('%s', async (_name, statements) => {
    await nights.judged()
    await alter(nights, RETIRED, statements, 'thing')
    await nights.change(
      "update thing set label = 'held' where id in (9, 10)",
      'update other set label = label where id = 9',
    )
    try {
      await nights.judged()
    } catch (error) {
      // It may stop the run, as it does on a full night, and is named.
      const { code, problems } = asVitrineError(error)
      expect([code, problems.length > 0]).toEqual(['DEPENDENT_BLOCKS', true])
      await letGo()
      await nights.judged()
    }
    await letGo()
    expect(await nights.structure()).toEqual(structure)
    await nights.judged()
    expect(Object.values(await nights.judged())).toContain('delta')
    expect(await nights.structure()).toEqual(structure)
  })
})
