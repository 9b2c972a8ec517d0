/**
 * A rollback: the kept version comes back, structure and data, and the present one is kept in its place, so that a
 * second rollback undoes the first. This also works when the present one was dropped by hand. Nothing is read from the source. After any failure the
 * present version is served. History does not go back: its tables are filled from the ledger.
 */
import { isDeepStrictEqual } from 'node:util'
import { VitrineError } from '../base/errors.ts'
import { instant } from '../base/format.ts'
import { readSchema } from '../catalogue/live-shape.ts'
import { relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import type { Address } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { releaseRunLock, takeRunLock } from '../postgres/lock.ts'
import { type Publication, retiredSchema } from '../publication/publication.ts'
import { shapeOf, type TableShape } from '../publication/shape.ts'
import { requireBookkeeping } from '../record/bookkeeping.ts'
import { erasureSince } from '../record/erasures.ts'
import { ownRecord } from '../record/installation.ts'
import { isHistoryShape, ledgerSelect } from '../record/ledger.ts'
import type { SwitchResult, SwitchWay } from '../record/outcome.ts'
import { viewsFor } from '../record/own-views.ts'
import { recordedRows, recordRollback, succeedRun, type TableOutcome } from '../record/runs.ts'
import { type RecordedVersion, recordExchange, recordedVersion } from '../record/versions.ts'
import { qualified } from '../sql/quote.ts'
import { buildTable, type Load } from '../version/build.ts'
import { planCarry, prepareSwitch } from '../version/carry.ts'
import { isWhole, keptVersion } from '../version/kept.ts'
import { dropRelations, dropStaging, refreshOwn, requireWorkSchemas } from '../version/staging.ts'
import { dropUnkept, hideRetired, returnStrangers, switchVersions } from '../version/switch.ts'
import { describeTables } from './describe.ts'
import { createSchema } from './migrate.ts'
import type { RunObserver } from './observer.ts'
import { performRun, type RecordedRun } from './recorded-run.ts'
import { RunSessions } from './run-sessions.ts'

export interface RollbackRequest {
  readonly publication: Publication
  readonly target: Address
  readonly observer?: RunObserver
  readonly signal?: AbortSignal
}

export interface RollbackReport {
  readonly run: number
  readonly tables: readonly TableOutcome[]
  /** The instant of the data that came back; null when it was never recorded. */
  readonly dataOf: Date | null
  readonly switchWay: SwitchWay
  readonly switchTries: number
  readonly switchMilliseconds: number
}

/** Throws VitrineError: VERSION_NOT_KEPT, VERSION_ERASED, DEPENDENT_BLOCKS and whatever a switch may throw; nothing has changed then. */
export async function rollback(asked: RollbackRequest): Promise<RollbackReport> {
  const request = { observer: () => undefined, signal: new AbortController().signal, ...asked }
  const { publication, observer, signal } = request
  const { schema } = publication
  const sessions = new RunSessions(publication, { source: null, target: request.target })
  try {
    const session = await sessions.target('lead')
    const target: Target = { session, publication }
    await takeRunLock(session, schema)
    await requireBookkeeping(session, schema)
    await ownRecord(target)
    const openLedger = () => sessions.target('history')
    return await performRun<RollbackReport>(
      { target, sessions, trigger: 'rollback', observer, signal },
      {
        perform: (run) => rollBack(request, target, run, openLedger),
        coordinator: null,
        expired: new Promise(() => undefined),
        abandoned: async () => undefined,
      },
    ).finally(() => releaseRunLock(session, schema))
  } finally {
    await sessions.end()
  }
}

async function rollBack(
  request: Required<RollbackRequest>,
  target: Target,
  run: RecordedRun<RollbackReport>,
  openLedger: () => Promise<Session>,
): Promise<RollbackReport> {
  const { session, publication } = target
  const kept = retiredSchema(publication)
  await requireWorkSchemas(target)
  await refreshOwn(target)
  await hideRetired(target)
  const version = await requireKept(target)
  // The published schema was dropped by hand: make it again.
  if (!(await readSchema(target)).exists) await createSchema(target)
  const content = { shapes: version.shapes, views: viewsFor(publication, version.shapes) }
  await planCarry(target, kept, content)

  await run.enter('stage')
  // Clears what a dead run left: the name is needed during the exchange.
  await dropStaging(target)
  const restored = await restoreHistories(request, target, version, openLedger)
  await dropRelations(target, kept, ({ kind }) => kind === 'v')
  const carry = await prepareSwitch(target, kept, content)
  const leaving = await recordedVersion(target, 'published')
  const standing = (await relationsIn(session, [publication.schema])).map(({ name }) => name)
  const isLeavingWhole = leaving !== null && isWhole(leaving, standing)

  await run.enter('publish')
  const tables = [...(await countTables(target, version, restored)), ...restored]
  const report = (dataOf: Date | null, outcomes: readonly TableOutcome[], switched: SwitchResult | null) => ({
    run: run.id,
    tables: outcomes,
    dataOf,
    switchWay: carry.way,
    switchTries: switched?.tries ?? 0,
    switchMilliseconds: switched?.milliseconds ?? 0,
  })
  let dataOf: Date | null = null
  const switched = await switchVersions(target, kept, carry, async () => {
    dataOf = await recordRollback(session, run.id, publication.schema, restored)
    await recordExchange(target, carry.rights.taken, isLeavingWhole)
    run.switching = report(dataOf, tables, null)
  })
  const outcomes = await run.afterwards(tables, async () => {
    await run.enter('describe')
    await hideRetired(target, switched)
    const described = await describe(request, target, version, tables)
    await returnStrangers(target)
    await run.enter('record')
    await succeedRun(session, run.id, described, run.times(), switched, publication.limits)
    await dropUnkept(target)
    return described
  })
  return report(dataOf, outcomes, switched)
}

/** Throws VERSION_ERASED for a version from before an erasure, VERSION_NOT_KEPT when none is kept complete. */
async function requireKept(target: Target): Promise<RecordedVersion> {
  const { state, version } = await keptVersion(target)
  const { schema, limits, zone } = target.publication
  const erasure = await erasureSince(target)
  if (erasure !== null) {
    const detail = `Something was erased from ${erasure.table} at ${instant(erasure.at, zone)}.`
    throw new VitrineError('VERSION_ERASED', { place: schema, detail })
  }
  if (version !== null) return version
  const detail =
    limits.versionsKept === 0
      ? 'The publication keeps none: versionsKept is 0.'
      : state === 'gone'
        ? 'The one that was kept was dropped, or is not whole any more.'
        : 'Nothing was published before the present version, or it was dropped.'
  throw new VitrineError('VERSION_NOT_KEPT', { place: schema, detail })
}

/** The same for every table of a rollback: nothing was read. */
const UNREAD = {
  carried: false,
  way: 'carried',
  reason: null,
  added: null,
  changed: null,
  removed: null,
  bytes: 0,
  milliseconds: 0,
  unknown: {},
  warnings: [],
  suppressed: null,
} as const

/** The recorded number of rows; counted now for tables of another tool. */
async function countTables(
  { session, publication }: Target,
  { shapes }: RecordedVersion,
  restored: readonly TableOutcome[],
): Promise<readonly TableOutcome[]> {
  const recorded = await recordedRows(session, publication.schema, 'kept_freshness')
  const outcomes: TableOutcome[] = []
  for (const { name } of shapes) {
    if (restored.some(({ table }) => table === name)) continue
    outcomes.push({
      ...UNREAD,
      table: name,
      rows: recorded.get(name) ?? (await count(session, retiredSchema(publication), name)),
    })
  }
  return outcomes
}

async function count(session: Session, schema: string, name: string): Promise<number> {
  const [found] = await session.query<{ rows: number }>(
    `select count(*)::float8 as rows from ${qualified(schema, name)}`,
  )
  return found?.rows ?? 0
}

/** History tables of the kept version lack the latest days: they are built again from the ledger. */
async function restoreHistories(
  { signal, observer }: Required<RollbackRequest>,
  target: Target,
  { shapes }: RecordedVersion,
  openLedger: () => Promise<Session>,
): Promise<readonly TableOutcome[]> {
  const { publication } = target
  const kept = retiredSchema(publication)
  const restored: TableOutcome[] = []
  const histories = shapes.filter(isHistoryShape)
  const ledger = histories.length === 0 ? null : await openLedger()
  for (const shape of histories) {
    const started = performance.now()
    const columns = shape.columns.map(({ name }) => name)
    const select = ledgerSelect(shape, publication.schema, null)
    await dropRelations(target, kept, ({ name }) => name === shape.name)
    // sound because a ledger is opened when there is a history table.
    const source = (ledger as Session).client
    const load: Load = { source, reading: 'target', select, columns, rows: null, signal }
    const { written, bytes } = await buildTable(target, shape, kept, load)
    const milliseconds = performance.now() - started
    observer({ kind: 'table staged', table: shape.name, rows: written, milliseconds })
    restored.push({ ...UNREAD, table: shape.name, rows: written, bytes, milliseconds })
  }
  return restored
}

/** Compares the tables that fit the present definition; others cannot be compared. */
async function describe(
  { observer }: Required<RollbackRequest>,
  { session, publication }: Target,
  { shapes }: RecordedVersion,
  tables: readonly TableOutcome[],
): Promise<readonly TableOutcome[]> {
  const schemas = { current: publication.schema, previous: retiredSchema(publication) }
  const columns = (shape: TableShape | undefined) => shape?.columns.map(({ name, type }) => [name, type])
  const known = [...publication.tables, ...publication.histories].filter((table) =>
    isDeepStrictEqual(columns(shapes.find(({ name }) => name === table.name)), columns(shapeOf(table, publication))),
  )
  const compared = known.flatMap((table) => {
    const outcome = tables.find((candidate) => candidate.table === table.name)
    return outcome === undefined
      ? []
      : [{ ...outcome, table, unknownKeys: null, changes: null, writer: null, looksBeyond: false }]
  })
  const described = await describeTables([session], publication, compared, schemas, observer)
  const byName = new Map(described.map((outcome) => [outcome.table, outcome]))
  return tables.map((outcome) => byName.get(outcome.table) ?? outcome)
}
