/** `sync`: publishes the next version now. */
import { type ExitName, VitrineError } from '../../base/errors.ts'
import type { Publication } from '../../publication/publication.ts'
import type { SyncReport } from '../../run/observer.ts'
import { chosenTables, type SyncRequest } from '../../run/request.ts'
import { sync as publish } from '../../run/sync.ts'
import type { Phase, TableOutcome } from '../../target/runs.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { count, counted, duration, instant, type Language } from '../language.ts'
import { type ProgressWords, showProgress } from '../progress.ts'
import { textTable } from '../text-table.ts'

export interface SyncWords extends CommandWords, ProgressWords {
  readonly options: Readonly<Record<'dryRun' | 'only' | 'allowShrink', string>>
  readonly columns: Readonly<Record<'table' | 'rows' | 'added' | 'changed' | 'removed' | 'time', string>>
  readonly carried: string
  readonly unknown: (rows: string) => string
  readonly published: (instant: string, tables: number, time: string) => string
  readonly rehearsed: (instant: string, time: string) => string
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
  },
  examples: [
    { line: 'sync', says: 'publish now' },
    { line: 'sync --dry-run', says: 'rehearse: what would change?' },
    { line: 'sync --only shop_order shop_customer', says: 'two tables only' },
  ],
  columns: { table: 'table', rows: 'rows', added: 'added', changed: 'changed', removed: 'removed', time: 'time' },
  carried: 'as it was',
  unknown: (rows) => `${rows} rows with something unknown`,
  published: (instant, tables, time) => `Published ${counted(tables, 'table')} as of ${instant}, in ${time}.`,
  rehearsed: (instant, time) => `Rehearsed as of ${instant}, in ${time}. Nothing was published.`,
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
  readonly switch: { readonly tries: number; readonly milliseconds: number }
  readonly milliseconds: number
}

export const defineSync = (words: SyncWords): Command =>
  defineCommand(
    'sync',
    words,
    { dryRun: '--dry-run', only: '--only <tables...>', allowShrink: '--allow-shrink' },
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
  const wish = { only, dryRun: call.flag('dryRun'), allowShrink: call.flag('allowShrink'), trigger: 'command' } as const
  const done = await publishNow(call, publication, connections, wish, words)
  call.answer(syncAnswer(done), () => syncText(done, publication, call.language, words))
  return 'ok'
}

export interface Published {
  readonly report: SyncReport
  /** Of the whole run, connections included. */
  readonly milliseconds: number
}

/** Runs a sync and shows its progress. The tables of the report come in the order of the publication. */
export async function publishNow(
  call: Call,
  publication: Publication,
  { source, target, pseudonymKey }: Pick<SyncRequest, 'source' | 'target' | 'pseudonymKey'>,
  wish: Pick<SyncRequest, 'only' | 'dryRun' | 'allowShrink' | 'trigger'>,
  words: SyncWords,
): Promise<Published> {
  if (call.signal.aborted) throw new VitrineError('INTERRUPTED')
  const started = call.io.clock.monotonicMs()
  const progress = showProgress(call.io, call.language, words)
  const { observe: observer } = progress
  try {
    const request = { publication, source, target, pseudonymKey, at: null, observer, signal: call.signal, ...wish }
    const report = await publish(request)
    const milliseconds = Math.round(call.io.clock.monotonicMs() - started)
    // They are read the heaviest first.
    const order = publication.tables.map(({ name }) => name)
    const tables = report.tables.toSorted((a, b) => order.indexOf(a.table) - order.indexOf(b.table))
    return { report: { ...report, tables }, milliseconds }
  } finally {
    progress.end()
  }
}

export function syncAnswer({ report, milliseconds }: Published): SyncAnswer {
  const { run, dryRun, dataOf, tables, phases, switchTries, switchMilliseconds } = report
  const switched = { tries: switchTries, milliseconds: Math.round(switchMilliseconds) }
  const rounded = tables.map((table) => ({ ...table, milliseconds: Math.round(table.milliseconds) }))
  return { run, dryRun, dataOf, tables: rounded, phases, switch: switched, milliseconds }
}

/** The result for a person: a line a table, and what was published. */
export function syncText(
  { report, milliseconds }: Published,
  publication: Publication,
  language: Language,
  words: SyncWords,
): string {
  const { columns } = words
  const dataOf = instant(language, report.dataOf, publication.zone)
  const time = duration(language, milliseconds)
  const rows = report.tables.map((table) => [
    table.table,
    count(language, table.rows),
    count(language, table.added),
    count(language, table.changed),
    count(language, table.removed),
    table.carried ? words.carried : duration(language, table.milliseconds),
  ])
  const right = (title: string) => ({ title, right: true })
  const titles = [columns.rows, columns.added, columns.changed, columns.removed, columns.time].map(right)
  const end = report.dryRun
    ? words.rehearsed(dataOf, time)
    : words.published(dataOf, report.tables.filter(({ carried }) => !carried).length, time)
  const unknown = report.tables.flatMap((table) => unknownText(table, language, words))
  return [textTable([{ title: columns.table }, ...titles], rows), ...unknown, `${end}\n`].join('\n')
}

/** How many rows of a table hold something unknown, and why; nothing for a table without such rows. */
function unknownText({ table, unknown }: TableOutcome, language: Language, words: SyncWords): readonly string[] {
  const reasons = Object.entries(unknown).sort(([, a], [, b]) => b - a)
  if (reasons.length === 0) return []
  const total = reasons.reduce((sum, [, rows]) => sum + rows, 0)
  const why = reasons.map(([reason, rows]) => `${reason} ${count(language, rows)}`).join(', ')
  return [`${table}: ${words.unknown(count(language, total))} (${why})`]
}
