import { describe, expect, test } from 'vitest'
import { keepsValues } from '../../src/migration/column-change.ts'
import { blockingSteps } from '../../src/migration/plan.ts'
import { planText } from '../../src/migration/plan-text.ts'
import {
  atLeast,
  column,
  customer,
  liveSchema,
  liveTable,
  plan,
  primaryKey,
  purchase,
  withColumn,
  withoutConstraints,
} from './plan-fixtures.ts'

const both = [customer, purchase]
const withSql = { sql: true }

describe('columns of a table with rows', () => {
  const change = (next: typeof customer, over = {}) =>
    planText(plan(liveSchema([liveTable(customer, over)]), [next]), withSql)

  test('a new column is added nullable; the next run makes it not null', () => {
    expect(change(withColumn(customer, 'since', column('since', 'date')))).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        + column customer.since (date) is added, empty until the next run, which makes it not null
            alter table shop.customer add column since date
            comment on column shop.customer.since is 'The since.'"
    `)
  })

  test('what was left to the next run neither blocks nor passes for a hand edit', () => {
    const wanted = withColumn(customer, 'since', column('since', 'date'))
    const after = withColumn(customer, 'since', column('since', 'date', { nullable: true }))
    const leftover = plan(liveSchema([liveTable(after)]), [wanted], [wanted])
    expect(leftover.steps).toMatchObject([{ kind: 'changed nullability', effect: 'next run', byHand: false, sql: [] }])
    expect(blockingSteps(leftover)).toEqual([])
  })

  test('a removed column loses its values', () => {
    expect(change(withColumn(customer, 'country', null))).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        - column customer.country is dropped, with its values [data is lost]
            alter table shop.customer drop column country"
    `)
  })

  test('a wider type keeps the values', () => {
    expect(change(withColumn(customer, 'name', column('name', 'character varying(40)')))).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        ~ column customer.name changes from character varying(20) to character varying(40) and keeps its values
            alter table shop.customer alter column name drop default
            alter table shop.customer alter column name type character varying(40) using cast(name as character varying(40))"
    `)
  })

  test('another type empties the column, with its keys, until the next run', () => {
    expect(change(withColumn(customer, 'name', column('name', 'integer')))).toMatchInlineSnapshot(`
      "Schema shop: 2 to migrate.

      Now:
        - uniqueness of (name) in customer is dropped
            alter table shop.customer drop constraint customer_name_key
        ~ column customer.name changes from character varying(20) to integer: its values go, empty until the next run, which makes it not null [data is lost]
            alter table shop.customer drop column name
            alter table shop.customer add column name integer
            comment on column shop.customer.name is 'The name.'

      With the next run:
        + uniqueness of (name) in customer comes with the next run"
    `)
  })

  test('a column may become nullable at once', () => {
    expect(
      change(withColumn(customer, 'name', column('name', 'character varying(20)', { nullable: true }))),
    ).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        ~ column customer.name may be empty
            alter table shop.customer alter column name drop not null"
    `)
  })

  test('numbering by the database ends', () => {
    expect(change(customer, { identityColumns: ['id'] })).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        - column customer.id stops numbering rows by itself (modified by hand)
            alter table shop.customer alter column id drop identity"
    `)
  })

  test('comments of a table are one step', () => {
    const { comment: _, ...rest } = customer
    const silent = { ...rest, comment: null, columns: customer.columns.map((each) => ({ ...each, comment: null })) }
    const { steps } = plan(liveSchema([liveTable(silent)]), [customer])
    expect(steps).toHaveLength(1)
    expect(steps[0]).toMatchInlineSnapshot(`
      {
        "byHand": false,
        "effect": "now",
        "kind": "changed comment",
        "losesData": false,
        "place": "customer",
        "sql": [
          "comment on table shop.customer is 'A customer.'",
          "comment on column shop.customer.id is 'The id.'",
          "comment on column shop.customer.name is 'The name.'",
          "comment on column shop.customer.country is 'The country.'",
        ],
        "text": "the comment of customer and 3 more changes",
      }
    `)
  })
})

test('in an empty table everything holds at once', () => {
  const bare = {
    ...withColumn(withoutConstraints(purchase, ...purchase.constraints.map(({ name }) => name)), 'amount', null),
    indexes: [],
  }
  const nullable = withColumn(bare, 'customer_id', column('customer_id', 'text', { nullable: true }))
  const found = plan(liveSchema([liveTable(customer), liveTable(nullable, { isEmpty: true })]), both)
  expect(found.steps.every(({ effect, losesData }) => effect === 'now' && !losesData)).toBe(true)
  expect(planText(found, withSql)).toMatchInlineSnapshot(`
    "Schema shop: 6 to migrate.

    Now:
      ~ column purchase.customer_id changes from text to bigint
          alter table shop.purchase drop column customer_id
          alter table shop.purchase add column customer_id bigint not null
          comment on column shop.purchase.customer_id is 'The customer_id.'
      + column purchase.amount (integer) is added
          alter table shop.purchase add column amount integer not null
          comment on column shop.purchase.amount is 'The amount.'
      + primary key (id) of purchase is added
          alter table shop.purchase add constraint purchase_pkey PRIMARY KEY (id)
      + check (amount >= 0) of purchase is added
          alter table shop.purchase add constraint purchase_amount_check CHECK ((amount >= 0))
      + reference of purchase.customer_id to customer is added
          alter table shop.purchase add constraint purchase_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES shop.customer(id) DEFERRABLE INITIALLY DEFERRED
      + index on (customer_id) of purchase is created
          create index purchase_customer_id_idx on shop.purchase (customer_id)"
  `)
})

describe('edits by hand', () => {
  test('are told apart from changes of the definition, and undone', () => {
    const edited = {
      ...customer,
      comment: 'Mine.',
      columns: [
        column('id', 'bigint'),
        column('name', 'text', { nullable: true }),
        column('note', 'text', { nullable: true }),
      ],
      constraints: [primaryKey('customer', 'id'), atLeast('customer', 'id', 1)],
    }
    const wanted = withColumn(customer, 'since', column('since', 'date', { nullable: true }))
    expect(planText(plan(liveSchema([liveTable(edited)]), [wanted], [customer]), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 6 to migrate.

      Now:
        - check (id >= 1) of customer is dropped (modified by hand)
            alter table shop.customer drop constraint customer_id_check
        ~ column customer.name changes from text to character varying(20): its values go, empty until the next run, which makes it not null (modified by hand) [data is lost]
            alter table shop.customer drop column name
            alter table shop.customer add column name character varying(20)
            comment on column shop.customer.name is 'The name.'
        + column customer.country (text) is added, empty until the next run (modified by hand)
            alter table shop.customer add column country text
            comment on column shop.customer.country is 'The country.'
        + column customer.since (date) is added, empty until the next run
            alter table shop.customer add column since date
            comment on column shop.customer.since is 'The since.'
        - column customer.note is dropped, with its values (modified by hand) [data is lost]
            alter table shop.customer drop column note
        ~ the comment of customer changes (modified by hand)
            comment on table shop.customer is 'A customer.'

      With the next run:
        + uniqueness of (name) in customer comes with the next run"
    `)
  })

  test('without a record of what was applied nothing is called a hand edit', () => {
    const { steps } = plan(liveSchema([liveTable(withColumn(customer, 'name', null))]), both, null)
    expect(steps.filter(({ byHand }) => byHand)).toEqual([])
  })
})

test.each([
  ['character varying(20)', 'character varying(40)', true],
  ['character varying(40)', 'character varying(20)', false],
  ['character varying(20)', 'character varying', true],
  ['character varying', 'text', true],
  ['text', 'character varying(9)', false],
  ['character(9)', 'character varying(9)', true],
  ['smallint', 'bigint', true],
  ['integer', 'bigint', true],
  ['bigint', 'integer', false],
  ['bigint', 'numeric', true],
  ['integer', 'double precision', true],
  ['bigint', 'double precision', false],
  ['real', 'double precision', true],
  ['numeric(10,2)', 'numeric', true],
  ['numeric', 'integer', false],
  ['double precision', 'numeric', false],
  ['date', 'timestamp without time zone', true],
  ['date', 'timestamp with time zone', false],
  ['timestamp without time zone', 'timestamp with time zone', false],
  ['timestamp(3) with time zone', 'timestamp with time zone', true],
  ['jsonb', 'text', true],
  ['uuid', 'text', true],
  ['uuid', 'character varying(36)', false],
  ['integer[]', 'bigint[]', true],
  ['character varying(9)[]', 'text[]', true],
  ['integer[]', 'text', true],
  ['text', 'text[]', false],
  ['boolean', 'integer', false],
])('from %s to %s keeps the values: %s', (from, to, kept) => {
  expect(keepsValues(from, to, false)).toBe(kept)
})

test.each([
  ['integer', 'bigint', true],
  ['integer', 'numeric', false],
  ['integer', 'text', false],
  ['character varying(9)', 'text', true],
])('in a foreign key, from %s to %s keeps the values: %s', (from, to, kept) => {
  expect(keepsValues(from, to, true)).toBe(kept)
})
