/** Impact's whole system for a test: an operational database with the sample, a target with its roles, and runs. */

import type pg from 'pg'
import { definePublication } from 'vitrine'
import { isLacking, provisionSource } from '../../../packages/vitrine/src/access/provision.ts'
import type { Publication } from '../../../packages/vitrine/src/index.ts'
import type { Address } from '../../../packages/vitrine/src/postgres/address.ts'
import { connect, type Session } from '../../../packages/vitrine/src/postgres/connect.ts'
import { migrate } from '../../../packages/vitrine/src/run/migrate.ts'
import type { SyncReport } from '../../../packages/vitrine/src/run/observer.ts'
import { rollback } from '../../../packages/vitrine/src/run/rollback.ts'
import { type SyncRequest, sync } from '../../../packages/vitrine/src/run/sync.ts'
import { TestDatabase, type TestRole, type Version } from '../../../test/database.ts'
import { migrateOperational } from '../../database/migrate.ts'
import { loadSample, type SampleSize } from '../../database/sample.ts'
import impact from '../../publication/index.ts'

/** The day of the golden figures. */
export const DAY = '2026-07-22'
export const NOON = new Date('2026-07-22T10:00:00Z')

export class ImpactInstallation {
  readonly source: TestDatabase
  readonly target: TestDatabase
  readonly publication: Publication
  readonly #roles: readonly [writer: TestRole, reader: TestRole, source: TestRole]

  private constructor(
    source: TestDatabase,
    target: TestDatabase,
    roles: readonly [TestRole, TestRole, TestRole],
    definition: Publication,
  ) {
    this.source = source
    this.target = target
    this.#roles = roles
    this.publication = definePublication({ ...definition, writer: roles[0].user, reader: roles[1].user })
  }

  static async create(
    version: Version,
    size: SampleSize,
    definition: Publication = impact,
  ): Promise<ImpactInstallation> {
    const source = await TestDatabase.create(version, 'impact')
    const target = await TestDatabase.create(version, 'metabase')
    const operational = await source.connect()
    await migrateOperational(operational)
    await loadSample(operational, { size, today: DAY })
    await source.close(operational)
    const roles: readonly [TestRole, TestRole, TestRole] = [
      await target.createRole('impact'),
      await target.createRole('metabase'),
      await source.createRole('reading'),
    ]
    await target.ask(
      `grant create on database "${target.name}" to "${roles[0].user}"; create schema impact authorization "${roles[0].user}"; grant usage on schema impact to "${roles[1].user}"`,
    )
    const installation = new ImpactInstallation(source, target, roles, definition)
    const options = { side: 'source', name: 'test', limits: impact.limits, readOnly: false } as const
    const owner = await connect(source.address(), options)
    const steps = await provisionSource(owner, impact, { role: roles[2].user, password: null }, true)
    if (steps.some(isLacking)) throw new Error('the role of the source lacks a right')
    await owner.end()
    await installation.asWriter((session) => migrate({ session, publication: installation.publication }))
    return installation
  }

  async asWriter<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const limits = this.publication.limits
    const options = { side: 'target', name: 'test', limits, readOnly: false } as const
    const session = await connect(this.writer(), options)
    try {
      return await work(session)
    } finally {
      await session.end()
    }
  }

  /** The same installation under another definition, as after a deployment. */
  async becomes(definition: Publication): Promise<Publication> {
    const { writer, reader } = this.publication
    const publication = definePublication({ ...definition, writer, reader })
    await this.asWriter((session) => migrate({ session, publication }))
    return publication
  }

  /** The role that reads the source. */
  get reading(): string {
    return this.#roles[2].user
  }

  run(options: Partial<SyncRequest> = {}): Promise<SyncReport> {
    return sync({
      publication: this.publication,
      source: this.source.address(this.#roles[2]),
      target: this.target.address(this.#roles[0]),
      at: NOON,
      ...options,
    })
  }

  async rollback(): Promise<void> {
    const { publication } = this
    await rollback({
      publication,
      target: this.writer(),
    })
  }

  async change(sql: string): Promise<void> {
    await this.source.ask(sql)
  }

  async readSource(sql: string): Promise<Record<string, unknown>[]> {
    return this.source.ask<Record<string, unknown>>(sql)
  }

  async look<Row extends object>(sql: string): Promise<Row[]> {
    return this.target.ask<Row>(sql)
  }

  writer(): Address {
    return this.target.address(this.#roles[0])
  }

  readerAddress(): Address {
    return this.target.address(this.#roles[1])
  }

  /** A session of the reader, with the rights that a dashboard has. */
  reader(): Promise<pg.Client> {
    return this.target.connect({ role: this.#roles[1] })
  }

  async drop(): Promise<void> {
    const [writer, reader, reading] = this.#roles
    await this.target.drop([writer, reader])
    await this.source.drop([reading])
  }
}
