import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { bigint } from '../../src/index.ts'
import { applyPlan, planFor, requireMigrated } from '../../src/migration/migrate.ts'
import { blockingSteps } from '../../src/migration/plan.ts'
import { planText } from '../../src/migration/plan-text.ts'
import { customer, customer2, errorOf, items, purchase, purchase2, Target } from './migrate-fixtures.ts'

const extra = items.publish('extra', 'Something more.', ({ ref }) => ({
  id: bigint(ref('i.id'), 'Key').primaryKey(),
}))

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let target: Target
  beforeAll(async () => {
    target = await Target.create(version, 'migrate')
  })
  afterAll(() => target.drop())

  const fill = (schema: string) =>
    target.admin.query(
      `insert into ${schema}.customer (id, name, size) values (1, 'one', 3), (2, 'two', null);
       insert into ${schema}.purchase (id, customer_id, code) values (1, 1, 'x')`,
    )
  test('an empty target becomes what the publication describes, and then there is nothing to do', async () => {
    const publication = target.fresh([purchase, customer])
    expect((await errorOf(requireMigrated(target.session, publication))).code).toBe('TARGET_SCHEMA_MISSING')
    await target.migrate(publication)
    expect(await planFor(target.session, publication)).toMatchObject({ steps: [], conflicts: [], foreign: [] })
    await requireMigrated(target.session, publication)
  })

  test('the reader reads every table, the view and what the writer adds later, and nothing of the bookkeeping', async () => {
    const publication = target.fresh([customer])
    await target.migrate(publication)
    await target.session.execute(`create table ${publication.schema}.later ()`)
    const reader = await target.open(target.reader)
    for (const name of ['customer', 'vitrine_freshness', 'later']) {
      await reader.query(`select * from ${publication.schema}.${name}`)
    }
    expect((await errorOf(reader.query('select * from vitrine.installation'))).code).toBe('PRIVILEGE_MISSING')
    expect((await errorOf(reader.execute(`delete from ${publication.schema}.customer`))).code).toBe('PRIVILEGE_MISSING')
  })

  test('in empty tables every change holds at once', async () => {
    const before = target.fresh([customer, purchase])
    await target.migrate(before)
    const after = target.next(before, [customer2, purchase2, extra])
    expect((await target.migrate(after)).steps.every(({ effect, losesData }) => effect === 'now' && !losesData)).toBe(
      true,
    )
    expect(await target.steps(after)).toEqual([])
    const back = target.next(before, [customer, purchase])
    await target.migrate(back)
    expect(await target.steps(back)).toEqual([])
  })

  test('in tables with rows, what the rows could break is left to the next run and holds nothing up', async () => {
    const before = target.fresh([customer, purchase])
    await target.migrate(before)
    await fill(before.schema)
    const after = target.next(before, [customer2, purchase2, extra])
    expect((await errorOf(requireMigrated(target.session, after))).code).toBe('TARGET_NOT_MIGRATED')
    await target.migrate(after)
    expect([...(await target.steps(after))].sort()).toEqual([
      'next run: check (size >= 5) of customer comes with the next run',
      'next run: column customer.since becomes not null with the next run',
      'next run: column customer.size becomes not null with the next run',
      'next run: column purchase.code becomes not null with the next run',
      'next run: reference of purchase.parent_id to purchase comes with the next run',
      'next run: uniqueness of (code) in purchase comes with the next run',
    ])
    await requireMigrated(target.session, after)
    const { rows } = await target.admin.query(`select id, name, size, since from ${before.schema}.customer order by id`)
    expect(rows).toEqual([
      { id: '1', name: 'one', size: 3, since: null },
      { id: '2', name: 'two', size: null, since: null },
    ])
  })

  test('a removed table is dropped; a table of somebody else stays', async () => {
    const before = target.fresh([customer, purchase])
    await target.migrate(before)
    await fill(before.schema)
    await target.session.execute(`create table ${before.schema}.theirs ()`)
    const plan = await target.migrate(target.next(before, []))
    expect(plan.steps.map(({ kind, losesData }) => [kind, losesData])).toEqual([
      ['removed table', true],
      ['removed table', true],
    ])
    expect((await planFor(target.session, target.next(before, []))).foreign).toEqual(['table theirs'])
  })

  test('edits by hand are found, named as such, and undone', async () => {
    const publication = target.fresh([customer, purchase])
    const { schema } = publication
    await target.migrate(publication)
    await target.session.execute(`
      alter table ${schema}.customer drop column size, add column note text, alter column name drop not null, drop constraint customer_name_key;
      alter table ${schema}.purchase alter column code type varchar(5), drop constraint purchase_customer_id_fkey;
      drop index ${schema}.purchase_customer_id_idx;
      comment on column ${schema}.purchase.code is 'Mine';
      drop view ${schema}.vitrine_freshness;
      revoke select on ${schema}.purchase from "${target.reader.user}"`)
    const plan = await planFor(target.session, publication)
    expect(planText(plan).replaceAll(target.reader.user, 'reader')).toMatchInlineSnapshot(`
      "Schema shop_6: 11 to migrate.

      Now:
        ~ column customer.name becomes not null (modified by hand)
        + column customer.size (integer) is added (modified by hand)
        - column customer.note is dropped (modified by hand)
        ~ column purchase.code changes from character varying(5) to text and keeps its values (modified by hand)
        + uniqueness of (name) in customer is added (modified by hand)
        + check (size >= 0) of customer is added (modified by hand)
        + reference of purchase.customer_id to customer is added (modified by hand)
        + index on (customer_id) of purchase is created (modified by hand)
        ~ the comment of purchase.code changes (modified by hand)
        + reader may read purchase
        + view vitrine_freshness, which tells how old each table is, is created"
    `)
    const refused = await errorOf(requireMigrated(target.session, publication))
    expect(refused.code).toBe('TARGET_NOT_MIGRATED')
    expect(refused.problems).toHaveLength(blockingSteps(plan).length)
    await applyPlan(target.session, publication, plan)
    expect(await target.steps(publication)).toEqual([])
  })

  test('only a schema that was migrated is accepted, even when its tables are right', async () => {
    const publication = target.fresh([customer])
    await target.migrate(publication)
    await target.session.query('delete from vitrine.installation where schema_name = $1', [publication.schema])
    const refused = await errorOf(requireMigrated(target.session, publication))
    expect(refused).toMatchObject({ code: 'TARGET_NOT_MIGRATED', place: publication.schema })
    expect(refused.problems[0]).toMatchObject({ detail: 'it was never migrated' })
    await target.migrate(publication)
    await requireMigrated(target.session, publication)
  })
})
