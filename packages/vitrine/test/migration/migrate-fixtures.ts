/** A target for the migration tests: a database with a writer and a reader, publications of one schema each. */
import type pg from 'pg'
import { TestDatabase, type TestRole, type Version } from '../../../../test/database.ts'
import { VitrineError } from '../../src/base/errors.ts'
import {
  bigint,
  date,
  definePublication,
  from,
  integer,
  open,
  type Publication,
  type PublishedTable,
  register,
  text,
  varchar,
} from '../../src/index.ts'
import { type MigrationPlan, planFor } from '../../src/migration/plan.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import { migrate } from '../../src/run/migrate.ts'

export const source = register('public', {
  item: {
    id: open.bigint,
    parent_id: open.bigint,
    label: open.text,
    size: open.integer,
    day: open.date,
  },
})

export const items = from(source.selectFrom('item as i'))
export const customer = items.publish('customer', 'A customer.', ({ ref }) => ({
  id: bigint(ref('i.id'), 'Key').primaryKey(),
  name: varchar(20, ref('i.label'), 'Name').unique(),
  size: integer(ref('i.size'), 'Size').atLeast(0).nullable(),
}))
export const purchase = items.publish('purchase', 'A purchase.', ({ ref }) => ({
  id: bigint(ref('i.id'), 'Key').primaryKey(),
  customer_id: bigint(ref('i.parent_id'), 'Customer').references(() => customer),
  code: text(ref('i.label'), 'Code'),
}))

/** The same two tables after everything that can change has changed. */
export const customer2 = items.publish('customer', 'A customer, told otherwise.', ({ ref }) => ({
  id: bigint(ref('i.id'), 'Key').primaryKey(),
  name: varchar(40, ref('i.label'), 'Name').nullable(),
  size: integer(ref('i.size'), 'Size in metres').atLeast(5),
  since: date(ref('i.day'), 'Since'),
}))
export const purchase2 = items.publish('purchase', 'A purchase.', ({ ref }) => ({
  id: bigint(ref('i.id'), 'Key').primaryKey(),
  customer_id: bigint(ref('i.parent_id'), 'Customer').nullable(),
  code: bigint(ref('i.id'), 'Code').unique(),
  parent_id: bigint(ref('i.parent_id'), 'Former purchase')
    .references((): PublishedTable => purchase2)
    .nullable(),
}))

/** A publication of these tables, for what needs no database. */
export const publicationOf = (tables: readonly PublishedTable[]): Publication =>
  definePublication({ name: 'shop', schema: 'shop', source, tables, writer: 'writer', reader: 'reader' })

export class Target {
  readonly database: TestDatabase
  readonly writer: TestRole
  readonly reader: TestRole
  readonly admin: pg.Client
  readonly session: Session
  readonly #roles: TestRole[]
  readonly #sessions: Session[] = []
  #publications = 0

  private constructor(
    database: TestDatabase,
    roles: readonly [TestRole, TestRole],
    admin: pg.Client,
    session: Session,
  ) {
    this.database = database
    this.writer = roles[0]
    this.reader = roles[1]
    this.#roles = [...roles]
    this.admin = admin
    this.session = session
    this.#sessions.push(session)
  }

  static async create(version: Version, label: string): Promise<Target> {
    const database = await TestDatabase.create(version, label)
    const writer = await database.createRole('writer')
    const reader = await database.createRole('reader')
    const admin = await database.connect()
    await admin.query(`grant create on database "${database.name}" to "${writer.user}"`)
    return new Target(database, [writer, reader], admin, await openSession(database, writer))
  }

  async open(role?: TestRole): Promise<Session> {
    const session = await openSession(this.database, role)
    this.#sessions.push(session)
    return session
  }

  async role(label: string): Promise<TestRole> {
    const role = await this.database.createRole(label)
    this.#roles.push(role)
    return role
  }

  publication(schema: string, tables: readonly PublishedTable[], over: Partial<Publication> = {}): Publication {
    return definePublication({
      name: 'shop',
      schema,
      source,
      tables,
      writer: this.writer.user,
      reader: this.reader.user,
      limits: { switchLockTimeoutMs: 30, switchTries: 3, switchPauseMs: 10 },
      ...over,
    })
  }

  /** A publication of a schema of its own, so that tests share a database. */
  fresh(tables: readonly PublishedTable[], over: Partial<Publication> = {}): Publication {
    this.#publications += 1
    return this.publication(`shop_${this.#publications}`, tables, over)
  }

  /** The same installation with other tables. */
  next(before: Publication, tables: readonly PublishedTable[]): Publication {
    return this.publication(before.schema, tables)
  }

  async plan(publication: Publication, session = this.session): Promise<MigrationPlan> {
    return (await planFor({ session, publication })).plan
  }

  /** What the next run would change. */
  async steps(publication: Publication): Promise<readonly string[]> {
    return (await this.plan(publication)).steps.map(({ text: says }) => says)
  }

  /** Plans and applies; gives the plan that was applied. */
  async migrate(publication: Publication, session = this.session): Promise<MigrationPlan> {
    const plan = await this.plan(publication, session)
    await migrate({ session, publication }, { plan, newSource: null })
    return plan
  }

  async drop(): Promise<void> {
    for (const session of this.#sessions) await session.end()
    await this.database.drop(this.#roles)
  }
}

const openSession = (database: TestDatabase, role?: TestRole): Promise<Session> =>
  connect(database.address(role), { side: 'target', name: 'test', readOnly: false })

/** The error that some work ends with. */
export async function errorOf(work: Promise<unknown>): Promise<VitrineError> {
  const outcome = await work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )
  if (outcome instanceof VitrineError) return outcome
  throw outcome
}
