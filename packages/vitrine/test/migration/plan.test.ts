import { describe, expect, test } from 'vitest'
import { blockingSteps } from '../../src/migration/plan.ts'
import { planText } from '../../src/migration/plan-text.ts'
import {
  column,
  customer,
  freshness,
  liveSchema,
  liveTable,
  plan,
  purchase,
  reference,
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

describe('the reader and the freshness view', () => {
  test('rights that are missing are granted', () => {
    const closed = liveSchema([liveTable(customer, { readable: false })], {
      readerMayEnter: false,
      others: [{ ...freshness, readable: false }],
    })
    expect(planText(plan(closed, [customer]), withSql)).toMatchInlineSnapshot(`
      "Schema shop: 3 to migrate.

      Now:
        + reader may read customer
            grant select on table shop.customer to reader
        + reader may enter schema shop
            grant usage on schema shop to reader
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
        ~ view freshness, which tells how old each table is, is created again with other columns or another comment
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
    const unreadable = liveSchema([liveTable(customer, { owner: 'postgres', owned: false, readable: false })])
    expect(plan(unreadable, [customer]).conflicts).toHaveLength(1)
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
