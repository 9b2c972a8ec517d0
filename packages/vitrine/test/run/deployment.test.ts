/**
 * A deployment: the definition changes while readers look and never pause. `migrate` approves, the next run brings structure
 * and data in one switch, a rollback takes both back. No error, no empty column, no missing table is ever seen.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  because,
  bigint,
  from,
  integer,
  type Publication,
  type PublishedTable,
  text,
  varchar,
} from '../../src/index.ts'
import { rollback } from '../../src/run/rollback.ts'
import { customer, purchase, source } from '../publication/shop.ts'
import { ACROSS, Installation } from './installation.ts'

const customers = from(source.selectFrom('customer as c'))
const purchases = from(source.selectFrom('purchase as p'))
const key = 'stable key'

/** Renamed: `name` becomes `label`; narrower: `created_at` as a text of the year; a new key. */
const renamed = customers.publish('shop_customer', 'A customer.', ({ ref }) => ({
  id: bigint(because(ref('c.id'), key), 'Key').primaryKey(),
  label: varchar(50, ref('c.name'), 'Trade name').unique(),
}))
const narrower = purchases.publish('shop_purchase', 'A purchase.', ({ ref }) => ({
  id: bigint(because(ref('p.id'), key), 'Key').primaryKey(),
  amount: text(ref('p.label'), 'Was a number').nullable(),
}))
const many = Array.from({ length: 30 }, (_, index) =>
  customers.publish(`shop_extra_${index}`, 'More.', ({ ref }) => ({
    id: bigint(because(ref('c.id'), key), 'Key').primaryKey(),
    country: integer(ref('c.country'), 'Country').nullable(),
  })),
)

const CHANGES: readonly (readonly [what: string, tables: readonly PublishedTable[]])[] = [
  [
    'a renamed column and a new key',
    [
      renamed,
      purchases.publish('shop_purchase', 'A purchase.', ({ ref }) => ({
        id: bigint(because(ref('p.id'), key), 'Key').primaryKey(),
        customer_id: bigint(because(ref('p.customer_id'), key), 'Customer').references(() => renamed),
      })),
    ],
  ],
  ['another type', [customer, narrower]],
  ['a removed table', [customer]],
  ['thirty tables at once', [customer, purchase, ...many]],
]

/**
 * One statement that is the same before and after: which columns the customers have, how many rows and how many values in
 * each. And one for the tables that there are.
 */
const COLUMNS = `
  select string_agg(key || ' ' || filled, ',' order by key) as seen, min(filled)::integer as least
  from (select key, count(*) filter (where value <> 'null') as filled
        from shop.shop_customer c, jsonb_each(to_jsonb(c)) where key not in ('job', 'country') group by key) k`
const TABLES = `
  select string_agg(c.relname, ',' order by c.relname) as seen, 1 as least from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'shop' and c.relkind = 'r'`

class Looking {
  readonly errors: string[] = []
  readonly seen = new Set<string>()
  looks = 0
  #on = true
  readonly #done: Promise<void>

  constructor(shop: Installation) {
    this.#done = this.#look(shop)
  }

  async #look(shop: Installation): Promise<void> {
    const reader = await shop.asReader()
    while (this.#on) {
      try {
        for (const statement of [COLUMNS, TABLES]) {
          const { rows } = await reader.query<{ seen: string; least: number }>(statement)
          this.seen.add(rows[0]?.seen ?? 'nothing')
          if (rows[0]?.least !== (statement === TABLES ? 1 : 40)) this.errors.push(`empty: ${rows[0]?.seen}`)
        }
        this.looks += 1
      } catch (error) {
        this.errors.push(error instanceof Error ? error.message : 'unknown')
      }
      await pause(5)
    }
    await shop.target.close(reader)
  }

  async stop(): Promise<void> {
    this.#on = false
    await this.#done
  }
}

describe.each(ACROSS)('PostgreSQL %i, by %s', (version, way) => {
  let shop: Installation
  beforeAll(async () => {
    shop = await Installation.createFor(way, version, 40)
    await shop.run()
  })
  afterAll(() => shop.drop())

  const definition = (tables: readonly PublishedTable[]): Publication => ({ ...shop.publication, tables })
  const structure = () =>
    shop.look(
      `select c.relname, c.relkind, c.relacl::text, string_agg(concat_ws(' ', attname, atttypid::regtype, attnotnull, col_description(c.oid, attnum)), ',' order by attnum) as columns,
              (select string_agg(pg_get_constraintdef(k.oid), ',' order by conname) from pg_constraint k where conrelid = c.oid and contype <> 'n') as keys
       from pg_class c join pg_attribute on attrelid = c.oid and attnum > 0 where relnamespace = 'shop'::regnamespace and relkind in ('r', 'v') group by c.oid order by 1`,
    )
  const back = (publication: Publication) =>
    rollback({
      publication,
      target: shop.target.address(shop.writer),
    })

  test.each(CHANGES)('%s: structure and data come in one switch, and go back in one', async (_, tables) => {
    const after = definition(tables)
    const before = await structure()
    const looking = new Looking(shop)
    await shop.migrate(after)
    expect(await structure()).toEqual(before)
    await shop.run({ publication: after })
    const changed = await structure()
    expect(changed).not.toEqual(before)
    await back(after)
    expect(await structure()).toEqual(before)
    await back(after)
    expect(await structure()).toEqual(changed)
    await shop.migrate()
    await shop.run()
    await looking.stop()
    expect(await structure()).toEqual(before)
    expect(looking.errors).toEqual([])
    expect(looking.looks).toBeGreaterThan(5)
    // The one and the other, and nothing in between: columns and tables change together or not at all.
    expect(looking.seen.size).toBeLessThanOrEqual(4)
  })

  test('a run that began with the former definition publishes nothing once another one is approved', async () => {
    const after = definition([renamed])
    const before = await structure()
    let approving: Promise<void> | undefined
    const observer = Installation.onPhase('verify', () => (approving ??= shop.migrate(after)))
    const held = shop.run({ observer: (event) => observer(event), only: null })
    const outcome = await held.then(
      () => 'published',
      (error: { code: string }) => error.code,
    )
    await approving
    // What the former definition reads is granted still: the approval alone refuses it.
    await shop.provisionSource()
    // Either it was published before the approval, or not at all.
    expect(['published', 'TARGET_NOT_MIGRATED']).toContain(outcome)
    expect(await structure()).toEqual(before)
    expect((await shop.failure()).code).toBe('TARGET_NOT_MIGRATED')
    await shop.migrate()
    await shop.run()
  })

  test('with --only, a table whose definition has changed is read as well', async () => {
    const after = definition([customer, narrower])
    await shop.migrate(after)
    const notices: string[] = []
    const report = await shop.run({
      publication: after,
      only: ['shop_customer'],
      observer: (event) => event.kind === 'notice' && notices.push(event.text),
    })
    expect(notices).toEqual(['shop_purchase is included: its definition has changed'])
    expect(report.tables.map(({ carried }) => carried)).toEqual([false, false])
    await shop.migrate()
    await shop.run()
  })

  test('a view of the team on a withdrawn column stops the deployment by name, before anything changes', async () => {
    const writer = await shop.target.connect({ role: shop.writer })
    await writer.query('create view shop.names as select name from shop.shop_customer')
    const before = await structure()
    await expect(shop.migrate(definition([renamed, purchase]))).rejects.toMatchObject({
      code: 'PLAN_CONFLICT',
      problems: [{ place: 'view shop.names', detail: 'it reads shop_customer.name, which goes or changes its type' }],
    })
    expect(await structure()).toEqual(before)
    await shop.run()
    await writer.query('drop view shop.names')
    await shop.target.close(writer)
  })
})
