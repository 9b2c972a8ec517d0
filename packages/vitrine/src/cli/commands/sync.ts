/** `sync`: publishes the next version now. */
import { asVitrineError, type ExitName, VitrineError } from '../../base/errors.ts'
import { type Publication, publishedRelations } from '../../publication/publication.ts'
import type { SwitchWay } from '../../record/outcome.ts'
import type { Phase, TableOutcome } from '../../record/runs.ts'
import type { SyncReport } from '../../run/observer.ts'
import { chosenTables, type IsDone, type SyncRequest } from '../../run/request.ts'
import { syncUnless } from '../../run/sync.ts'
import { lastDue } from '../../schedule/due.ts'
import type { ScheduleEvent } from '../../schedule/loop.ts'
import { raiseAlarms } from '../alarms.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { DueRuns } from '../due-runs.ts'
import type { Settings, SettingsFor } from '../environment.ts'
import { count, counted, duration, instant, type Language } from '../language.ts'
import { type ProgressWords, showProgress } from '../progress.ts'
import { textTable } from '../text-table.ts'

export interface SyncWords extends CommandWords, ProgressWords {
  readonly options: Readonly<Record<'dryRun' | 'only' | 'allowShrink' | 'ifDue', string>>
  readonly columns: Readonly<Record<'table' | 'rows' | 'added' | 'changed' | 'removed' | 'time', string>>
  readonly carried: string
  readonly unknown: (table: string, rows: number, why: string) => string
  readonly notDue: (next: string) => string
  /** `held`: for how long the snapshot of the source was. */
  readonly published: (instant: string, tables: number, time: string, held: string) => string
  readonly rehearsed: (instant: string, time: string, held: string) => string
}

export const syncEnglish: SyncWords = {
  summary: 'publish the next version now',
  description:
    'Reads all tables at one instant, builds the next version beside the published one, checks it and switches. ' +
    'After any failure the previous version is served, whole.',
  options: {
    dryRun: 'do everything but the switch, and show what would change',
    only: 'read only these tables again; the others stay as they are published',
    allowShrink: 'accept that a table loses more rows than the publication allows',
    ifDue: 'publish only if nothing was since the last due time: for the cron of a platform',
  },
  examples: [
    { line: 'sync', says: 'publish now' },
    { line: 'sync --dry-run', says: 'rehearse: what would change?' },
    { line: 'sync --if-due', says: 'from a cron, every quarter of an hour: once a night all the same' },
    { line: 'sync --only shop_order shop_customer', says: 'two tables only' },
  ],
  columns: { table: 'table', rows: 'rows', added: 'added', changed: 'changed', removed: 'removed', time: 'time' },
  carried: 'as it was',
  unknown: (table, rows, why) => `${table}: ${counted(rows, 'row')} with something unknown (${why})`,
  notDue: (next) => `Not due: the next run is due at ${next}.`,
  published: (instant, tables, time, held) =>
    `Published ${counted(tables, 'table')} as of ${instant}, in ${time}. The source’s snapshot was held for ${held}.`,
  rehearsed: (instant, time, held) =>
    `Rehearsed as of ${instant}, in ${time}. The source’s snapshot was held for ${held}. Nothing was published.`,
  phases: {
    check: 'checking',
    snapshot: 'opening the snapshot',
    stage: 'staging',
    verify: 'verifying',
    publish: 'publishing',
    describe: 'describing',
    record: 'recording',
  },
  staged: (table, rows, time) => `${table}: ${rows} rows in ${time}`,
  rows: (rows) => `${rows} rows`,
  notice: 'note',
}

/** What `sync --json` prints. Instants are ISO 8601 in UTC. */
export interface SyncAnswer {
  readonly run: number
  readonly dryRun: boolean
  readonly dataOf: Date
  readonly tables: readonly TableOutcome[]
  readonly phases: Readonly<Partial<Record<Phase, number>>>
  /** For how long the snapshot of the source was held. */
  readonly snapshotMilliseconds: number
  readonly switch: {
    /** Null after a rehearsal. */
    readonly way: SwitchWay | null
    readonly tries: number
    readonly held: boolean
    readonly milliseconds: number
  }
  readonly milliseconds: number
}

export const defineSync = (words: SyncWords): Command =>
  defineCommand(
    'sync',
    words,
    { dryRun: '--dry-run', only: '--only <tables...>', allowShrink: '--allow-shrink', ifDue: '--if-due' },
    (call) => sync(call, words),
  )

/** Called by other command lines too, which name the command otherwise and may choose tables in their own way. */
export async function sync(
  call: Call,
  words: SyncWords,
  only: readonly string[] | null = call.list('only'),
): Promise<ExitName> {
  const publication = await call.publication()
  chosenTables(publication, only)
  const connections = call.settings(publication, { source: 'required', target: 'required' })
  const wish = { only, dryRun: call.flag('dryRun'), allowShrink: call.flag('allowShrink') }
  if (call.flag('ifDue')) return syncIfDue(call, publication, connections, { ...wish, trigger: 'schedule' }, words)
  const done = await publishNow(call, publication, connections, { ...wish, trigger: 'command' }, words)
  tellPublished(call, publication, done, words)
  return 'ok'
}

/** What `sync --if-due --json` prints when nothing was due. */
export interface NotDueAnswer {
  readonly due: false
  readonly nextDue: Date
}

type Wish = Pick<SyncRequest, 'only' | 'dryRun' | 'allowShrink' | 'trigger'>

/** What comes before the run of a due time, such as fetching fresh data into the source. What it throws stops the run. */
export type Prepare = (night: {
  readonly due: Date
  /** Whether a run was tried for this due time already. */
  readonly again: boolean
}) => Promise<void>

/** One look and at most one try; the platform's cron is the loop. Also called by systems that prepare their source first. */
export async function syncIfDue(
  call: Call,
  publication: Publication,
  settings: SettingsFor<{ source: 'required'; target: 'required' }>,
  wish: Wish,
  words: SyncWords,
  prepare: Prepare = async () => undefined,
): Promise<ExitName> {
  if (wish.only !== null || wish.dryRun) {
    const detail = 'It publishes every table: a part or a rehearsal would leave the run due.'
    throw new VitrineError('USAGE', { place: '--if-due', detail })
  }
  const now = call.io.clock.now()
  let due = lastDue(publication.schedule, publication.zone, now)
  const runs = new DueRuns(call, publication, settings.target, async (isDone) => {
    await prepare({ due, again: runs.latest !== null && runs.latest.startedAt >= due })
    const published = await publishUnless(call, publication, settings, wish, words, isDone)
    if (published !== null) tellPublished(call, publication, published, words)
    return published?.report ?? null
  })
  try {
    const found = await runs.look()
    due = found.last
    const report = found.due ? await runs.run() : null
    if (report !== null) {
      await raiseAlarms(call, publication, settings, { kind: 'published', due, report }, runs.rows)
    } else {
      const answer: NotDueAnswer = { due: false, nextDue: found.next }
      call.answer(answer, () => `${words.notDue(instant(call.language, found.next, publication.zone))}\n`)
    }
    return 'ok'
  } catch (thrown) {
    const error = asVitrineError(thrown)
    const event = call.signal.aborted ? null : failureEvent(publication, error, due, runs, now)
    if (event !== null) await raiseAlarms(call, publication, settings, event)
    throw error
  }
}

/** What is told of a failure of `--if-due`. The cron comes again every few minutes: most of them are told once. */
function failureEvent(
  { limits }: Publication,
  error: VitrineError,
  due: Date,
  { latest, heldSeconds }: DueRuns,
  now: Date,
): ScheduleEvent | null {
  if (error.code === 'RUN_IN_PROGRESS') {
    // The other run may publish; one that still has not after so long hangs, and nobody else would say so.
    const tolerance = limits.staleAfterMinutes * 60_000
    const hangs = now.getTime() - due.getTime() >= tolerance && (heldSeconds ?? -1) * 1_000 >= tolerance
    return hangs ? { kind: 'stale', due, attempts: 0, error } : null
  }
  const told = latest !== null && latest.errorCode === error.code && latest.startedAt >= due
  return told ? null : { kind: 'failed', due, error, attempts: 1, pauseMs: null }
}

export interface Published {
  readonly report: SyncReport
  /** Of the whole run, connections included. */
  readonly milliseconds: number
}

type Connections = Pick<SyncRequest, 'source' | 'target'> & Pick<Settings, 'pseudonymKey'>

/** Runs a sync and shows its progress. The tables of the report come in the order of the publication. */
export const publishNow = async (
  call: Call,
  publication: Publication,
  connections: Connections,
  wish: Wish,
  words: SyncWords,
): Promise<Published> =>
  // sound because only a run that is found done gives null.
  (await publishUnless(call, publication, connections, wish, words, async () => false)) as Published

/** The same, but null when `isDone` under the run lock. */
export async function publishUnless(
  call: Call,
  publication: Publication,
  { source, target, pseudonymKey }: Connections,
  wish: Wish,
  words: SyncWords,
  isDone: IsDone,
): Promise<Published | null> {
  if (call.signal.aborted) throw new VitrineError('INTERRUPTED')
  const started = call.io.clock.monotonicMs()
  const progress = showProgress(call.io, call.language, words)
  const { observe: observer } = progress
  try {
    const request = { publication, source, target, pseudonymKey, at: null, observer, signal: call.signal, ...wish }
    const report = await syncUnless(request, isDone)
    if (report === null) return null
    const milliseconds = Math.round(call.io.clock.monotonicMs() - started)
    // They are read the heaviest first.
    const order = publishedRelations(publication).map(({ name }) => name)
    const tables = report.tables.toSorted((a, b) => order.indexOf(a.table) - order.indexOf(b.table))
    return { report: { ...report, tables }, milliseconds }
  } finally {
    progress.end()
  }
}

/** Prints the result. */
export const tellPublished = (call: Call, publication: Publication, published: Published, words: SyncWords): void =>
  call.answer(syncAnswer(published), () => syncText(published, publication, call.language, words))

export function syncAnswer({ report, milliseconds }: Published): SyncAnswer {
  const { run, dryRun, dataOf, tables, phases, snapshotMilliseconds } = report
  const { switchWay: way, switchTries: tries, switchHeld: held } = report
  const switched = { way, tries, held, milliseconds: Math.round(report.switchMilliseconds) }
  const rounded = tables.map((table) => ({ ...table, milliseconds: Math.round(table.milliseconds) }))
  return { run, dryRun, dataOf, tables: rounded, phases, snapshotMilliseconds, switch: switched, milliseconds }
}

/** The result for a person: a line a table, and what was published. */
export function syncText(
  { report, milliseconds }: Published,
  publication: Publication,
  language: Language,
  words: SyncWords,
): string {
  const dataOf = instant(language, report.dataOf, publication.zone)
  const time = duration(language, milliseconds)
  const held = duration(language, report.snapshotMilliseconds)
  const end = report.dryRun
    ? words.rehearsed(dataOf, time, held)
    : words.published(dataOf, report.tables.filter(({ carried }) => !carried).length, time, held)
  return `${outcomesText(report.tables, publication, language, words)}\n${end}\n`
}

/** A line a table, in the order of the publication, then what is unknown in them. */
export function outcomesText(
  tables: readonly TableOutcome[],
  publication: Publication,
  language: Language,
  words: SyncWords,
): string {
  const { columns } = words
  const order = publishedRelations(publication).map(({ name }) => name)
  const ordered = tables.toSorted((a, b) => order.indexOf(a.table) - order.indexOf(b.table))
  const rows = ordered.map((table) => [
    table.table,
    count(language, table.rows),
    count(language, table.added),
    count(language, table.changed),
    count(language, table.removed),
    table.carried ? words.carried : duration(language, table.milliseconds),
  ])
  const right = (title: string) => ({ title, right: true })
  const titles = [columns.rows, columns.added, columns.changed, columns.removed, columns.time].map(right)
  const unknown = ordered.flatMap((table) => unknownText(table, language, words))
  return [textTable([{ title: columns.table }, ...titles], rows), ...unknown].join('\n').trimEnd()
}

/** How many rows of a table hold something unknown, and why; nothing for a table without such rows. */
function unknownText({ table, unknown }: TableOutcome, language: Language, words: SyncWords): readonly string[] {
  const reasons = Object.entries(unknown).sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return []
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0)
  const why = reasons.map(([reason, rows]) => `${reason} ${count(language, rows)}`).join(', ')
  return [words.unknown(table, total, why)]
}
