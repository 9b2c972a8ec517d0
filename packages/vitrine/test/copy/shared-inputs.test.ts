/** An input that is published as it is travels once, whatever else the rules of the table read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, VERSIONS } from '../../../../test/database.ts'
import { RowRewriter } from '../../src/copy/row-rewrite.ts'
import * as vitrine from '../../src/index.ts'
import { connect } from '../../src/postgres/connect.ts'
import { type Projection, projectionOf } from '../../src/publication/select-text.ts'
import { shapeOf } from '../../src/publication/shape.ts'
import type { PublishedTable } from '../../src/publication/table.ts'
import { migrateBookkeeping } from '../../src/record/bookkeeping.ts'
import { checkProjections } from '../../src/source/projection-types.ts'
import { buildTable } from '../../src/version/build.ts'

const { open } = vitrine
const source = vitrine.register('public', {
  parcel: {
    id: open.bigint,
    code: open.integer.nullable,
    weight: open.integer,
    label: open.text,
    depot: open.varchar(20).nullable,
    sent_on: open.date.nullable,
  },
})

/** Hidden (`code`), shared (`weight`, `depot`), of another type than published (`label`), read by two rules (`weight`). */
const table: PublishedTable = vitrine
  .from(source.selectFrom('parcel as p'))
  .publish('parcel', 'A parcel.', ({ ref }) => {
    const heavy = vitrine.compute(
      { weight: ref('p.weight'), depot: ref('p.depot') },
      ({ weight, depot }) => `${depot ?? 'none'}:${weight}`,
    )
    const all = vitrine.compute(
      { label: ref('p.label'), code: ref('p.code'), weight: ref('p.weight'), again: ref('p.weight') },
      ({ label, code, weight, again }) => ({
        joined: `${label}/${code}/${weight}/${again}`,
      }),
    )
    return {
      id: vitrine.bigint(ref('p.id'), 'Key').primaryKey(),
      sent_on: vitrine.date(ref('p.sent_on'), 'Sent').nullable(),
      joined: vitrine.text(all.field('joined'), 'All'),
      weight: vitrine.integer(ref('p.weight'), 'Weight'),
      weight_as_bigint: vitrine.bigint(ref('p.weight'), 'Weight, wider'),
      depot: vitrine.varchar(20, ref('p.depot'), 'Depot').nullable(),
      label: vitrine.varchar(50, ref('p.label'), 'Label'),
      heavy: vitrine.text(heavy, 'Heavy'),
    }
  })
const publication = vitrine.definePublication({
  name: 'parcels',
  schema: 'parcels',
  source,
  tables: [table],
  writer: 'w',
  reader: 'r',
})

const [INTEGER, TEXT, VARCHAR] = [23, 25, 1043]
const selected = ({ sql }: Projection) =>
  [...(sql.split(' from ')[0] ?? '').matchAll(/ as "(\w+)"/g)].map(([, name]) => name)
const reads = ({ computations }: Projection) => computations.map(({ fields }) => fields)

test('without the types of the source, every input stands first and none is published', () => {
  const projection = projectionOf(table)
  expect(projection.hiddenFields).toBe(projection.inputFields)
  expect(projection.inputFields).toBe(4)
  expect(selected(projection)).toEqual([
    ...['input_1', 'input_2', 'input_3', 'input_4'],
    ...['id', 'sent_on', 'weight', 'weight_as_bigint', 'depot', 'label'],
  ])
  // label, code, weight; then weight again, depot.
  expect(reads(projection)).toEqual([
    [0, 1, 2, 2],
    [2, 3],
  ])
})

test('with them, what is published with the type that it has is read where it is published', () => {
  const projection = projectionOf(table, null, [TEXT, INTEGER, INTEGER, VARCHAR])
  expect(selected(projection)).toEqual([
    ...['input_1', 'input_2', 'weight', 'depot'],
    ...['id', 'sent_on', 'weight_as_bigint', 'label'],
  ])
  expect(projection.passed.map(({ name }) => name)).toEqual(selected(projection).slice(2))
  expect([projection.hiddenFields, projection.inputFields]).toEqual([2, 4])
  expect(projection.inputTypes).toEqual([TEXT, INTEGER, INTEGER, VARCHAR])
  expect(reads(projection)).toEqual([
    [0, 1, 2, 2],
    [2, 3],
  ])
})

test('an input of another type than the column that publishes it travels beside it', () => {
  const projection = projectionOf(table, null, [TEXT, INTEGER, 20, TEXT])
  // The source gives bigint now: the column that is a bigint shares it, the integer one does not.
  expect(selected(projection)).toEqual([
    ...['input_1', 'input_2', 'input_3', 'weight_as_bigint'],
    ...['id', 'sent_on', 'weight', 'depot', 'label'],
  ])
  expect(projection.inputTypes).toEqual([TEXT, INTEGER, TEXT, 20])
  expect(reads(projection)).toEqual([
    [0, 1, 3, 3],
    [3, 2],
  ])
})

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'shared')
    await database.ask(`
      create table parcel (id bigint, code integer, weight integer, label text, depot varchar(20), sent_on date);
      create schema parcels;
      insert into parcel select n, nullif(n % 17, 0), n % 5, 'label ' || n % 3, case when n % 4 > 0 then 'depot ' || n % 4 end,
        case when n % 2 > 0 then date '2026-01-01' + n end
      from generate_series(1, 30000) n`)
  })
  afterAll(() => database.drop())

  test('rows are the same as PostgreSQL computes them', async () => {
    const session = (side: 'source' | 'target') =>
      connect(database.address(), { side, name: 'test', readOnly: false, searchPath: ['public'] })
    const [read, write] = [await session('source'), await session('target')]
    const projection = projectionOf(table, null, (await checkProjections(read, publication)).get('parcel'))
    expect(projection.hiddenFields).toBe(2)
    await migrateBookkeeping(write)
    await buildTable({ session: write, publication }, shapeOf(table, publication), 'parcels', {
      source: read.client,
      select: projection.sql,
      columns: [...projection.passed, ...projection.computed].map(({ name }) => name),
      rows: (blocks) => new RowRewriter(table, projection, null, blocks),
    })
    const wrong = await read.query(`
      (select id, sent_on, label || '/' || coalesce(code::text, 'null') || '/' || weight || '/' || weight as joined, weight,
         weight::bigint as weight_as_bigint, depot, label, coalesce(depot, 'none') || ':' || weight as heavy from parcel)
      except all
      select id, sent_on, joined, weight, weight_as_bigint, depot, label, heavy from parcels.parcel`)
    expect(wrong).toEqual([])
    const [counted] = await read.query<{ rows: number }>('select count(*)::integer as rows from parcels.parcel')
    expect(counted?.rows).toBe(30_000)
    await Promise.all([read.end(), write.end()])
  })
})
