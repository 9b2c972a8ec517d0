import { describe, expect, test } from 'vitest'
import { keepsValues } from '../../src/target/column-change.ts'
import { blockingSteps } from '../../src/target/plan.ts'
import { planText } from '../../src/target/plan-text.ts'
import {
  atLeast,
  column,
  customer,
  freshness,
  liveSchema,
  liveTable,
  plan,
  primaryKey,
  purchase,
  reference,
  unique,
  withColumn,
  withoutConstraints,
} from './plan-fixtures.ts'

const both = [customer, purchase]
const live = liveSchema([liveTable(customer), liveTable(purchase)])
const withSql = { sql: true }

describe('nothing to do', () => {
  test('a live schema that is what is wanted gives no step', () => {
    const nothing = plan(live, both)
    expect(nothing).toEqual({ schema: 'shop', steps: [], conflicts: [], foreign: [] })
    expect(planText(nothing)).toMatchInlineSnapshot(`"Schema shop: nothing to migrate."`)
  })

  test('neither the order of columns nor the names of constraints and indexes are differences', () => {
    const renamed = {
      ...purchase,
      columns: [...purchase.columns].reverse(),
      constraints: purchase.constraints.map((constraint) => ({ ...constraint, name: `${constraint.name}_5f2a` })),
      indexes: [{ name: 'purchase_customer_id_5f2a', columns: ['customer_id'] }],
    }
    expect(plan(liveSchema([liveTable(customer), liveTable(renamed)]), both, both).steps).toEqual([])
  })

  test('a plan is frozen', () => {
    const { steps } = plan(liveSchema([]), both, null)
    expect(steps.every((step) => Object.isFrozen(step) && Object.isFrozen(step.sql))).toBe(true)
    expect(Object.isFrozen(steps)).toBe(true)
  })
})

describe('tables', () => {
  test('an empty target gets everything, references after all tables', () => {
    const nowhere = liveSchema([], { exists: false, owner: null, owned: false, readerMayEnter: false, others: [] })
    expect(planText(plan(nowhere, [purchase, customer], null), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 6 to migrate.

      Now:
        + schema shop is created
            create schema shop
        + table purchase is created with 3 columns, empty until the next run
            create table shop.purchase (id bigint not null, customer_id bigint not null, amount integer not null, constraint purchase_amount_check CHECK ((amount >= 0)))
            alter table shop.purchase add constraint purchase_pkey PRIMARY KEY (id)
            create index purchase_customer_id_idx on shop.purchase (customer_id)
            comment on table shop.purchase is 'A purchase.'
            comment on column shop.purchase.id is 'The id.'
            comment on column shop.purchase.customer_id is 'The customer_id.'
            comment on column shop.purchase.amount is 'The amount.'
            grant select on table shop.purchase to reader
        + table customer is created with 3 columns, empty until the next run
            create table shop.customer (id bigint not null, name character varying(20) not null, country text)
            alter table shop.customer add constraint customer_pkey PRIMARY KEY (id)
            alter table shop.customer add constraint customer_name_key UNIQUE (name)
            comment on table shop.customer is 'A customer.'
            comment on column shop.customer.id is 'The id.'
            comment on column shop.customer.name is 'The name.'
            comment on column shop.customer.country is 'The country.'
            grant select on table shop.customer to reader
        + reference of purchase.customer_id to customer is added
            alter table shop.purchase add constraint purchase_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES shop.customer(id) DEFERRABLE INITIALLY DEFERRED
        + reader may enter schema shop
            grant usage on schema shop to reader
        + view freshness, which tells how old each table is, is created
            create view shop.freshness …
            grant select on table shop.freshness to reader"
    `)
  })

  test('a removed table is dropped, and told as a loss', () => {
    expect(planText(plan(live, [customer]), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        - table purchase is dropped, with its rows [data is lost]
            drop table shop.purchase"
    `)
  })

  test('removed tables that refer to one another go in any order', () => {
    const ring = { ...customer, constraints: [...customer.constraints, reference('customer', 'id', 'purchase')] }
    const { steps } = plan(liveSchema([liveTable(ring), liveTable(purchase)]), [])
    expect(steps.map(({ sql }) => sql)).toMatchInlineSnapshot(`
      [
        [
          "alter table shop.purchase drop constraint purchase_customer_id_fkey",
          "drop table shop.customer",
        ],
        [
          "drop table shop.purchase",
        ],
      ]
    `)
  })

  test('a table that this tool never made is left alone and shown', () => {
    const migrations = liveTable({ ...customer, name: 'django_migrations', constraints: [] })
    const others = [
      freshness,
      { ...freshness, name: 'par_mois', owner: 'ana' },
      { ...freshness, name: 'compteur', kind: 'sequence' },
    ]
    const found = plan(liveSchema([liveTable(customer), migrations], { others }), [customer], [customer])
    expect(found.steps).toEqual([])
    expect(planText(found)).toMatchInlineSnapshot(`
      "Schema shop: nothing to migrate.

      Not ours, left alone:
          table django_migrations
          view par_mois
          sequence compteur"
    `)
  })

  test('a table that somebody else made under a published name is taken over, after being told', () => {
    expect(planText(plan(live, both, [customer]))).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        ~ table purchase, which this tool did not make, is taken over: the next run replaces its rows [data is lost]"
    `)
  })

  test('a table dropped by hand is created again', () => {
    expect(planText(plan(liveSchema([liveTable(customer)]), both, both))).toMatchInlineSnapshot(`
      "Schema shop: 2 to migrate.

      Now:
        + table purchase is created with 3 columns, empty until the next run (modified by hand)
        + reference of purchase.customer_id to customer is added"
    `)
  })
})

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

describe('constraints and indexes', () => {
  test('what goes, goes now; what the present rows might break comes with the next run', () => {
    const before = {
      ...withoutConstraints(purchase, 'purchase_pkey', 'purchase_customer_id_fkey'),
      constraints: [atLeast('purchase', 'amount', 5), unique('purchase', 'amount')],
      indexes: [],
    }
    expect(planText(plan(liveSchema([liveTable(customer), liveTable(before)]), both), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 3 to migrate.

      Now:
        - check (amount >= 5) of purchase is dropped
            alter table shop.purchase drop constraint purchase_amount_check
        - uniqueness of (amount) in purchase is dropped
            alter table shop.purchase drop constraint purchase_amount_key
        + index on (customer_id) of purchase is created
            create index purchase_customer_id_idx on shop.purchase (customer_id)

      With the next run:
        + primary key (id) of purchase comes with the next run
        + check (amount >= 0) of purchase comes with the next run
        + reference of purchase.customer_id to customer comes with the next run"
    `)
  })

  test('a reference goes before the key it points to, and comes back with it', () => {
    const moved = { ...customer, constraints: [primaryKey('customer', 'name')] }
    const pointing = { ...purchase, constraints: [reference('purchase', 'customer_id', 'customer', 'name')] }
    expect(planText(plan(live, [moved, pointing]))).toMatchInlineSnapshot(`
      "Schema shop: 5 to migrate.

      Now:
        - reference of purchase.customer_id to customer is dropped
        - primary key (id) of customer is dropped
        - uniqueness of (name) in customer is dropped
        - primary key (id) of purchase is dropped
        - check (amount >= 0) of purchase is dropped

      With the next run:
        + primary key (name) of customer comes with the next run
        + reference of purchase.customer_id to customer comes with the next run"
    `)
  })

  test('a key whose column changes type takes its references along', () => {
    const retyped = withColumn(customer, 'id', column('id', 'uuid'))
    const { steps } = plan(live, [retyped, purchase])
    expect(steps.map(({ text, effect }) => `${effect}: ${text}`)).toMatchInlineSnapshot(`
      [
        "now: reference of purchase.customer_id to customer is dropped",
        "now: primary key (id) of customer is dropped",
        "now: column customer.id changes from bigint to uuid: its values go, empty until the next run, which makes it not null",
        "next run: primary key (id) of customer comes with the next run",
        "next run: reference of purchase.customer_id to customer comes with the next run",
      ]
    `)
  })

  test('an index that we made is dropped; one that we did not make is left to the next run', () => {
    const wanted = { ...purchase, indexes: [] }
    const table = { ...purchase, indexes: [...purchase.indexes, { name: 'fast', columns: ['amount'] }] }
    const found = plan(
      liveSchema([liveTable(customer), liveTable(table, { extras: ['purchase_like'] })]),
      [customer, wanted],
      both,
    )
    expect(planText(found, withSql)).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        - index purchase_customer_id_idx of purchase is dropped
            drop index shop.purchase_customer_id_idx

      With the next run:
        - index fast of purchase, which this tool did not make, goes with the next run (modified by hand)
        - index purchase_like of purchase, which this tool did not make, goes with the next run (modified by hand)"
    `)
    expect(blockingSteps(found)).toHaveLength(1)
  })
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

describe('the reader and the freshness view', () => {
  test('rights that are missing are granted', () => {
    const closed = liveSchema([liveTable(customer, { readable: false })], {
      readerMayEnter: false,
      others: [{ ...freshness, readable: false }],
    })
    expect(planText(plan(closed, [customer]), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 3 to migrate.

      Now:
        + reader may enter schema shop
            grant usage on schema shop to reader
        + reader may read customer
            grant select on table shop.customer to reader
        + reader may read freshness
            grant select on table shop.freshness to reader"
    `)
  })

  test('a reader that does not exist is told and holds nothing up', () => {
    const nobody = liveSchema([liveTable(customer, { readable: false })], {
      readerExists: false,
      readerMayEnter: false,
    })
    const found = plan(nobody, [customer])
    expect(planText(found)).toMatchInlineSnapshot(`
      "Schema shop: nothing to migrate.

      With the next run:
        ! role reader does not exist, so nobody reads the tables: run provision"
    `)
    expect(blockingSteps(found)).toEqual([])
  })

  test('the view is created when it is missing, and again when its columns change', () => {
    const missing = plan(liveSchema([liveTable(customer)], { others: [] }), [customer])
    const other = plan(liveSchema([liveTable(customer)], { others: [{ ...freshness, columns: ['x'] }] }), [customer])
    expect([planText(missing, withSql), planText(other, withSql)].join('\n\n')).toMatchInlineSnapshot(`
      "Schema shop: 1 to migrate.

      Now:
        + view freshness, which tells how old each table is, is created
            create view shop.freshness …
            grant select on table shop.freshness to reader

      Schema shop: 1 to migrate.

      Now:
        + view freshness, which tells how old each table is, is created again with other columns or another comment
            drop view shop.freshness
            create view shop.freshness …
            grant select on table shop.freshness to reader"
    `)
  })
})

describe('conflicts', () => {
  const view = { what: 'view public.par_pays', kind: 'reads', table: 'customer', holder: null } as const

  test('a view on a column that goes or changes type is named, never cascaded', () => {
    const dependents = [{ ...view, columns: ['id', 'country'] }]
    const wanted = withColumn(withColumn(customer, 'country', null), 'name', column('name', 'text'))
    const found = plan(liveSchema([liveTable(customer)], { dependents }), [wanted])
    expect(planText(found)).toMatchInlineSnapshot(`
      "Schema shop: 2 to migrate, 1 in conflict.

      Conflicts, to be settled first:
        ! customer.country: view public.par_pays depends on it
            change or drop view public.par_pays, then plan again

      Now:
        ~ column customer.name changes from character varying(20) to text and keeps its values
        - column customer.country is dropped, with its values [data is lost]"
    `)
  })

  test('a view on columns that stay is no conflict', () => {
    const dependents = [{ ...view, columns: ['id', 'name'] }]
    const found = plan(liveSchema([liveTable(customer)], { dependents }), [withColumn(customer, 'country', null)])
    expect(found.conflicts).toEqual([])
  })

  test('whatever depends on a removed table, and keys that others point to', () => {
    const dependents = [
      { ...view, columns: [] },
      { what: 'foreign key a_fkey of public.a', kind: 'refers', table: 'purchase', columns: ['id'], holder: null },
    ] as const
    const found = plan(liveSchema([liveTable(customer), liveTable(purchase)], { dependents }), [
      { ...withoutConstraints(purchase, 'purchase_pkey', 'purchase_customer_id_fkey'), indexes: [] },
    ])
    expect(found.conflicts).toMatchInlineSnapshot(`
      [
        {
          "detail": "view public.par_pays depends on it",
          "place": "customer",
          "remedy": "change or drop view public.par_pays, then plan again",
        },
        {
          "detail": "foreign key a_fkey of public.a refers to it",
          "place": "purchase.id",
          "remedy": "change or drop foreign key a_fkey of public.a, then plan again",
        },
      ]
    `)
  })

  test('tables of another owner, only when something must change in them', () => {
    const theirs = liveSchema([liveTable(customer, { owner: 'postgres', owned: false })])
    expect(plan(theirs, [customer]).conflicts).toEqual([])
    expect(plan(theirs, [withColumn(customer, 'country', null)]).conflicts).toMatchInlineSnapshot(`
      [
        {
          "detail": "it belongs to postgres",
          "place": "customer",
          "remedy": "alter table shop.customer owner to writer",
        },
      ]
    `)
  })

  test('published names that something else has', () => {
    const others = [
      { ...freshness, kind: 'materialized view' },
      { ...freshness, name: 'purchase' },
    ]
    expect(plan(liveSchema([liveTable(customer)], { others }), both).conflicts).toMatchInlineSnapshot(`
      [
        {
          "detail": "a materialized view has the name of a published relation",
          "place": "freshness",
          "remedy": "alter materialized view shop.freshness rename to …, or rename the published one",
        },
        {
          "detail": "a view has the name of a published relation",
          "place": "purchase",
          "remedy": "alter view shop.purchase rename to …, or rename the published one",
        },
      ]
    `)
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
