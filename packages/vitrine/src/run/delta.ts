/**
 * The run's side of reading only what changed: what both servers are asked before the snapshot, whether each table is read whole or
 * as changes, and what is recorded for the next run. Changes are detected, staged and applied in `delta/`.
 */
import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { rowsThrough } from '../copy/row-rewrite.ts'
import type { CopyRows } from '../copy/rows.ts'
import {
  type AppliedDelta,
  applyChanges,
  hasLastingTransaction,
  oldSnapshotsEnded,
  proveChanges,
  tidyChanged,
} from '../delta/apply-delta.ts'
import { AskedOnce } from '../delta/asked.ts'
import { stageChanges } from '../delta/changes.ts'
import { type Decision, decide, isSameEra, type Night, type TableFacts, tableFacts } from '../delta/decide.ts'
import { rowsMadeOf, stageMadeChanges } from '../delta/made-changes.ts'
import { factsOf, type SourceFacts } from '../delta/source-facts.ts'
import { isOfChanges } from '../delta/staged-rows.ts'
import { textWithXmin } from '../delta/text.ts'
import { packed, unknownOf } from '../delta/unknown-values.ts'
import { provedProjection } from '../lineage/lineage.ts'
import { registered } from '../lineage/origin.ts'
import type { Session } from '../postgres/connect.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { shapeOf } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { recordedRows } from '../record/runs.ts'
import type { Made, TableOrigin, VersionOrigin } from '../record/version-origin.ts'
import { dropRelations } from '../version/staging.ts'
import { looked, TIMELESS, targetFacts } from './night.ts'
import type { SyncRequest } from './request.ts'
import type { Stream } from './run-sessions.ts'
import { type StageContext, type StagedTable, type Told, UNTOLD } from './stage.ts'

export interface Next {
  /** The schema that holds the tables of the next version. */
  readonly schema: string
  /** Tables whose proof failed: their changes give other rows than reading them whole. */
  readonly differing: ReadonlySet<string>
  /** To call before the switch: waits until nobody sees the old rows. Returns per table the xmin of its new rows. */
  readonly ready: () => Promise<AppliedDelta['writers']>
}

export interface DeltaRequest {
  readonly request: SyncRequest
  readonly target: Target
  /** A session of the source, outside a transaction until the snapshot is taken. */
  readonly coordinator: Session
  readonly inputTypes: ReadonlyMap<string, readonly number[]>
  readonly keyPrint: string | null
}

/** How each table of one run is read. */
export class Delta {
  readonly #from: DeltaRequest
  /** Facts of the tables before the instant of the run is known. */
  readonly #timeless: readonly TableFacts[]
  readonly #facts: SourceFacts
  #decisions: ReadonlyMap<string, Decision> = new Map()
  readonly #night: Night
  /** Per table whose rows come from several source tables. */
  readonly #made = new Map<string, Made>()
  /** Rows of each published table; only between due times. */
  readonly #rows: ReadonlyMap<string, number>
  readonly #asked = new AskedOnce()
  #snapshot = ''
  #hasStaged = false

  private constructor(
    from: DeltaRequest,
    timeless: readonly TableFacts[],
    facts: SourceFacts,
    night: Night,
    rows: ReadonlyMap<string, number>,
  ) {
    this.#from = from
    this.#timeless = timeless
    this.#facts = facts
    this.#night = night
    this.#rows = rows
  }

  /** Asks before the snapshot all that does not need it, so that the snapshot is held for a shorter time. */
  static async open(from: DeltaRequest): Promise<Delta> {
    const { request, target } = from
    const { inputTypes, keyPrint } = from
    const tables = await tableFacts(target.publication, TIMELESS, inputTypes, keyPrint, request.code ?? null)
    const source = await askSource(from, tables)
    const night = await looked(target, { ...(await targetFacts(target, request)), source }, tables)
    const isCandidate = decide(night, tables).some(({ base }) => base !== null)
    const reading = isCandidate && (await hasLastingTransaction(target))
    const { session, publication } = target
    const rows = night.between ? await recordedRows(session, publication.schema, 'freshness') : new Map()
    return new Delta(from, tables, source, { ...night, reading }, rows)
  }

  /** Decides in the snapshot. `instant` is what the rules use as now. */
  async decide(instant: Date): Promise<void> {
    const { request, target, coordinator, inputTypes, keyPrint } = this.#from
    const [snapshot] = await coordinator.query<{ xmin: string; xmax: string }>(
      `select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax from pg_current_snapshot() s`,
    )
    this.#snapshot = snapshot?.xmin ?? ''
    const { publication } = target
    const tables = await tableFacts(publication, instant, inputTypes, keyPrint, request.code ?? null, this.#timeless)
    const decisions = decide({ ...this.#night, snapshot: snapshot ?? null }, tables)
    this.#decisions = new Map(decisions.map((decision) => [decision.table.name, decision]))
  }

  /** Stages the changes of a table; `changes` is null when it is only read whole. */
  readonly tell = async (table: PublishedTable, stream: Stream, context: StageContext): Promise<Told> => {
    const decision = this.#decisions.get(table.name)
    const whole = async (reason: string | null): Promise<Told> => {
      if (this.#night.between) requireFew(table, this.#rows.get(table.name) ?? 0, reason, context.target)
      await this.#remember(decision, stream, context)
      return { ...UNTOLD, reason: decision?.reason ?? reason }
    }
    if (decision === undefined || decision.base === null || decision.read === null) {
      return whole(decision?.reason ?? null)
    }
    const { publication } = context.target
    const { instant, inputTypes, pseudonymKey: key, signal } = context
    const types = inputTypes.get(table.name)
    const projection = await provedProjection(registered(publication.source), table, { instant }, types)
    const { alias } = decision.read
    this.#hasStaged = true
    const sides = { target: { session: stream.target, publication }, source: stream.source, signal }
    const [through, ruled]: [ReturnType<typeof rowsThrough>, CopyRows[]] = [rowsThrough(table, projection, key), []]
    const changes = await (alias === null ? stageMadeChanges : stageChanges)({
      ...sides,
      decision,
      projection,
      asked: this.#asked,
      text: alias === null ? '' : await textWithXmin(table, projection, instant, types, alias),
      shape: shapeOf(table, { ...publication, schema: stagingSchema(publication) }),
      through: through && ((blocks) => ruled[ruled.push(through(blocks)) - 1] as CopyRows), // sound: it was just put there.
      progress: (bytes) => context.observer({ kind: 'table progress', table: table.name, bytes }),
    })
    if (typeof changes === 'string') return whole(changes)
    if (decision.proves) return { ...UNTOLD, reason: decision.reason, changes, proves: true }
    const unknown = await unknownOf(sides.target, table, decision.base, changes, ruled)
    return typeof unknown === 'string' ? whole(unknown) : { ...UNTOLD, changes, ...unknown }
  }

  /** For a table that is read whole: remembers the source rows behind it, if the next run could need them. */
  async #remember(decision: Decision | undefined, { source }: Stream, { target }: StageContext): Promise<void> {
    const { dryRun, partly, published, limits } = this.#night
    if (decision?.read?.alias !== null || decision.print === null || dryRun || partly) return
    const { table, read } = decision
    const rows = published?.origin?.tables[table.name]?.rows ?? Number.POSITIVE_INFINITY
    if (limits.deltaProofNights <= 1 || rows < limits.deltaFloorRows) return
    this.#made.set(table.name, await rowsMadeOf({ source, asked: this.#asked }, table, target.publication.source, read))
  }

  /**
   * After all rows have been read, outside the snapshot: checks that what the queries depend on (types, collations, …) did not
   * change during the run. Throws SOURCE_DRIFT for tables of which only changes were read.
   */
  async confirm(staged: readonly StagedTable[]): Promise<void> {
    const after = await askSource(this.#from, this.#timeless)
    const isSame = (name: string) =>
      JSON.stringify(after.era) === JSON.stringify(this.#facts.era) &&
      after.relations.get(name)?.print === this.#facts.relations.get(name)?.print
    const changed = staged.filter(({ table }) => !isSame(table.name))
    const problems = changed
      .filter(({ way }) => way === 'delta')
      .map(({ table }) => ({
        place: table.name,
        detail: 'its table of the source changed while it was read',
        remedy: 'Run again.',
      }))
    if (problems.length > 0) throw new VitrineError('SOURCE_DRIFT', { place: 'source', problems })
    const unknown = new Set(changed.map(({ table }) => table.name))
    this.#decisions = new Map([...this.#decisions].filter(([name]) => !unknown.has(name)))
  }

  /**
   * Completes the next version: in the staging schema when all tables were read whole, else in the schema of the kept version, to
   * which the changes are applied.
   */
  async next(read: readonly StagedTable[], context: StageContext): Promise<Next> {
    const { target } = this.#from
    const told = read.flatMap(({ table, way, changes }) => (changes === null ? [] : [{ table, way, changes }]))
    const deltas = told.flatMap(({ table, way, changes }) => {
      const base = this.#decisions.get(table.name)?.base ?? null
      return way !== 'delta' || base === null ? [] : [{ table, changes, base }]
    })
    if (deltas.length === 0) {
      const differing = await proveChanges(target, told)
      // They would be published with the rest of the schema.
      if (this.#hasStaged) await dropRelations(target, context.staging, ({ name }) => isOfChanges(name))
      return { schema: context.staging, differing, ready: async () => new Map() }
    }
    const differing = await proveChanges(
      target,
      told.filter(({ way }) => way !== 'delta'),
    )
    const whole = read.filter(({ way }) => way !== 'delta').map(({ table }) => table)
    const applied = await applyChanges(target, deltas, whole)
    const ready = async () => {
      await oldSnapshotsEnded(target, applied)
      await tidyChanged(target, deltas, applied)
      return applied.writers
    }
    return { schema: retiredSchema(target.publication), differing, ready }
  }

  /** Rows of the published version, if it is newer than the kept one and comparable with it; null otherwise. */
  readonly rowsBefore = (name: string): number | null => {
    const [kept, published] = [this.#night.kept?.origin, this.#night.published?.origin]
    const before = published?.tables[name]
    if (!kept || !published || before === undefined || before.print !== kept.tables[name]?.print) return null
    const isNewer = isSameEra(kept.era, published.era) && BigInt(published.snapshot) >= BigInt(kept.snapshot)
    return isNewer ? before.rows : null
  }

  /** What the next run must know about this version. `writers`: per table, the xmin of its new rows. */
  origin(staged: readonly StagedTable[], writers: AppliedDelta['writers']): VersionOrigin {
    const tables = staged.flatMap((entry): readonly (readonly [string, TableOrigin])[] => {
      const { rows, unknownKeys } = entry
      const { name } = entry.table
      const { print = null, base = null } = this.#decisions.get(name) ?? {}
      const made = entry.changes?.made ?? this.#made.get(name) ?? null
      if (print === null || entry.way === 'carried' || entry.looksBeyond) return []
      const of = { print, rows, unknownKeys: packed(unknownKeys), made }
      const counted = this.#night.between ? 0 : 1
      if (entry.way === 'full') {
        return entry.writer === null
          ? []
          : [[name, { ...of, nights: 0, deltas: 0, keys: null, writers: [entry.writer] }]]
      }
      const nights = (this.#night.published?.origin?.tables[name]?.nights ?? 0) + counted
      const writer = writers.get(name)
      if (base === null || writer === undefined) return []
      const all = writer === null ? base.writers : [...base.writers, writer]
      return [[name, { ...of, nights, deltas: base.deltas + counted, keys: entry.changes?.keys ?? null, writers: all }]]
    })
    return { era: this.#facts.era, snapshot: this.#snapshot, tables: Object.fromEntries(tables) }
  }
}

function askSource({ target, coordinator }: DeltaRequest, tables: readonly TableFacts[]): Promise<SourceFacts> {
  const reads = tables.flatMap(({ table, read }) => (read === null ? [] : [[table.name, read] as const]))
  return factsOf(coordinator, target.publication.source, new Map(reads))
}

/** Throws FOLLOW_WAITS for a large table that would be read whole between due times. */
function requireFew(
  { name: place }: PublishedTable,
  rows: number,
  reason: string | null,
  { publication }: Target,
): void {
  if (rows > publication.limits.followRows) throw new VitrineError('FOLLOW_WAITS', { place, detail: `${reason}.` })
}
