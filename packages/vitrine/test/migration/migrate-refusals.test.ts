import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { bigint, integer, varchar } from '../../src/index.ts'
import { applyPlan, planFor, requireMigrated } from '../../src/migration/migrate.ts'
import { takeRunLock } from '../../src/postgres/lock.ts'
import { customer, customer2, errorOf, items, purchase, Target } from './migrate-fixtures.ts'

describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  let target: Target
  beforeAll(async () => {
    target = await Target.create(version, 'migrate')
  })
  afterAll(() => target.drop())

  describe('conflicts are named and nothing is touched', () => {
    test('a view on a column that goes', async () => {
      const before = target.fresh([customer, purchase])
      await target.migrate(before)
      const { schema } = before
      await target.session.execute(`create view ${schema}.sizes as select size from ${schema}.customer`)
      const after = target.next(before, [customer2])
      const plan = await planFor(target.session, after)
      expect(plan.conflicts).toEqual([])
      await target.session.execute(
        `create view ${schema}.names as select c.name, p.code from ${schema}.customer c, ${schema}.purchase p`,
      )
      const conflicted = await planFor(target.session, after)
      expect(conflicted.conflicts.map(({ place, detail }) => `${place}: ${detail}`)).toEqual([
        `customer.name: view ${schema}.names depends on it`,
        `purchase: view ${schema}.names depends on it`,
      ])
      expect((await errorOf(applyPlan(target.session, after, conflicted))).code).toBe('PLAN_CONFLICT')
      expect(await target.steps(before)).toEqual([])
    })

    test('a foreign key from elsewhere, and an object that only the server knows of', async () => {
      const before = target.fresh([customer])
      await target.migrate(before)
      const { schema } = before
      const keyless = items.publish('customer', 'A customer.', ({ ref }) => ({
        id: bigint(ref('i.id'), 'Key'),
        name: varchar(20, ref('i.label'), 'Name').unique(),
        size: integer(ref('i.size'), 'Size').atLeast(0).nullable(),
      }))
      const after = target.next(before, [keyless])
      await target.session.execute(`create table ${schema}.theirs (id bigint references ${schema}.customer (id))`)
      expect((await planFor(target.session, after)).conflicts).toMatchObject([
        { place: 'customer.id', detail: `foreign key theirs_id_fkey of ${schema}.theirs refers to it` },
      ])
      await target.session.execute(`
        drop table ${schema}.theirs;
        create view ${schema}.grouped as select id, name from ${schema}.customer group by id`)
      const refused = await errorOf(target.migrate(after))
      expect(refused.code).toBe('PLAN_CONFLICT')
      expect(refused.problems).toMatchObject([
        { place: 'customer.id', detail: 'primary key (id) of customer is dropped: another object depends on it' },
      ])
      expect(await target.steps(before)).toEqual([])
    })

    test('a plan that was made before something else changed', async () => {
      const publication = target.fresh([customer])
      const plan = await planFor(target.session, publication)
      await target.session.execute(`create schema ${publication.schema}`)
      expect(await errorOf(applyPlan(target.session, publication, plan))).toMatchObject({
        code: 'PLAN_CONFLICT',
        detail: 'The target has changed since the plan was made.',
      })
    })
  })

  describe('who may', () => {
    test('a writer that may not create schemas is told what to run', async () => {
      const poor = await target.role('poor')
      const publication = target.fresh([customer], { writer: poor.user })
      const session = await target.open(poor)
      const refused = await errorOf(planFor(session, publication))
      expect(refused.code).toBe('TARGET_SCHEMA_MISSING')
      expect(refused.remedy).toContain(`create schema ${publication.schema} authorization ${poor.user};`)
    })

    test('a schema of somebody else is refused with the statement that gives it', async () => {
      const publication = target.fresh([customer])
      await target.admin.query(`create schema ${publication.schema}`)
      for (const refused of [
        await errorOf(planFor(target.session, publication)),
        await errorOf(requireMigrated(target.session, publication)),
      ]) {
        expect(refused.code).toBe('TARGET_SCHEMA_NOT_OWNED')
        expect(refused.remedy).toContain(`alter schema ${publication.schema} owner to ${target.writer.user};`)
      }
    })

    test('the schema of another publication is refused, naming both', async () => {
      const publication = target.fresh([customer])
      await target.migrate(publication)
      const other = target.publication(publication.schema, [customer], { name: 'other' })
      for (const refused of [
        await errorOf(planFor(target.session, other)),
        await errorOf(requireMigrated(target.session, other)),
      ]) {
        expect(refused.code).toBe('TARGET_OTHER_INSTALLATION')
        expect(refused.detail).toContain('«shop»')
        expect(refused.detail).toContain('«other»')
      }
    })

    test('a reader that does not exist yet is told, and gets its rights when it does', async () => {
      const name = `late_${target.reader.user}`
      const publication = target.fresh([customer], { reader: name })
      await target.migrate(publication)
      expect(await target.steps(publication)).toEqual([
        `next run: role ${name} does not exist, so nobody reads the tables: run provision`,
      ])
      await requireMigrated(target.session, publication)
      await target.admin.query(`create role "${name}"`)
      try {
        expect((await target.migrate(publication)).steps.map(({ kind }) => kind)).toEqual(Array(4).fill('grant'))
        expect(await target.steps(publication)).toEqual([])
      } finally {
        await target.admin.query(`drop owned by "${name}"; drop role "${name}"`)
      }
    })

    test('a superuser migrates in the name of the writer', async () => {
      const publication = target.fresh([customer])
      await target.migrate(publication, await target.open())
      const { rows } = await target.admin.query(
        `select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = '${publication.schema}'::regnamespace`,
      )
      expect(rows).toEqual([{ owner: target.writer.user }])
      await requireMigrated(target.session, publication)
    })

    test('a role that cannot act as the writer is told so, and a writer that does not exist too', async () => {
      const publication = target.fresh([customer])
      const stranger = await target.open(await target.role('stranger'))
      await target.session.execute(
        'grant usage on schema vitrine to public; grant select on all tables in schema vitrine to public',
      )
      expect((await errorOf(target.migrate(publication, stranger))).code).toBe('PRIVILEGE_MISSING')
      await target.session.execute(
        'revoke usage on schema vitrine from public; revoke select on all tables in schema vitrine from public',
      )
      const nobody = target.fresh([customer], { writer: 'nobody_at_all' })
      expect(await errorOf(planFor(target.session, nobody))).toMatchObject({ code: 'PRIVILEGE_MISSING' })
    })
  })

  describe('locks', () => {
    test('a table that is being read for long is given up after a bounded wait, and nothing is touched', async () => {
      const before = target.fresh([customer])
      await target.migrate(before)
      const reader = await target.open()
      await reader.execute(`begin; select * from ${before.schema}.customer`)
      const after = target.next(before, [customer2])
      const error = await errorOf(target.migrate(after))
      expect(error.code).toBe('SWITCH_BLOCKED')
      expect(error.detail).toContain(`Session ${reader.pid} (`)
      expect(error.detail).toContain(`whose age only pg_read_all_stats shows, keeps ${before.schema}.customer.`)
      await reader.execute('commit')
      expect(await target.steps(before)).toEqual([])
      await target.migrate(after)
      expect(await target.steps(after)).toEqual([])
    })

    test('a run excludes a migration, and the lock is given back after one', async () => {
      const publication = target.fresh([customer])
      const run = await target.open()
      await takeRunLock(run, publication.schema)
      expect((await errorOf(target.migrate(publication))).code).toBe('RUN_IN_PROGRESS')
      await run.end()
      await target.migrate(publication)
      await takeRunLock(await target.open(), publication.schema)
    })
  })

  test('a bookkeeping of a later version is refused', async () => {
    const publication = target.fresh([customer])
    await target.migrate(publication)
    await target.session.execute('insert into vitrine.layout values (1000)')
    try {
      expect((await errorOf(requireMigrated(target.session, publication))).code).toBe('BOOKKEEPING_NEWER')
      expect((await errorOf(planFor(target.session, publication))).code).toBe('BOOKKEEPING_NEWER')
    } finally {
      await target.session.execute('delete from vitrine.layout where version = 1000')
    }
  })
})
