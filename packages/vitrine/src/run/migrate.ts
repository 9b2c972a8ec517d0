/**
 * `migrate`: approves what the plan shows and brings the private schema up to date, in one transaction. It never alters a
 * published table: the first run afterwards brings structure and data in one switch. Where nothing is published yet, the empty
 * tables are, through the same staging and switch.
 */
import { isDeepStrictEqual } from 'node:util'
import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { adoptionPlan } from '../migration/adoption.ts'
import { type MigrationPlan, type Planned, planFor } from '../migration/plan.ts'
import type { Session } from '../postgres/connect.ts'
import type { DatabaseIdentity } from '../postgres/identity.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import { quietly } from '../postgres/quietly.ts'
import { publishedRelations, stagingSchema } from '../publication/publication.ts'
import { bookkeepingIsCurrent, migrateBookkeeping } from '../record/bookkeeping.ts'
import { recordApproval, recordSource } from '../record/installation.ts'
import { isHistoryShape, ledgerSelect, requireLedgerFits } from '../record/ledger.ts'
import { registerSql } from '../record/made.ts'
import type { SwitchResult } from '../record/outcome.ts'
import { recordedVersion, recordPublished, recordSwitch, versionOf } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { buildTable, declareReferences, referencesOf, stagedShape, validateReference } from '../version/build.ts'
import { prepareSwitch } from '../version/carry.ts'
import { dropStaging, openStaging, refreshOwn, requireWorkSchemas } from '../version/staging.ts'
import { dropUnkept, hideRetired, switchVersions } from '../version/switch.ts'
import { checkHistories } from './histories.ts'

export interface MigrateWish {
  /** The plan that people saw: it is computed again and must be equal. Null when nobody saw one. */
  readonly plan: MigrationPlan | null
  /** The source that fills the schema from now on; null for no change. */
  readonly newSource: DatabaseIdentity | null
}

/**
 * Approves the definition as the writer. Throws PLAN_CONFLICT, RUN_IN_PROGRESS, HISTORY_UNREADABLE,
 * HISTORY_QUERY_FAILED, SWITCH_BLOCKED and whatever `planFor` throws; nothing is then approved.
 */
export async function migrate(
  target: Target,
  { plan, newSource }: MigrateWish = { plan: null, newSource: null },
): Promise<void> {
  const { session } = target
  const planned = await planFor(target)
  const { schema, conflicts } = planned.plan
  if (plan !== null) requireSame(planned.plan, plan)
  if (conflicts.length > 0) throw new VitrineError('PLAN_CONFLICT', { place: schema, problems: conflicts })
  // An approval may happen during a run: the run checks it again before it publishes.
  const isQuick = planned.ours.length > 0 && planned.takenOver.length === 0 && (await bookkeepingIsCurrent(session))
  await asWriter(target, async () => {
    if (isQuick) return approve(target, planned, newSource)
    await takeRunLock(session, schema)
    try {
      await approve(target, planned, newSource)
      if (planned.ours.length === 0) await publishEmpty(target)
    } finally {
      await releaseRunLock(session, schema)
    }
  })
}

function requireSame(found: MigrationPlan, shown: MigrationPlan): void {
  if (isDeepStrictEqual(found, shown)) return
  throw new VitrineError('PLAN_CONFLICT', {
    place: shown.schema,
    detail: 'The target has changed since the plan was made.',
    remedy: 'Plan again; nothing was touched.',
  })
}

async function approve(target: Target, planned: Planned, newSource: DatabaseIdentity | null): Promise<void> {
  const { session } = target
  if (!planned.live.exists) await createSchema(target)
  await session.transaction(async () => {
    await migrateBookkeeping(session)
    await refreshOwn(target)
    await takeOver(target, planned)
    const { sql } = await adoptionPlan(target, planned.ours)
    for (const statement of sql) await quietly(session, statement)
    await recordApproval(target)
    if (newSource !== null) await recordSource(target, newSource)
    await requireLedgerFits(target)
  })
}

/** Records the tables of another tool as the first published version. */
async function takeOver(target: Target, { takenOver }: Planned): Promise<void> {
  if (takenOver.length === 0) return
  const published = await recordedVersion(target, 'published')
  const shapes = [...(published?.shapes ?? []), ...takenOver.map(({ shape }) => shape)]
  await recordPublished(target, {
    shapes,
    views: published?.views ?? [],
    filled: true,
    rights: [],
    pseudonymKey: null,
    origin: null,
  })
  for (const { shape } of takenOver) {
    await target.session.execute(registerSql(target.publication, target.publication.schema, shape.name, false))
  }
}

/** The published schema with the rights of the reader. */
export async function createSchema({ session, publication }: Target): Promise<void> {
  const { schema, reader, writer } = publication
  const [found] = await session.query('select from pg_catalog.pg_roles where rolname = $1', [reader])
  const rights = [
    `grant usage on schema ${identifier(schema)} to ${identifier(reader)}`,
    `alter default privileges for role ${identifier(writer)} in schema ${identifier(schema)} grant select on tables to ${identifier(reader)}`,
  ]
  await session.execute([`create schema ${identifier(schema)}`, ...(found === undefined ? [] : rights)].join('; '))
}

/** Publishes the tables of the definition without rows, and the recorded days of history tables. */
async function publishEmpty(target: Target): Promise<void> {
  const { session, publication } = target
  await requireWorkSchemas(target)
  await dropStaging(target)
  await checkHistories(target)
  const staging = await openStaging(target)
  let switched: SwitchResult
  try {
    const shapes = publishedRelations(publication).map((table) => stagedShape(table, publication))
    for (const shape of shapes) {
      await buildTable(target, shape, staging, null)
      if (!isHistoryShape(shape)) continue
      const columns = shape.columns.map(({ name }) => identifier(name)).join(', ')
      const days = ledgerSelect(shape, publication.schema, null)
      await quietly(session, `insert into ${qualified(staging, shape.name)} (${columns}) ${days}`)
    }
    const references = referencesOf(shapes)
    await declareReferences(session, staging, references)
    for (const reference of references) await validateReference(session, staging, reference)
    const version = versionOf(publication, false)
    const carry = await prepareSwitch(target, staging, version)
    const record = () => recordSwitch(target, version, carry.rights.taken, carry.sparesKept)
    switched = await switchVersions(target, stagingSchema(publication), carry, record)
  } catch (error) {
    await dropStaging(target).catch(() => undefined)
    throw error
  }
  await hideRetired(target, switched)
  await dropUnkept(target)
}

/** Everything created must belong to the writer, whose runs rename and drop it, even if another role migrates. */
async function asWriter({ session, publication }: Target, work: () => Promise<void>): Promise<void> {
  const { writer } = publication
  const [role] = await session.query<{ user: string }>('select current_user::text as "user"')
  if (role?.user === writer) return work()
  await become(session, writer, role?.user ?? '')
  try {
    await work()
  } finally {
    await session.execute('reset role').catch(() => undefined)
  }
}

async function become(session: Session, writer: string, user: string): Promise<void> {
  try {
    await session.execute(`set role ${identifier(writer)}`)
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
    throw new VitrineError('PRIVILEGE_MISSING', {
      place: 'target',
      detail: `The session is of role ${user}, and the publication's writer is ${writer}.`,
      remedy: `Connect as ${writer}, or: grant ${identifier(writer)} to ${identifier(user)};`,
      cause: error,
    })
  }
}
