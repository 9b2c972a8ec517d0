/** A whole installation for run tests: source and target databases, roles, migrated schema, and ways to look from outside. */
import type pg from 'pg'
import { TestDatabase, type TestRole, type Version } from '../../../../test/database.ts'
import type { ServerFacts } from '../../../../test/postgres-servers.ts'
import { applyProvision, planProvision, provisionSource } from '../../src/access/provision.ts'
import { asVitrineError, type VitrineError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Publication } from '../../src/index.ts'
import { connect, type Session } from '../../src/postgres/connect.ts'
import type { SwitchWay } from '../../src/record/outcome.ts'
import { migrate } from '../../src/run/migrate.ts'
import type { RunEvent, RunObserver, SyncReport } from '../../src/run/observer.ts'
import { type RollbackReport, rollback } from '../../src/run/rollback.ts'
import { type SyncRequest, sync } from '../../src/run/sync.ts'
import { createShop, KEY, RETIRED, type ShopRoles, STAGING, shop } from '../publication/shop.ts'

/** Each version of the server and each way of switching once. */
export const ACROSS: readonly [Version, SwitchWay][] = [
  [18, 'rename'],
  [15, 'move'],
]

export class Installation {
  readonly source: TestDatabase
  readonly target: TestDatabase
  /** Owns the tables of the source, and changes them. */
  readonly app: TestRole
  /** Reads the source in runs: the columns that the queries name, and nothing else. */
  readonly reading: TestRole
  readonly writer: TestRole
  readonly reader: TestRole
  readonly publication: Publication

  private constructor(
    source: TestDatabase,
    target: TestDatabase,
    [app, reading]: readonly [TestRole, TestRole],
    writer: TestRole,
    reader: TestRole,
    publication: Publication,
  ) {
    this.source = source
    this.target = target
    this.app = app
    this.reading = reading
    this.writer = writer
    this.reader = reader
    this.publication = publication
  }

  /** One whose writer may create schemas, or may not and finds them made. */
  static async createFor(
    way: SwitchWay,
    version: Version,
    rows: number,
    make: (roles: ShopRoles) => Publication = shop,
  ): Promise<Installation> {
    const installation = await Installation.create(version, rows, make)
    if (way === 'move') await installation.refuseCreate()
    return installation
  }

  /** The target may be on another server than the source. */
  static async create(
    sourceServer: Version | ServerFacts,
    rows: number,
    make: (roles: ShopRoles) => Publication = shop,
    targetServer = sourceServer,
    encodings: { readonly source?: string; readonly target?: string } = {},
  ): Promise<Installation> {
    const source = await TestDatabase.create(sourceServer, 'source', encodings.source)
    const target = await TestDatabase.create(targetServer, 'target', encodings.target)
    const [app, reading] = [await source.createRole('app'), await source.createRole('reading')]
    const [writer, reader] = [await target.createRole('writer'), await target.createRole('reader')]
    await source.ask(`grant create, usage on schema public to "${app.user}"`)
    const owner = await source.connect({ role: app })
    await createShop(owner, rows)
    await source.close(owner)
    await target.ask(`
      grant connect, create on database "${target.name}" to "${writer.user}";
      revoke temporary on database "${target.name}" from public;
      create schema shop authorization "${writer.user}";
      grant usage on schema shop to "${reader.user}";`)
    const publication = make({ writer: writer.user, reader: reader.user })
    const installation = new Installation(source, target, [app, reading], writer, reader, publication)
    await installation.migrate()
    return installation
  }

  /** A session of the tool, as the writer or as an administrator. */
  session(publication = this.publication, address = this.target.address(this.writer)): Promise<Session> {
    const { limits } = publication
    return connect(address, { side: 'target', name: 'test', limits, readOnly: false })
  }

  /** An administrator refuses the writer the right to create schemas, and makes those that it needs. */
  async refuseCreate(): Promise<void> {
    await this.look(`revoke create on database "${this.target.name}" from "${this.writer.user}"`)
    const { publication } = this
    const admin = await this.session(publication, this.target.address())
    const options = { readerPassword: null, writerPassword: null, withoutCreate: true }
    await applyProvision(admin, await planProvision(admin, publication, options))
    await admin.end()
  }

  async migrate(publication = this.publication): Promise<void> {
    const session = await this.session(publication)
    try {
      await migrate({ session, publication })
    } finally {
      await session.end()
    }
    await this.provisionSource(publication)
  }

  /** The role that reads has the rights that the tables of the publication need, of the columns that there are. */
  async provisionSource(publication = this.publication): Promise<void> {
    const admin = await this.session(publication, this.source.address())
    await provisionSource(admin, publication, { role: this.reading.user, password: null }, true)
    await admin.end()
  }

  run(options: Partial<SyncRequest> = {}): Promise<SyncReport> {
    return sync({
      publication: this.publication,
      source: this.source.address(this.reading),
      target: this.target.address(this.writer),
      pseudonymKey: new Secret(KEY),
      ...options,
    })
  }

  rollBack(observer: RunObserver = () => undefined): Promise<RollbackReport> {
    return rollback({
      publication: this.publication,
      target: this.target.address(this.writer),
      observer,
    })
  }

  /** The error of a run that must fail. */
  async failure(options: Partial<SyncRequest> = {}): Promise<VitrineError> {
    try {
      await this.run(options)
    } catch (error) {
      return asVitrineError(error)
    }
    throw new Error('the run was expected to fail')
  }

  /** Calls `act` when the run enters the phase, and lets the run go on at once. */
  static onPhase(phase: string, act: () => void): (event: RunEvent) => void {
    return (event) => {
      if (event.kind === 'phase' && event.phase === phase) act()
    }
  }

  asReader(): Promise<pg.Client> {
    return this.target.connect({ role: this.reader })
  }

  /** Statements on the source as its owner. */
  async change(sql: string): Promise<void> {
    await this.source.ask(sql, { role: this.app })
  }

  /** Rows of a statement on the target as superuser. */
  async look<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
    return this.target.ask<Row>(sql)
  }

  /** Schemas of the tool that should not be there between runs, or should be empty. */
  async leftovers(): Promise<readonly string[]> {
    const rows = await this.look<{ name: string }>(
      `select nspname as name from pg_namespace n where nspname ~ '^${RETIRED}_'
         or (nspname = '${STAGING}' and exists (select from pg_class c where c.relnamespace = n.oid))`,
    )
    return rows.map(({ name }) => name)
  }

  async drop(): Promise<void> {
    await this.target.drop([this.writer, this.reader])
    await this.source.drop([])
    await this.source.ask(`drop role if exists "${this.app.user}"; drop role if exists "${this.reading.user}"`, {
      database: 'postgres',
    })
  }
}

/** What one look of a reader finds: both tables in one statement, so that a mix of two versions would show. */
export interface Sight {
  readonly customers: number
  readonly purchases: number
  /** Customers whose own count of purchases is not the number of published purchases. */
  readonly mixed: number
}

/** Joined, not counted customer by customer: the reader looks all the time, and what it costs the tests wait for. */
export const SIGHT = `
  select (select count(*)::integer from shop.shop_customer) as customers,
         (select count(*)::integer from shop.shop_purchase) as purchases,
         (select count(*)::integer from shop.shop_customer c
          left join (select customer_id, count(*) as n from shop.shop_purchase group by 1) p on p.customer_id = c.id
          where c.purchases <> coalesce(p.n, 0)) as mixed`

/** A reader that looks in a loop from its own connection until it is stopped. */
export class WatchingReader {
  readonly sights: Sight[] = []
  readonly errors: string[] = []
  /** Milliseconds of the longest look. */
  worst = 0
  /** While its own server may be down, a connection that is lost or refused is no error. */
  serverMayBeDown = false
  #watching = true
  readonly #done: Promise<void>
  #client: pg.Client
  readonly #installation: Installation

  private constructor(installation: Installation, client: pg.Client) {
    this.#installation = installation
    this.#client = client
    this.#done = this.#watch()
  }

  static async start(installation: Installation): Promise<WatchingReader> {
    return new WatchingReader(installation, await installation.asReader())
  }

  async #watch(): Promise<void> {
    let connected = true
    while (this.#watching) {
      const begun = performance.now()
      try {
        if (!connected) await this.#connectAgain()
        connected = true
        const { rows } = await this.#client.query<Sight>(SIGHT)
        this.worst = Math.max(this.worst, performance.now() - begun)
        if (rows[0] !== undefined) this.sights.push(rows[0])
      } catch (error) {
        connected = !isLost(error)
        if (connected || !this.serverMayBeDown) this.errors.push(error instanceof Error ? error.message : 'unknown')
      }
      await new Promise((resolve) => setTimeout(resolve, connected ? 10 : 20))
    }
  }

  async #connectAgain(): Promise<void> {
    const lost = this.#client
    this.#client = await this.#installation.asReader()
    await this.#installation.target.close(lost)
  }

  async stop(): Promise<void> {
    this.#watching = false
    await this.#done
    await this.#installation.target.close(this.#client)
  }
}

/** The server is going, gone, or not back yet. */
function isLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string } // sound because both are optional.
  return (
    /^(57P0[123]|08...|ECONN.*|EPIPE)$/.test(code ?? '') || /Connection terminated|not queryable/.test(message ?? '')
  )
}
