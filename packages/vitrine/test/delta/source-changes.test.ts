/**
 * Whatever happens to the source between two nights: the published rows are those of a full night. Every change has a table
 * of its own, so that one night tries them all; two nights follow it, because the changes must reach both versions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Nights, reasonsOf, SERVERS, waysOf } from './nights.ts'
import { CREATE, fillSql, publishThing, thingSource } from './things.ts'

type Way = 'delta' | 'full' | 'any'
/** Statements with `$t` for the table: before the first night, and between the second and the third. */
type Change = readonly [way: Way, change: readonly string[], before?: readonly string[]]

const ROWS = 60

const CHANGES: Readonly<Record<string, Change>> = {
  untouched: ['delta', []],
  rows_added: ['delta', [fillSql(9, 1_000)]],
  rows_deleted: ['delta', ['delete from $t where id % 11 in (0, 5)']],
  rows_updated: ['delta', ["update $t set label = upper(label), amount = null, email = 'x' where id % 9 = 1"]],
  row_updated_to_the_same: ['delta', ['update $t set label = label where id = 3']],
  rows_hidden_and_shown: ['delta', ['update $t set hidden = not hidden where id % 7 < 2']],
  rows_masked_and_not: [
    'delta',
    ['update $t set sole = case when sole then null when not sole then true else false end'],
  ],
  keys_moved: ['delta', ['update $t set id = id + 500 where id % 10 = 3']],
  keys_exchanged: ['delta', ['update $t set id = -id where id in (1, 2)', 'update $t set id = id + 3 where id < 0']],
  key_freed_and_taken: [
    'delta',
    ['delete from $t where id = 8', "insert into $t select 8, 'new', 'new', 'new', 0, now(), false, false, 'new'"],
  ],
  unique_values_exchanged: [
    'delta',
    [
      "begin; set constraints all deferred; update $t set code = case id when 1 then 'c2' when 2 then 'c3' else 'c1' end where id in (1, 2, 3); commit",
    ],
  ],
  unique_value_inherited: ['delta', ['delete from $t where id = 5', "update $t set code = 'c5' where id = 6"]],
  unique_value_unhidden: [
    'delta',
    ["update $t set code = 'taken' where id = 7", "update $t set code = 'c7', hidden = false where id = 8"],
  ],
  rolled_back: ['delta', ["begin; update $t set label = 'never'; delete from $t where id < 20; rollback"]],
  savepoints: [
    'delta',
    [
      `begin; update $t set label = 'outer' where id = 1; savepoint a; update $t set label = 'undone' where id in (2, 3); rollback to a;
       savepoint b; update $t set label = 'kept' where id = 2; savepoint c; delete from $t where id = 4; release c; release b;
       insert into $t select 900, 'deep', 'deep', 'deep', 1, now(), false, false, 'deep'; commit`,
    ],
  ],
  exception_blocks: [
    'delta',
    [
      `do $$ begin for n in 1..70 loop begin update $t set other = 'looped' where id = n; if n % 2 = 0 then raise exception 'no'; end if;
       exception when others then null; end; end loop; end $$`,
    ],
  ],
  inserted_and_deleted: ['delta', [fillSql(20, 2_000), 'delete from $t where id >= 2000']],
  upserted: [
    'delta',
    [
      "insert into $t select id, code, 'upserted', other, amount, seen, sole, hidden, email from $t where id % 8 = 1 on conflict (id) do update set label = excluded.label",
    ],
  ],
  merged: [
    'delta',
    [
      "merge into $t t using (select generate_series(55, 65) as id) s on t.id = s.id when matched and t.id < 58 then delete when matched then update set label = 'merged' when not matched then insert values (s.id, 'm' || s.id, 'm', 'm', 1, now(), false, false, 'm')",
    ],
  ],
  row_locked: [
    'delta',
    [
      'begin; select from $t where id < 9 for update; select from $t where id > 50 for key share; commit',
      'update $t set label = label where false',
    ],
  ],
  frozen: ['delta', ["update $t set label = 'before the freeze' where id = 12", 'vacuum freeze $t']],
  vacuumed_in_full: [
    'delta',
    ["update $t set label = 'moved' where id = 12", 'delete from $t where id < 4', 'vacuum full $t'],
  ],
  clustered: [
    'delta',
    [
      "update $t set label = 'clustered' where id = 12",
      'create index $t_order on $t (label desc)',
      'cluster $t using $t_order',
    ],
  ],
  emptied: ['any', ['delete from $t']],
  emptied_and_filled: ['any', ['truncate $t', fillSql(ROWS - 3, 3)]],
  filled_frozen: [
    'any',
    [
      "begin; create temporary table kept on commit drop as select * from $t; truncate $t; insert into $t select * from kept where id > 5; update $t set label = 'again' where id = 9; commit",
      'vacuum freeze $t',
    ],
  ],
  dropped_and_added: ['full', ['alter table $t drop other', "alter table $t add other text default 'everywhere'"]],
  dropped_and_added_twice: [
    'full',
    ['alter table $t drop other', "alter table $t add other text default 'second'"],
    ['alter table $t drop other', "alter table $t add other text default 'first'"],
  ],
  default_stored_since: [
    'any',
    ['vacuum full $t'],
    ['alter table $t drop other', "alter table $t add other text default 'stored'"],
  ],
  columns_renamed: [
    'full',
    [
      'alter table $t rename label to between',
      'alter table $t rename other to label',
      'alter table $t rename between to other',
    ],
  ],
  tables_renamed: [
    'full',
    ['alter table $t rename to $t_left', 'alter table $t_coming rename to $t'],
    [
      'create table $t_coming (like $t including all)',
      "insert into $t_coming select id, code, 'coming', other, amount, seen, sole, hidden, email from $t",
    ],
  ],
  made_anew: [
    'full',
    [
      `create table $t_kept as select * from $t`,
      'drop table $t',
      CREATE,
      "insert into $t select id, code, 'restored', other, amount, seen, sole, hidden, email from $t_kept",
    ],
  ],
  label_of_enum_renamed: [
    'full',
    ["alter type $t_kind rename value 'one' to 'uno'"],
    [
      "create type $t_kind as enum ('one', 'two')",
      "alter table $t alter other type $t_kind using case when id % 2 = 0 then 'one' else 'two' end::$t_kind",
    ],
  ],
  type_rewritten: [
    'any',
    ['alter table $t alter amount type numeric(10, 1)', 'alter table $t alter amount type numeric'],
  ],
  type_relabelled: [
    'any',
    ['alter table $t alter amount type numeric(20, 4)'],
    ['alter table $t alter amount type numeric(15, 4)'],
  ],
  type_of_text: [
    'any',
    ['alter table $t alter other type text'],
    ['create domain $t_text as text', 'alter table $t alter other type $t_text'],
  ],
  text_to_enum_and_back: [
    'any',
    [
      "create type $t_kind as enum ('one')",
      "update $t set other = 'one'",
      'alter table $t alter other type $t_kind using other::$t_kind',
      'alter table $t alter other type text',
    ],
  ],
  child_attached: [
    'full',
    ['alter table $t_child inherit $t'],
    [
      'create table $t_child (like $t including all)',
      "insert into $t_child select id + 300, 'k' || id, 'child', other, amount, seen, sole, hidden, email from $t",
    ],
  ],
  child_detached: [
    'full',
    ['alter table $t_child no inherit $t'],
    [
      'create table $t_child (like $t including all)',
      "insert into $t_child select id + 300, 'k' || id, 'child', other, amount, seen, sole, hidden, email from $t",
      'alter table $t_child inherit $t',
    ],
  ],
  part_attached: [
    'full',
    ['alter table $t attach partition $t_second for values from (1000) to (2000)'],
    [
      'drop table $t',
      `${CREATE.replace('unique deferrable', '')} partition by range (id)`,
      'create table $t_first partition of $t for values from (0) to (1000)',
      fillSql(ROWS),
      'create table $t_second (like $t)',
      fillSql(ROWS, 1_000).replace('$t', '$t_second'),
    ],
  ],
  part_detached: [
    'full',
    ['alter table $t detach partition $t_first'],
    [
      'drop table $t',
      `${CREATE.replace('unique deferrable', '')} partition by range (id)`,
      'create table $t_first partition of $t for values from (0) to (30)',
      'create table $t_second partition of $t for values from (30) to (1000)',
      fillSql(ROWS),
    ],
  ],
  view_since: [
    'full',
    [
      'alter table $t rename to $t_rows',
      'create view $t as select id, code, upper(label) as label, other, amount, seen, sole, hidden, email from $t_rows',
    ],
  ],
  generated_stored: [
    'any',
    ["update $t set label = 'source of it' where id < 9"],
    ['alter table $t drop other', "alter table $t add other text generated always as (label || '!') stored"],
  ],
  set_unlogged: ['any', ['alter table $t set unlogged']],
  triggered: [
    'delta',
    ["update $t set label = 'by a trigger' where id = 9"],
    [
      "create function $t_touch() returns trigger language plpgsql as $$ begin new.other := 'touched'; return new; end $$",
      'create trigger touch before update on $t for each row execute function $t_touch()',
    ],
  ],
  in_flight: ['delta', []],
  in_flight_with_savepoints: ['delta', []],
  in_flight_rolled_back: ['delta', []],
}

/** Where values of unchanged rows become others by the catalogue alone. */
const NEWEST_ONLY: Readonly<Record<string, Change>> = {
  generated_virtually: [
    'full',
    ["alter table $t alter other set expression as (lower(label) || '?')"],
    ['alter table $t drop other', 'alter table $t add other text generated always as (upper(label)) virtual'],
  ],
}

describe.each(SERVERS)('PostgreSQL %i', (version) => {
  const changes = { ...CHANGES, ...(version === 18 ? NEWEST_ONLY : {}) }
  const names = Object.keys(changes)
  const statements = (part: 1 | 2) =>
    names.flatMap((name) => (changes[name]?.[part] ?? []).map((sql) => sql.replaceAll('$t', name)))
  let nights: Nights

  beforeAll(async () => {
    const source = thingSource(names)
    const derived = {
      ...source,
      derived: { view_since: 'a test', 'generated_stored.other': 'a test', 'generated_virtually.other': 'a test' },
    }
    nights = await Nights.create(
      version,
      { source: derived, tables: names.map((name) => publishThing(source, name)) },
      [...names.flatMap((name) => [CREATE, fillSql(ROWS)].map((sql) => sql.replaceAll('$t', name))), ...statements(2)],
    )
  })
  afterAll(() => nights.drop())

  /** The ways that are not what the change asks for. */
  const otherWays = (ways: Readonly<Record<string, string>>) =>
    names.flatMap((name) => {
      const [wanted] = changes[name] ?? ['any']
      const found = ways[`shop_${name}`]
      return wanted === 'any' || wanted === found ? [] : [`${name}: ${found} instead of ${wanted}`]
    })

  test('a delta night publishes what a full one would, whatever happened to the rows and to the tables', async () => {
    const { shop } = nights
    const open = await Promise.all(
      ['in_flight', 'in_flight_with_savepoints', 'in_flight_rolled_back'].map(async (name) => {
        const client = await shop.source.connect({ role: shop.app })
        await client.query(`begin; update ${name} set label = 'early' where id < 5`)
        if (name === 'in_flight_with_savepoints') await client.query('savepoint a')
        await client.query(`delete from ${name} where id = 20; update ${name} set code = 'flown' where id = 30`)
        return client
      }),
    )
    const [plain, saved, undone] = open
    await nights.night()
    // Between the two snapshots: what began before the first ends after the second.
    await saved?.query('release a; savepoint b; update in_flight_with_savepoints set label = $$between$$ where id = 40')
    const second = await nights.night()
    expect(new Set(Object.values(waysOf(second)))).toEqual(new Set(['full']))
    await nights.judge()

    await plain?.query("update in_flight set label = 'late' where id = 50; commit")
    await saved?.query('commit')
    await undone?.query('rollback')
    await Promise.all(open.map((client) => shop.source.close(client)))
    await nights.change(...statements(1))
    await shop.provisionSource(nights.publication)

    const third = await nights.night()
    await nights.judge()
    await nights.judgeRecord(third)
    expect(otherWays(waysOf(third))).toEqual([])
    expect(Object.keys(reasonsOf(third)).length).toBeGreaterThan(5)
    // The version that was published before the changes gets them too.
    const fourth = await nights.judged()
    expect(otherWays(fourth)).toEqual([])
    // Now both versions have them: what can ever be a delta is one again.
    const fifth = await nights.judged()
    const lasting = ['part_attached', 'part_detached', 'child_attached', 'view_since', 'generated_virtually']
    const stillFull = names.filter((name) => changes[name]?.[0] !== 'any' && fifth[`shop_${name}`] !== 'delta')
    expect(stillFull.filter((name) => !lasting.includes(name))).toEqual([])
  })
})
