/** Databases as other teams have them: several schemas in mixed case, keys of several columns, partitioned tables, odd types. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as vitrine from '../../src/index.ts'
import { requireSound } from '../../src/lineage/publication-check.ts'
import { Installation } from './installation.ts'

const { indirect, open, opaque, personal } = vitrine
const key = 'Stable key: it links the tables.'

const source = vitrine.register({
  public: { tag: { id: open.integer, label: open.text }, note: { id: open.integer, text: open.text } },
  Sales: {
    Order: {
      region: open.text,
      nr: indirect.integer,
      email: personal.text,
      stay: open.interval.nullable,
      phases: open.textArray,
      place: opaque('point'),
    },
    order_tag: { region: open.text, nr: indirect.integer, tag_id: open.integer },
    note: { id: open.integer, text: open.text },
  },
})
const tag = vitrine.from(source.selectFrom('tag as t')).publish('tag', 'A tag.', ({ ref, selectFrom }) => ({
  id: vitrine.integer(ref('t.id'), 'Tag').primaryKey(),
  label: vitrine.text(ref('t.label'), 'Label'),
  note: vitrine
    .text(selectFrom('note as n').whereRef('n.id', '=', 't.id').select('n.text').$asScalar(), 'N')
    .nullable(),
  sales: vitrine
    .text(selectFrom('Sales.note as n').whereRef('n.id', '=', 't.id').select('n.text').$asScalar(), 'N')
    .nullable(),
}))
const order = vitrine.from(source.selectFrom('Sales.Order as o')).publish('order', 'An order.', ({ ref }) => ({
  region: vitrine.text(ref('o.region'), 'Region').primaryKey(),
  nr: vitrine.integer(vitrine.because(ref('o.nr'), key), 'Number in its region').primaryKey(),
  stay: vitrine.interval(ref('o.stay'), 'How long').nullable(),
  phases: vitrine.textArray(ref('o.phases'), 'Phases'),
}))
const orderTag = vitrine
  .from(
    source
      .selectFrom('Sales.order_tag as ot')
      .innerJoin('Sales.Order as o', (on) => on.onRef('o.region', '=', 'ot.region').onRef('o.nr', '=', 'ot.nr')),
  )
  .publish('order_tag', 'A tag of an order.', ({ ref }) => ({
    region: vitrine.text(ref('ot.region'), 'Region').primaryKey(),
    nr: vitrine.integer(vitrine.because(ref('ot.nr'), key), 'Number').primaryKey(),
    tag_id: vitrine
      .integer(ref('ot.tag_id'), 'Tag')
      .primaryKey()
      .references(() => tag),
  }))
const settings = { name: 'shop', schema: 'shop', source, writer: 'w', reader: 'r' }
const publication = ({ writer, reader }: { writer: string; reader: string }) =>
  vitrine.definePublication({ ...settings, tables: [tag, order, orderTag], writer, reader })

let shop: Installation
let ours: vitrine.Publication
beforeAll(async () => {
  shop = await Installation.create(18, 3)
  await shop.source.ask(`create schema "Sales" authorization "${shop.app.user}"`)
  await shop.change(`
    create type "Sales".phase as enum ('asked', 'paid');
    create table tag (id integer primary key, label text not null);
    create table note (id integer primary key, text text not null);
    create table "Sales".note (id integer primary key, text text not null);
    create table public."Sales.note" (id integer primary key, text text not null);
    create table "Sales"."Order" (region text not null, nr integer not null, email text not null, stay interval,
      phases "Sales".phase[] not null, place point, primary key (region, nr)) partition by list (region);
    create table "Sales".north partition of "Sales"."Order" for values in ('north');
    create table "Sales".rest partition of "Sales"."Order" default;
    create table "Sales".order_tag (region text, nr integer, tag_id integer references tag, primary key (region, nr, tag_id),
      foreign key (region, nr) references "Sales"."Order");
    insert into tag values (1, 'new'), (2, 'old');
    insert into note values (1, 'of public'); insert into "Sales".note values (1, 'of sales'); insert into "Sales.note" values (1, 'of a dot');
    insert into "Sales"."Order" values ('north', 1, 'a@example.org', '1 mon', '{asked}', '(1,2)'),
      ('north', 2, 'b@example.org', '1 day', '{}', null), ('south', 1, 'c@example.org', null, '{asked,paid}', null);
    insert into "Sales".order_tag values ('north', 1, 1), ('north', 1, 2), ('south', 1, 1)`)
  ours = publication({ writer: shop.writer.user, reader: shop.reader.user })
  await shop.migrate(ours)
})
afterAll(() => shop.drop())

const published = () => shop.look(`select region, nr, stay::text, phases::text from shop."order" order by 1, 2`)

test('are published: each table from its own schema, with the keys that it has', async () => {
  await shop.run({ publication: ours })
  expect(await published()).toEqual([
    { region: 'north', nr: 1, stay: '1 mon', phases: '{asked}' },
    { region: 'north', nr: 2, stay: '1 day', phases: '{}' },
    { region: 'south', nr: 1, stay: null, phases: '{asked,paid}' },
  ])
  expect(await shop.look('select id, note, sales from shop.tag order by id')).toEqual([
    { id: 1, note: 'of public', sales: 'of sales' },
    { id: 2, note: null, sales: null },
  ])
  const reader = await shop.asReader()
  const { rows } = await reader.query(
    `select table_name || '.' || column_name as key from information_schema.key_column_usage
     where constraint_name ~ '_pkey$' and table_schema = 'shop' order by table_name, ordinal_position`,
  )
  await shop.target.close(reader)
  expect(rows.map((row) => row.key)).toEqual([
    ...['order.region', 'order.nr', 'order_tag.region', 'order_tag.nr', 'order_tag.tag_id', 'tag.id'],
  ])
})

test('are compared by keys of several columns, and rolled back', async () => {
  await shop.change(`
    update "Sales"."Order" set stay = '30 days' where stay = '1 mon';
    insert into "Sales"."Order" values ('east', 1, 'd@example.org', null, '{}', null);
    delete from "Sales".order_tag where tag_id = 2`)
  const { run } = await shop.run({ publication: ours })
  const changes = await shop.look(
    `select table_name, added::integer, changed::integer, removed::integer
     from vitrine.run_table where run_id = ${run} order by 1`,
  )
  expect(changes).toEqual([
    // A month and 30 days are equal in SQL, and not the same.
    { table_name: 'order', added: 1, changed: 1, removed: 0 },
    { table_name: 'order_tag', added: 0, changed: 0, removed: 1 },
    { table_name: 'tag', added: 0, changed: 0, removed: 0 },
  ])
  await shop.rollBack()
  expect(await published()).toHaveLength(3)
})

test('are read by a role that may read the named columns of each schema alone', async () => {
  const role = shop.reading.user
  const client = await shop.source.connect()
  const { rows } = await client.query(
    `select format('%I.%I.%I', n.nspname, c.relname, a.attname) as column
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'Sales') and a.attnum > 0 and has_column_privilege($1, c.oid, a.attnum, 'select') order by 1`,
    [role],
  )
  await shop.source.close(client)
  expect(rows.map(({ column }) => column).filter((name) => name.includes('note') || name.includes('Order'))).toEqual([
    ...['"Sales"."Order".nr', '"Sales"."Order".phases', '"Sales"."Order".region', '"Sales"."Order".stay'],
    ...['"Sales".note.id', '"Sales".note.text', 'public.note.id', 'public.note.text'],
  ])
})

test('drift: a change in any schema stops the run, by its name', async () => {
  await shop.change(
    'alter table "Sales"."Order" add vip boolean, alter place type text using null; create view "Sales".v as select 1',
  )
  expect(await shop.failure({ publication: ours })).toMatchObject({
    code: 'SOURCE_DRIFT',
    problems: [
      { place: 'Sales.Order.place' },
      { place: 'Sales.Order.vip', remedy: 'add to the register: vip: personal.boolean.nullable,' },
    ],
  })
})

test('what a key of several columns cannot do is said', async () => {
  const refers = vitrine.from(source.selectFrom('tag as t')).publish('refers', 'R', ({ ref }) => ({
    id: vitrine
      .integer(ref('t.id'), 'Tag')
      .primaryKey()
      .references(() => order),
  }))
  const whole = vitrine.definePublication({ ...settings, tables: [order, refers] })
  await expect(requireSound(whole)).rejects.toMatchObject({
    problems: [{ place: 'refers.id', detail: 'it refers to order, whose primary key is not one column' }],
  })
})

test('a table of a schema is named with it', () => {
  // @ts-expect-error only the tables of public are named alone
  expect(() => source.selectFrom('order_tag')).not.toThrow()
  // @ts-expect-error a schema has its own tables
  expect(() => source.selectFrom('Sales.tag')).not.toThrow()
})
