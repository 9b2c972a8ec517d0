/** The stage phase: tables of the run are read from the source at one instant, the others are taken over as published. */

import { type ErrorCode, type Problem, VitrineError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { serverEncoding } from '../catalogue/encoding.ts'
import type { Target } from '../catalogue/target.ts'
import type { CopyResult, Help } from '../copy/copy.ts'
import { rowsThrough } from '../copy/row-rewrite.ts'
import { watchedRows } from '../copy/value-scan.ts'
import type { Changes } from '../delta/changes.ts'
import { LOOKS_BEYOND } from '../delta/unknown-values.ts'
import type { CheckedColumn } from '../lineage/findings.ts'
import { provedProjection } from '../lineage/lineage.ts'
import { registered } from '../lineage/origin.ts'
import { rangedTexts } from '../lineage/range-proof.ts'
import type { Session } from '../postgres/connect.ts'
import type { Snapshot } from '../postgres/snapshot.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { Suppressed, TableWay } from '../record/outcome.ts'
import { diagnoseRefusedRows } from '../source/diagnose.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { buildSuppressed } from '../version/anonymity.ts'
import { buildTable, type Load, stagedShape } from '../version/build.ts'
import type { RunObserver } from './observer.ts'
import { type RangePlans, readersOf } from './ranges.ts'
import { Round, RoundStream } from './round.ts'
import type { Stream } from './run-sessions.ts'

export interface StagedTable {
  readonly table: PublishedTable
  readonly carried: boolean
  readonly rows: number
  readonly bytes: number
  readonly milliseconds: number
  /** Rows with something unknown, by reason; empty for a carried table. */
  readonly unknown: Readonly<Record<string, number>>
  /** Digests of the keys of these rows, by reason; null where they are too many. */
  readonly unknownKeys: CopyResult['unknownKeys']
  readonly suppressed: Suppressed | null
  readonly way: TableWay
  /** Why it was read whole, where that was to be decided. */
  readonly reason: string | null
  /** The changes since the kept version, for a table that is read as a delta, or whose delta is proved. */
  readonly changes: Changes | null
  /** The transaction that wrote its rows, where one did. */
  readonly writer: string | null
  /** A rule of it looked at more than its inputs. */
  readonly looksBeyond: boolean
}

/** How a table is to be read. */
export interface Told {
  /** Why it is read whole; null when it is not, or when a delta was not considered. */
  readonly reason: string | null
  /** The staged changes, if any. */
  readonly changes: Changes | null
  /** It is also read whole, to prove its delta. */
  readonly proves: boolean
  /** Rows with something unknown, where only what changed was read. */
  readonly unknown: StagedTable['unknown']
  readonly unknownKeys: StagedTable['unknownKeys']
}

export const UNTOLD: Told = { reason: null, changes: null, proves: false, unknown: {}, unknownKeys: {} }

export interface StageContext {
  readonly target: Target
  readonly staging: string
  readonly snapshot: Snapshot
  /** The instant that rules use as now. */
  readonly instant: Date
  /** The session that exported the snapshot; used for diagnoses. */
  readonly coordinator: Session
  /** Releases the snapshot, once the last row has been read. */
  readonly release: () => Promise<void>
  /** Another session of the target, to read from. */
  readonly openTarget: () => Promise<Session>
  /** Gives a lost stream new sessions. Throws VitrineError when more than the stream is lost. */
  readonly renew: (stream: Stream) => Promise<void>
  readonly ranges: RangePlans
  /** The lineage of what is published. */
  readonly columns: readonly CheckedColumn[]
  /** OIDs of the rules' inputs, by table. */
  readonly inputTypes: ReadonlyMap<string, readonly number[]>
  readonly pseudonymKey: Secret | null
  /** Stages what changed in a table since the kept version, or says why it is read whole. */
  readonly tell: (table: PublishedTable, stream: Stream, context: StageContext) => Promise<Told>
  readonly observer: RunObserver
  readonly signal: AbortSignal
}

/** A table of the run, read from the source through its projection. */
async function sourceLoad(table: PublishedTable, source: Session, context: StageContext): Promise<Load> {
  const { target, instant, inputTypes } = context
  const known = registered(target.publication.source)
  const types = inputTypes.get(table.name)
  const projection = await provedProjection(known, table, { instant }, types)
  const plan = context.ranges.get(table.name)
  return {
    source: source.client,
    select: plan === undefined ? projection.sql : await rangedTexts(table, projection, plan, { instant }, types),
    columns: [...projection.passed, ...projection.computed].map(({ name }) => name),
    rows: rowsThrough(table, projection, context.pseudonymKey),
    signal: context.signal,
    progress: (bytes) => context.observer({ kind: 'table progress', table: table.name, bytes }),
  }
}

/** A table that the run leaves as it is: its published rows are copied into the next version, frozen like the others. */
function carriedLoad(table: PublishedTable, published: Session, context: StageContext): Load {
  const columns = table.columns.map(({ name }) => name)
  const select = `select ${columns.map(identifier).join(', ')} from ${qualified(context.target.publication.schema, table.name)}`
  return {
    source: published.client,
    reading: 'target',
    select,
    columns,
    rows: watchedRows(table.columns),
    signal: context.signal,
  }
}

async function stageTable(
  table: PublishedTable,
  carried: boolean,
  stream: Stream,
  context: StageContext,
  copied: () => Promise<void>,
  reads: (help: Help) => void,
): Promise<StagedTable> {
  const started = performance.now()
  context.observer({ kind: 'table started', table: table.name })
  const fail = async (error: unknown): Promise<never> => {
    throw await explained(error, table, context)
  }
  const told = carried ? UNTOLD : await context.tell(table, stream, context).catch(fail)
  if (told.changes !== null && !told.proves) {
    await copied()
    return changedTable(table, { ...told, changes: told.changes }, started, context)
  }
  const shape = stagedShape(table, context.target.publication)
  const load = carried
    ? carriedLoad(table, stream.source, context)
    : { ...(await sourceLoad(table, stream.source, context)), reads }
  const target = { session: stream.target, publication: context.target.publication }
  const build = async () => {
    if (carried || table.kAnonymous?.otherwise !== 'suppress')
      return { ...(await buildTable(target, shape, context.staging, load, copied)), suppressed: null }
    const reading = await context.openTarget()
    const built = await buildSuppressed(target, reading, shape, context.staging, load, table.kAnonymous, copied)
    await reading.end()
    return built
  }
  const { written, bytes, unknown, unknownKeys, suppressed, writer, looksBeyond } = await build().catch(fail)
  const milliseconds = performance.now() - started
  context.observer({ kind: 'table staged', table: table.name, rows: written, milliseconds })
  const way = carried ? 'carried' : 'full'
  return {
    table,
    carried,
    rows: written,
    bytes,
    milliseconds,
    unknown,
    unknownKeys,
    suppressed,
    writer,
    way,
    reason: looksBeyond ? LOOKS_BEYOND : told.reason,
    changes: told.changes,
    looksBeyond,
  }
}

/** A table of which only what changed was read. */
function changedTable(
  table: PublishedTable,
  { changes, unknown, unknownKeys }: Told & { readonly changes: Changes },
  started: number,
  context: StageContext,
): StagedTable {
  const milliseconds = performance.now() - started
  const { rows, bytes } = changes
  context.observer({ kind: 'table staged', table: table.name, rows, milliseconds })
  const nothing = { suppressed: null, writer: null, reason: null, looksBeyond: false }
  return { table, carried: false, rows, bytes, milliseconds, way: 'delta', changes, unknown, unknownKeys, ...nothing }
}

/** Errors about values: the source is asked which column and how many rows. */
const ABOUT_VALUES: readonly ErrorCode[] = [
  'VALUE_TOO_LONG',
  'VALUE_OUT_OF_RANGE',
  'EXPRESSION_FAILED',
  'ENCODING_MISMATCH',
]

/** Only the first failure of a run is diagnosed, because there is one session for it. */
const diagnosing = new WeakSet<Session>()

/** Adds the table, the column and the number of rows to what a server refused. */
async function explained(error: unknown, table: PublishedTable, context: StageContext): Promise<unknown> {
  if (!(error instanceof VitrineError)) return error
  const { code, sqlState, detail, place = '' } = error
  const about = { place: table.name, cause: error, sqlState }
  if (error.problems.length > 0) {
    const problems = error.problems.map((problem) => ({ ...problem, place: `${table.name}.${problem.place}` }))
    return new VitrineError(code, { ...about, problems })
  }
  if (sqlState === undefined) return error
  const { coordinator: source, target, instant } = context
  let problems: readonly Problem[] = []
  if (ABOUT_VALUES.includes(code) && !diagnosing.has(source)) {
    diagnosing.add(source)
    const { source: register } = target.publication
    problems = await serverEncoding(target.session)
      .then((encoding) => diagnoseRefusedRows({ source, register, table, instant, encoding, error }))
      .catch(() => [])
  }
  if (problems.length > 0) return new VitrineError(code, { ...about, problems })
  // `target: siren`, or the side alone.
  const [side, column] = place.split(': ')
  return new VitrineError(code, {
    ...about,
    detail,
    place: `${table.name}${column === undefined ? '' : `.${column}`} (${side})`,
  })
}

/**
 * Stages tables through the streams, in the order given. The first failure stops all, unless a stream alone was lost.
 * `copied` is called once, when the last row has been read: the snapshot is not needed any more, while keys and indexes are
 * still being built. Carried tables are read from the target, outside the snapshot.
 */
export async function stageTables(
  tables: readonly PublishedTable[],
  carried: boolean,
  streams: readonly Stream[],
  context: StageContext,
  copied: () => Promise<void>,
): Promise<readonly StagedTable[]> {
  const round = new Round(tables, copied)
  const used = streams.slice(0, carried ? tables.length : readersOf(tables, context.ranges))
  const parts = used.map((stream) => [stream, new RoundStream(round, stream, context, carried)] as const)
  // All join first: a late one might find the snapshot already released.
  await Promise.all(parts.map(([, part]) => part.join()))
  const done: StagedTable[] = []
  const complete = () => done.map(({ table }) => table.name)
  const stageThrough = async (stream: Stream, part: RoundStream) => {
    for (let next = round.take(); next !== undefined; next = round.take()) {
      const table = next
      const attempt = (reads: (help: Help) => void) =>
        stageTable(table, carried, stream, context, () => part.read(), reads)
      done.push(await part.stage(table, attempt, complete))
    }
    await part.leave()
  }
  await Promise.all(parts.map(([stream, part]) => stageThrough(stream, part)))
  return done
}
