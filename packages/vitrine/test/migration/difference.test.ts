/** What differs between two shapes, and how it is said. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differences } from '../../src/migration/shape-difference.ts'
import { shapesOf, type TableShape } from '../../src/publication/shape.ts'
import { customer, customer2, publicationOf, purchase, purchase2 } from './migrate-fixtures.ts'

const shapes = (...tables: Parameters<typeof publicationOf>[0]) => shapesOf(publicationOf(tables))
const texts = (before: readonly TableShape[], after: readonly TableShape[]) =>
  differences(before, after).map(({ text, withdraws }) => `${withdraws ? '! ' : ''}${text}`)

test('everything that can change, there and back', () => {
  expect(texts(shapes(customer, purchase), shapes(customer2, purchase2))).toMatchInlineSnapshot(`
    [
      "column customer.name changes from character varying(20) to character varying(40)",
      "column customer.name may be empty",
      "column customer.size becomes not null",
      "column customer.since (date) is added",
      "uniqueness of (name) in customer is dropped",
      "check (size >= 0) of customer is dropped",
      "check (size >= 5) of customer is added",
      "the comment of customer and 1 more changes",
      "column purchase.customer_id may be empty",
      "column purchase.code changes from text to bigint",
      "column purchase.parent_id (bigint) is added",
      "reference of purchase.customer_id to customer is dropped",
      "uniqueness of (code) in purchase is added",
      "reference of purchase.parent_id to purchase is added",
      "index on (customer_id) of purchase is dropped",
      "index on (parent_id) of purchase is added",
    ]
  `)
  expect(texts(shapes(customer2, purchase2), shapes(customer))).toMatchInlineSnapshot(`
    [
      "column customer.name changes from character varying(40) to character varying(20)",
      "column customer.name becomes not null",
      "column customer.size may be empty",
      "! column customer.since is withdrawn",
      "check (size >= 5) of customer is dropped",
      "uniqueness of (name) in customer is added",
      "check (size >= 0) of customer is added",
      "the comment of customer and 1 more changes",
      "! table purchase is withdrawn",
    ]
  `)
})

test('new and withdrawn tables are one line each, and what is withdrawn needs a yes', () => {
  expect(texts([], shapes(customer, purchase))).toEqual([
    'table customer is added, with 3 columns',
    'table purchase is added, with 3 columns',
  ])
  expect(texts(shapes(customer, purchase), [])).toEqual([
    '! table customer is withdrawn',
    '! table purchase is withdrawn',
  ])
})

const type = fc.constantFrom('integer', 'text', 'bigint')
const column = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  type,
  nullable: fc.boolean(),
  comment: fc.constantFrom('x', 'y'),
})
const shape: fc.Arbitrary<TableShape> = fc.record({
  name: fc.constantFrom('s', 't'),
  comment: fc.constantFrom('x', null),
  columns: fc.uniqueArray(column, { selector: ({ name }) => name }),
  constraints: fc.constant([]),
  indexes: fc.uniqueArray(fc.record({ name: fc.constant('i'), columns: fc.constantFrom(['a'], ['b']) }), {
    selector: ({ columns }) => columns.join(),
  }),
  history: fc.constant(null),
})
const schema = fc.uniqueArray(shape, { selector: ({ name }) => name })

test('two schemas differ in nothing exactly when they are equal, and each withdrawal has its place', () => {
  const sorted = (tables: readonly TableShape[]) =>
    JSON.stringify(
      tables
        .map((table) => ({
          ...table,
          columns: table.columns.toSorted((a, b) => a.name.localeCompare(b.name)),
          indexes: table.indexes.toSorted((a, b) => a.columns.join().localeCompare(b.columns.join())),
        }))
        .toSorted((a, b) => a.name.localeCompare(b.name)),
    )
  fc.assert(
    fc.property(schema, schema, (before, after) => {
      const steps = differences(before, after)
      expect(steps.length === 0).toBe(sorted(before) === sorted(after))
      const places = (tables: readonly TableShape[]) =>
        tables.flatMap(({ name, columns }) => [name, ...columns.map((found) => `${name}.${found.name}`)])
      const kept = new Set(places(after))
      const gone = new Set(after.map(({ name }) => name))
      const lost = places(before).filter(
        (place) => !kept.has(place) && (!place.includes('.') || gone.has(place.split('.')[0] ?? '')),
      )
      expect(
        steps
          .filter(({ withdraws }) => withdraws)
          .map(({ place }) => place)
          .toSorted(),
      ).toEqual(lost.toSorted())
    }),
  )
})
