/**
 * Decides for each table whether a run reads only what changed since the kept version, or the whole table. The reasons for
 * reading whole are in two functions, for the run and for the table, in the order of the checks. Without any, the scan
 * (`changes.ts`, `made-changes.ts`) may still find one.
 */
import { createHash } from 'node:crypto'
import type { Limits } from '../base/limits.ts'
import { TOOL_VERSION } from '../base/version.ts'
import { loadParser, parsedText } from '../lineage/parse.ts'
import { type RowByRow, rowByRow } from '../lineage/row-by-row.ts'
import type { Publication } from '../publication/publication.ts'
import { projectionOf } from '../publication/select-text.ts'
import { shapeOf } from '../publication/shape.ts'
import { type PublishedTable, watchedPatterns } from '../publication/table.ts'
import type { SourceEra, TableOrigin, VersionOrigin } from '../record/version-origin.ts'
import type { RecordedVersion } from '../record/versions.ts'
import { keyColumnsOf, keyProblem } from './keys.ts'
import type { SourceFacts } from './source-facts.ts'

/** What is known of the run as a whole. */
export interface Night {
  /** `--full` */
  readonly full: boolean
  readonly dryRun: boolean
  /** `--only` */
  readonly partly: boolean
  /** A run between due times (follow): it proves nothing, and does not count as a night towards the next proof. */
  readonly between: boolean
  readonly limits: Limits
  /** The version before the published one; null when it is incomplete or empty. */
  readonly kept: RecordedVersion | null
  /** Null when it is incomplete or empty. */
  readonly published: RecordedVersion | null
  /** Something was erased since the kept version. */
  readonly erased: boolean
  /** Versions are switched by renaming schemas. */
  readonly renames: boolean
  /** A standby follows the target. */
  readonly standby: boolean
  /** Names of the tables of the kept version that nobody altered. */
  readonly unaltered: ReadonlySet<string>
  /** Something outside the kept version depends on it. */
  readonly held: boolean
  /** Null while the source is not asked: its answer may still give a reason to read whole. */
  readonly source: SourceFacts | null
  /** Bounds of the run's snapshot (PostgreSQL's `pg_snapshot`), as 64-bit transaction ids; null before the snapshot. */
  readonly snapshot: { readonly xmin: string; readonly xmax: string } | null
  /** Somebody else's transaction on the target does not end. */
  readonly reading: boolean
  /** Most tables that the target has locks for in one transaction. */
  readonly most: number
}

/** What is known of a table without any connection. */
export interface TableFacts {
  readonly table: PublishedTable
  /** How it reads the source; null where `reason` says why it is always read whole. */
  readonly read: RowByRow | null
  readonly reason: string | null
  /** Fingerprint (SHA-256, hex) of the definition and of `sql`. */
  readonly print: string
  /** The query that the run sends. */
  readonly sql: string
}

export interface Decision {
  readonly table: PublishedTable
  readonly read: RowByRow | null
  /** Why the table is read whole; null when only its changes are read. */
  readonly reason: string | null
  /** A proof: it is read whole, its changes are read too, and both results must be equal. */
  readonly proves: boolean
  /** Recorded with the version; null where changes of its source cannot be detected. */
  readonly print: string | null
  /** Its record in the kept version, where changes may build on it. */
  readonly base: (TableOrigin & { readonly snapshot: string }) | null
}

const hasRules = ({ columns, keep, unknown }: PublishedTable): boolean =>
  keep !== null ||
  unknown !== null ||
  columns.some(({ value }) => value.kind === 'computed' && value.computed.computation.kind === 'rule')

function notRules(table: PublishedTable, publication: Publication, code: string | null): string | null {
  if (table.kAnonymous !== null) return 'small groups of its rows are told by the whole table'
  if (!hasRules(table)) return null
  if (!publication.pureRules) return 'it has TypeScript rules, and the publication does not say that they are pure'
  return code === null ? 'it has TypeScript rules, and nothing tells whether their code is the same' : null
}

/** A query that reads the instant has another text in each run; one that reads the day has the same text all day. */
const notInstant = (table: PublishedTable, instant: Date, sql: string, types?: readonly number[]): string | null =>
  projectionOf(table, { instant: new Date(instant.getTime() + 1) }, types).sql === sql
    ? null
    : 'it reads the instant of the run'

/** What the results of rules depend on besides their inputs and their code. Called once for all tables: reading the locale takes 20 ms. */
function runtimeFacts(): readonly unknown[] {
  const { node, icu, tz } = process.versions
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions()
  return [node, icu, tz, timeZone, locale]
}

/**
 * The facts of each table of the publication, in its order. `keyPrint` is the fingerprint of the pseudonym key, `code` that of the
 * rules' code. Facts in `known`, of another instant, are reused where the query is the same. Throws what the projection throws.
 */
export async function tableFacts(
  publication: Publication,
  instant: Date,
  inputTypes: ReadonlyMap<string, readonly number[]>,
  keyPrint: string | null,
  code: string | null,
  known: readonly TableFacts[] = [],
): Promise<readonly TableFacts[]> {
  const parser = await loadParser()
  const runtime = runtimeFacts()
  return publication.tables.map((table, index) => {
    const types = inputTypes.get(table.name)
    const projection = projectionOf(table, { instant }, types)
    const { sql } = projection
    const before = known[index]
    if (before?.sql === sql || before?.read === null) return before
    const computed = table.columns.map(({ name, value, accepts, ...column }) => [
      name,
      value.kind === 'computed'
        ? [value.computed.computation.kind, value.computed.computation.domain, value.computed.values]
        : null,
      accepts,
      watchedPatterns({ name, value, accepts, ...column }).map((pattern) => pattern.name),
    ])
    const parts = [
      TOOL_VERSION,
      sql,
      projection.passed.map(({ name }) => name),
      shapeOf(table, publication),
      computed,
      keyPrint,
      hasRules(table) ? [code, runtime, table.unknown?.values ?? null] : null,
    ]
    const print = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
    const refused =
      notRules(table, publication, code) ??
      (before ? null : notInstant(table, instant, sql, types)) ??
      keyProblem(table)
    if (refused !== null) return { table, read: null, reason: refused, print, sql }
    const read = rowByRow(parsedText(parser, sql), publication.source, keyColumnsOf(table))
    // The keys are compared with those of the source, which cannot know the rows that the rule leaves out.
    if (table.keep !== null && typeof read !== 'string' && read.alias !== null)
      return { table, read: null, reason: 'a TypeScript rule decides which of its rows are published', print, sql }
    return typeof read === 'string'
      ? { table, read: null, reason: read, print, sql }
      : { table, read, reason: null, print, sql }
  })
}

/**
 * Most transactions between two snapshots. A row stores 32 bits of its transaction id, so PostgreSQL orders ids only within 2^31;
 * half of that leaves room for transactions during the run.
 */
const MOST_TRANSACTIONS = 2n ** 30n

export const isSameEra = (one: SourceEra, other: SourceEra): boolean =>
  one.system === other.system &&
  one.database === other.database &&
  one.started === other.started &&
  one.recovered === other.recovered &&
  one.standby === other.standby

/** Why every table of the run is read whole; null without a reason. */
function nightReason(night: Night): string | null {
  const { limits, kept, published, source, snapshot } = night
  const origin = kept?.origin ?? null
  if (limits.deltaProofNights <= 1) return 'limits.deltaProofNights is 1'
  if (night.dryRun) return 'a rehearsal reads every table'
  if (night.partly) return 'only some tables are read (--only)'
  if (limits.versionsKept === 0) return 'no version is kept'
  if (!night.renames) return 'versions are switched by moving tables'
  if (kept === null) return 'no version from before the present one is kept whole'
  if (published === null) return 'the published version is not whole'
  if (night.erased) return 'something was erased since the kept version'
  if (origin === null) return 'it is not recorded of which state of the source the kept version is'
  if (night.held) return 'something outside the kept version holds on to one of its tables'
  if (night.standby) return 'a standby follows the target'
  if (night.reading) return 'a transaction of somebody else on the target has been open for more than a second'
  if (source !== null && !isSameEra(origin.era, source.era)) return 'the source was restarted, restored or replaced'
  if (snapshot === null) return null
  if (BigInt(snapshot.xmin) < BigInt(origin.snapshot)) return 'the source is at an older state than the kept version'
  if (BigInt(snapshot.xmax) - BigInt(origin.snapshot) >= MOST_TRANSACTIONS) {
    return 'too many transactions have passed since the kept version'
  }
  return null
}

/** Why one table is read whole, besides the reasons of the run; null without a reason. */
function tableReason(night: Night, facts: TableFacts, print: string | null): string | null {
  const { limits, kept } = night
  const { name } = facts.table
  const base = kept?.origin?.tables[name]
  if (facts.reason !== null) return facts.reason
  const relation = night.source?.relations.get(name)
  if (night.source !== null && relation === undefined) return 'its table was not found'
  if (relation !== undefined && relation.reason !== null) return relation.reason
  if (base === undefined) return 'the kept version does not have it, or not as one that can be changed'
  if (facts.read?.alias === null && !base.made)
    return 'it is not recorded of what its rows of the kept version were made'
  // There were too many to record, or an earlier version of the tool did not record them.
  if (!base.unknownKeys) return 'it is not recorded in which of its rows something is unknown'
  if (base.rows < limits.deltaFloorRows) return `it has fewer than ${limits.deltaFloorRows} rows`
  // The fingerprint may contain the day, which is not known before the snapshot.
  if (night.snapshot !== null && base.print !== print)
    return 'its definition, the code or day of its rules, a key or its source table has changed'
  if (!night.unaltered.has(name))
    return 'somebody altered its table in the kept version, or gave it an index or a parameter'
  return null
}

const printOf = ({ print }: TableFacts, relation: string | undefined): string | null =>
  relation === undefined ? null : createHash('sha256').update(`${print} ${relation}`).digest('hex')

/** A proof is due after so many nights without one, or when so many changes were applied to the kept table without one. */
function isProofDue({ limits, published }: Night, name: string, { deltas }: TableOrigin): boolean {
  const nights = (published?.origin?.tables[name]?.nights ?? 0) + 1
  return nights >= limits.deltaProofNights || deltas + 1 >= limits.deltaProofNights
}

export function decide(night: Night, tables: readonly TableFacts[]): readonly Decision[] {
  const ofNight = nightReason(night)
  const decisions = tables.map((facts): Decision => {
    const { table, read } = facts
    const relation = night.source?.relations.get(table.name)
    const print = read === null || relation?.reason !== null ? null : printOf(facts, relation.print)
    const own = tableReason(night, facts, print)
    const reason = facts.reason ?? ofNight ?? own
    const origin = night.kept?.origin
    const known = origin?.tables[table.name]
    const base =
      reason !== null || origin === undefined || origin === null || known === undefined
        ? null
        : { ...known, snapshot: origin.snapshot }
    const due = base !== null && !night.between && isProofDue(night, table.name, base)
    const proves = base !== null && (night.full || due)
    const why = night.full
      ? 'every table was to be read (--full)'
      : due
        ? `every ${night.limits.deltaProofNights} nights it is read whole, as a proof`
        : null
    return { table, read, reason: reason ?? why, proves, print, base }
  })
  return withinLocks(decisions, night.most)
}

/** Keeps the changes of the `most` largest tables, which save the most reading; the others are read whole. */
function withinLocks(decisions: readonly Decision[], most: number): readonly Decision[] {
  const changed = decisions.filter(({ base, proves }) => base !== null && !proves)
  if (changed.length <= most) return decisions
  const rowsOf = ({ base }: Decision) => base?.rows ?? 0
  const over = new Set(changed.toSorted((a, b) => rowsOf(b) - rowsOf(a)).slice(most))
  const reason = `the target has the locks to change ${most} tables at once, and larger ones go first`
  return decisions.map((decision) => (over.has(decision) ? { ...decision, base: null, reason } : decision))
}

export const originOf = (
  era: SourceEra,
  snapshot: string,
  tables: Readonly<Record<string, TableOrigin>>,
): VersionOrigin => ({ era, snapshot, tables })
