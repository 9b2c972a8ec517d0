/** `migrate` approves, and changes nothing that readers see: what it records, what it refuses, who may. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { remedyText } from '../../src/base/remedy.ts'
import { bigint, type Publication } from '../../src/index.ts'
import { requireApproved } from '../../src/migration/approval.ts'
import { planFor } from '../../src/migration/plan.ts'
import { planText } from '../../src/migration/plan-text.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import { recordedVersion } from '../../src/record/versions.ts'
import { migrate } from '../../src/run/migrate.ts'
import { customer, customer2, errorOf, items, purchase, purchase2, Target } from './migrate-fixtures.ts'
import { olderLayout } from './older-layout.ts'

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let target: Target
  beforeAll(async () => {
    target = await Target.create(version, 'migrate')
  })
  afterAll(() => target.drop())

  const approved = (publication: Publication) => requireApproved({ session: target.session, publication })
  const picture = async ({ schema }: Publication) =>
    (
      await target.admin.query(
        `select c.oid, c.relname, c.relacl::text, obj_description(c.oid) as comment, array(select concat_ws(' ', attname, atttypid::regtype, attnotnull) from pg_attribute where attrelid = c.oid and attnum > 0 order by attnum) as columns
         from pg_class c where relnamespace = to_regnamespace($1) order by 1`,
        [schema],
      )
    ).rows

  test('on an empty target it publishes the empty tables, and then there is nothing to do', async () => {
    const publication = target.fresh([purchase, customer])
    expect((await errorOf(approved(publication))).code).toBe('TARGET_NOT_MIGRATED')
    await target.migrate(publication)
    expect(await target.plan(publication)).toMatchObject({ approved: true, steps: [], conflicts: [], foreign: [] })
    await approved(publication)
    const reader = await target.open(target.reader)
    for (const name of ['customer', 'purchase', 'vitrine_freshness', 'vitrine_runs', 'vitrine_unknowns']) {
      expect(await reader.query(`select * from ${publication.schema}.${name}`)).toEqual([])
    }
    expect((await errorOf(reader.query('select * from vitrine.installation'))).code).toBe('PRIVILEGE_MISSING')
    await target.session.execute(`create table ${publication.schema}.later ()`)
    await reader.query(`select * from ${publication.schema}.later`)
  })

  test('where something is published it alters no table: it says what the next run brings, and approves it', async () => {
    const before = target.fresh([customer, purchase])
    await target.migrate(before)
    const seen = await picture(before)
    const after = target.next(before, [customer2, purchase2])
    const refused = await errorOf(approved(after))
    expect(refused.code).toBe('TARGET_NOT_MIGRATED')
    expect(refused.problems.map(({ detail }) => detail)).toEqual(await target.steps(after))
    const plan = await target.migrate(after)
    expect(plan.approved).toBe(false)
    expect(await picture(before)).toEqual(seen)
    await approved(after)
    expect((await errorOf(approved(before))).code).toBe('TARGET_NOT_MIGRATED')
    expect(await target.plan(after)).toEqual({ ...plan, approved: true })
  })

  test('edits by hand are named as such, and no reason to stop: the next run makes all tables anew', async () => {
    const publication = target.fresh([customer, purchase])
    const { schema } = publication
    await target.migrate(publication)
    await target.session.execute(`
      alter table ${schema}.customer drop column size, alter column name drop not null, drop constraint customer_name_key;
      alter table ${schema}.purchase alter column code type varchar(5), drop constraint purchase_customer_id_fkey;
      drop index ${schema}.purchase_customer_id_idx;
      comment on column ${schema}.purchase.code is 'Mine';
      drop view ${schema}.vitrine_freshness`)
    expect(planText(await target.plan(publication)).replaceAll(schema, 'shop')).toMatchInlineSnapshot(`
      "Schema shop: 9 changes, approved.

      With the next run:
        ~ column customer.name becomes not null (modified by hand)
        + column customer.size (integer) is added (modified by hand)
        + uniqueness of (name) in customer is added (modified by hand)
        + check (size >= 0) of customer is added (modified by hand)
        ~ column purchase.code changes from character varying(5) to text (modified by hand)
        + reference of purchase.customer_id to customer is added (modified by hand)
        + index on (customer_id) of purchase is added (modified by hand)
        ~ the comment of purchase.code changes (modified by hand)
        + view vitrine_freshness is added"
    `)
    await approved(publication)
    await target.session.execute(`alter table ${schema}.customer add column note text`)
    expect((await target.plan(publication)).conflicts.map(({ place }) => place)).toEqual([`${schema}.customer.note`])
  })

  test('what is in the way of the switch is a conflict, and nothing is approved', async () => {
    const before = target.fresh([customer, purchase])
    await target.migrate(before)
    const { schema } = before
    await target.session.execute(`
      create view ${schema}.sizes as select id from ${schema}.customer;
      create view ${schema}.names as select c.name, p.code from ${schema}.customer c, ${schema}.purchase p;
      create table ${schema}.theirs (id bigint references ${schema}.customer (id));
      create view ${schema}.extra as select 1 as one`)
    const extra = items.publish('extra', 'Something more.', ({ ref }) => ({
      id: bigint(ref('i.id'), 'Key').primaryKey(),
    }))
    const after = target.next(before, [customer2, extra])
    const plan = await target.plan(after)
    expect(
      plan.conflicts.map(({ place, detail }) => `${place}: ${detail}`.replaceAll(schema, 'shop')),
    ).toMatchInlineSnapshot(`
      [
        "constraint theirs_id_fkey on table shop.theirs: it depends on the published tables, and cannot be carried over to the next version",
        "view shop.names: it reads customer.name, which goes or changes its type",
        "view shop.names: it reads purchase, which goes or changes its type",
        "view shop.extra: extra is a name of the published version",
      ]
    `)
    expect((await errorOf(target.migrate(after))).problems).toEqual(plan.conflicts)
    await approved(before)
    expect((await errorOf(approved(after))).code).toBe('TARGET_NOT_MIGRATED')
  })

  test('a plan that was made before something else changed is refused', async () => {
    const publication = target.fresh([customer])
    const plan = await target.plan(publication)
    await target.session.execute(`create schema ${publication.schema}`)
    const wish = { plan, newSource: null }
    expect(await errorOf(migrate({ session: target.session, publication }, wish))).toMatchObject({
      code: 'PLAN_CONFLICT',
      detail: 'The target has changed since the plan was made.',
    })
  })

  test('of two deployments at once both approve, and the last one counts', async () => {
    const before = target.fresh([customer])
    await target.migrate(before)
    const [one, two] = [target.next(before, [customer2]), target.next(before, [customer, purchase])]
    const [first, second] = [await target.open(target.writer), await target.open(target.writer)]
    await Promise.all([migrate({ session: first, publication: one }), migrate({ session: second, publication: two })])
    const last = await Promise.allSettled([approved(one), approved(two)])
    expect(last.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  describe('who may', () => {
    test('a writer that may not create schemas reads what to run', async () => {
      const poor = await target.role('poor')
      const publication = target.fresh([customer], { writer: poor.user })
      const refused = await errorOf(target.plan(publication, await target.open(poor)))
      expect(refused.code).toBe('TARGET_SCHEMA_MISSING')
      expect(remedyText(refused.remedy)).toContain(`create schema ${publication.schema} authorization ${poor.user};`)
    })

    test('a schema or a table of somebody else is refused with the statement that gives it', async () => {
      const publication = target.fresh([customer])
      const { schema } = publication
      await target.admin.query(`create schema ${schema}`)
      const refused = await errorOf(target.plan(publication))
      expect(refused.code).toBe('TARGET_SCHEMA_NOT_OWNED')
      expect(remedyText(refused.remedy)).toContain(`alter schema ${schema} owner to ${target.writer.user};`)
      await target.admin.query(
        `alter schema ${schema} owner to "${target.writer.user}"; create table ${schema}.customer (id bigint)`,
      )
      expect((await target.plan(publication)).conflicts).toMatchObject([
        { place: 'customer', remedy: `alter table ${schema}.customer owner to ${target.writer.user}` },
      ])
    })

    test('the schema of another publication is refused, naming both', async () => {
      const publication = target.fresh([customer])
      await target.migrate(publication)
      const other = target.publication(publication.schema, [customer], { name: 'other' })
      for (const refused of [await errorOf(target.plan(other)), await errorOf(approved(other))]) {
        expect(refused.code).toBe('TARGET_OTHER_INSTALLATION')
        expect(refused.detail).toMatch(/«shop».*«other»/)
      }
    })

    test('a superuser migrates in the name of the writer; who cannot act as the writer may not', async () => {
      const publication = target.fresh([customer])
      await target.migrate(publication, await target.open())
      const { rows } = await target.admin.query(
        `select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = '${publication.schema}'::regnamespace`,
      )
      expect(rows).toEqual([{ owner: target.writer.user }])
      await approved(publication)
      const stranger = await target.open(await target.role('stranger'))
      expect((await errorOf(target.plan(target.fresh([customer]), stranger))).code).toBe('PRIVILEGE_MISSING')
      const nobody = target.fresh([customer], { writer: 'nobody_at_all' })
      expect(await errorOf(target.plan(nobody))).toMatchObject({ code: 'PRIVILEGE_MISSING' })
    })

    test('a reader that does not exist yet is a step, and stops nothing', async () => {
      const publication = target.fresh([customer], { reader: 'nobody_reads' })
      await target.migrate(publication)
      expect(await target.steps(publication)).toEqual([
        'role nobody_reads does not exist, so nobody reads the tables: run provision',
      ])
      await approved(publication)
    })
  })

  test('beside a run an approval is possible, the first publication is not', async () => {
    const [published, first] = [target.fresh([customer]), target.fresh([customer])]
    await target.migrate(published)
    const run = await target.open()
    for (const { schema } of [published, first]) await takeRunLock(run, schema)
    await target.migrate(target.next(published, [customer2]))
    expect((await errorOf(target.migrate(first))).code).toBe('RUN_IN_PROGRESS')
    await run.end()
  })

  test('who keeps the first publication is named, and then nothing is approved but can be again', async () => {
    const publication = target.fresh([customer])
    const { schema } = publication
    await target.session.execute(`create schema ${schema}; create table ${schema}.theirs (id bigint)`)
    const holder = await target.open()
    await holder.execute(`begin; select * from ${schema}.theirs`)
    const error = await errorOf(target.migrate(publication))
    expect(error.code).toBe('SWITCH_BLOCKED')
    expect(error.detail).toContain(`Session ${holder.pid} (`)
    await holder.execute('commit')
    await target.migrate(publication)
    expect(await target.plan(publication)).toMatchObject({
      approved: true,
      steps: [],
      foreign: [`table ${schema}.theirs`],
    })
  })

  test('a bookkeeping of a later version, and an approval of a later tool, are told', async () => {
    const publication = target.fresh([customer])
    await target.migrate(publication)
    await target.session.query("update vitrine.installation set tool_version = '9.1.0' where schema_name = $1", [
      publication.schema,
    ])
    await approved(publication)
    const error = await errorOf(approved(target.next(publication, [customer2])))
    expect(error.detail).toContain('by version 9.1.0 of the tool')
    await target.session.execute('insert into vitrine.layout values (1000)')
    try {
      expect((await errorOf(approved(publication))).code).toBe('BOOKKEEPING_NEWER')
      expect((await errorOf(planFor({ session: target.session, publication }))).code).toBe('BOOKKEEPING_NEWER')
    } finally {
      await target.session.execute('delete from vitrine.layout where version = 1000')
    }
  })

  test('an installation of an earlier layout is brought up to date, and its published tables stay ours', async () => {
    const publication = target.fresh([customer])
    await target.migrate(publication)
    await target.session.execute(olderLayout(6))
    try {
      expect((await errorOf(approved(publication))).code).toBe('TARGET_NOT_MIGRATED')
      // The view of a column that the earlier layout does not have.
      expect(await target.steps(publication)).toEqual(['view vitrine_unknowns is added'])
    } finally {
      await target.migrate(publication)
    }
    await approved(publication)
    const found = await recordedVersion({ session: target.session, publication }, 'published')
    expect(found?.shapes.map(({ name }) => name)).toEqual(['customer'])
  })
})
