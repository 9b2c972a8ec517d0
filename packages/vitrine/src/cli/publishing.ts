/** Runs a sync, shows its progress, and prints what it published. Called by the commands that publish. */
import { VitrineError } from '../base/errors.ts'
import { counted, duration, instant } from '../base/format.ts'
import type { SwitchWay } from '../record/outcome.ts'
import type { Phase, TableOutcome } from '../record/runs.ts'
import type { SyncReport } from '../run/observer.ts'
import type { IsDone, SyncRequest } from '../run/request.ts'
import { syncUnless } from '../run/sync.ts'
import type { Call } from './command.ts'
import { keepInStep } from './metabase-steps.ts'
import { showing } from './progress.ts'
import { codeOf } from './rules-code.ts'
import { inOrder, outcomesText } from './run-list.ts'

export type Connections = Pick<SyncRequest, 'source' | 'target' | 'pseudonymKey'>

export type Wish = Pick<SyncRequest, 'only' | 'dryRun' | 'allowShrink' | 'rotateKey' | 'full' | 'trigger'>

export interface PublishedRun {
  readonly report: SyncReport
  /** Of the whole run, connections included. */
  readonly milliseconds: number
}

/** Publishes. The tables of the report come in the order of the publication. */
export const publishNow = async (
  call: Call,
  connections: Connections,
  wish: Partial<Wish> = {},
): Promise<PublishedRun> =>
  // sound because only a run that is found done returns null.
  (await publishUnless(call, connections, wish, async () => false)) as PublishedRun

/** The same, but null when `isDone` under the run lock. */
export async function publishUnless(
  call: Call,
  { source, target, pseudonymKey }: Connections,
  wish: Partial<Wish>,
  isDone: IsDone,
): Promise<PublishedRun | null> {
  const { io, signal, fault, publication } = call
  if (signal.aborted) throw new VitrineError('INTERRUPTED')
  const started = io.clock.monotonicMs()
  const asked = { publication, source, target, pseudonymKey, code: codeOf(publication), ...wish }
  const report = await showing(io, (observer) =>
    syncUnless({ ...asked, observer, signal: AbortSignal.any([signal, fault]) }, isDone),
  )
  if (report === null) return null
  const milliseconds = Math.round(io.clock.monotonicMs() - started)
  const { trigger = 'command' } = wish
  if (wish.dryRun !== true && trigger !== 'follow') await keepInStep(call, trigger)
  return { report: { ...report, tables: inOrder(report.tables, publication) }, milliseconds }
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

export const rounded = (tables: readonly TableOutcome[]): readonly TableOutcome[] =>
  tables.map((table) => ({ ...table, milliseconds: Math.round(table.milliseconds) }))

export function syncAnswer({ report, milliseconds }: PublishedRun): SyncAnswer {
  const { run, dryRun, dataOf, tables, phases, snapshotMilliseconds } = report
  const { switchWay: way, switchTries: tries, switchHeld: held } = report
  const switched = { way, tries, held, milliseconds: Math.round(report.switchMilliseconds) }
  return { run, dryRun, dataOf, tables: rounded(tables), phases, snapshotMilliseconds, switch: switched, milliseconds }
}

/** The result for a person: one line per table, and what was published. */
export function syncText({ publication }: Call, { report, milliseconds }: PublishedRun): string {
  const of = `as of ${instant(report.dataOf, publication.zone)}, in ${duration(milliseconds)}`
  const held = `The source’s snapshot was held for ${duration(report.snapshotMilliseconds)}.`
  const published = counted(report.tables.filter(({ carried }) => !carried).length, 'table')
  const end = report.dryRun
    ? `Rehearsed ${of}. ${held} Nothing was published.`
    : `Published ${published} ${of}. ${held}`
  return `${outcomesText(report.tables, publication)}\n${end}\n`
}

/** Prints the result. */
export const tellPublished = (call: Call, published: PublishedRun): void =>
  call.answer(syncAnswer(published), () => syncText(call, published))
