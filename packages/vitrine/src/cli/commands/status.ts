/** `status`: how old the published tables are, the last runs, whether one is under way, and when the next is due. */
import { asVitrineError, type ExitName, VitrineError } from '../../base/errors.ts'
import type { Address } from '../../postgres/address.ts'
import { type LockHolder, runLockHolder } from '../../postgres/lock.ts'
import { type Publication, publishedRelations } from '../../publication/publication.ts'
import { type Tries, triesSince } from '../../record/attempt.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { freshnessOf, latestRuns, type RunRecord, type TableFreshness } from '../../record/runs.ts'
import { lastDue, nextDue } from '../../schedule/due.ts'
import { raiseAlarms } from '../alarms.ts'
import { type Call, type Command, type CommandWords, defineCommand } from '../command.ts'
import { count, instant } from '../language.ts'
import { type RunListWords, runListText } from '../run-list.ts'
import { withSession } from '../sessions.ts'
import { textTable } from '../text-table.ts'

export interface StatusWords extends CommandWords, RunListWords {
  readonly options: Readonly<Record<'runs' | 'alarm', string>>
  readonly columns: Readonly<Record<'table' | 'rows' | 'dataOf' | 'publishedAt', string>>
  readonly never: string
  readonly underWay: (session: string, seconds: string) => string
  readonly next: (instant: string) => string
  readonly fresh: string
  readonly tries: (failed: number, budget: number, error: string) => string
}

export const statusEnglish: StatusWords = {
  summary: 'show how old the published tables are, and the last runs',
  description:
    'Prints the freshness of each table, the last runs, the run under way if there is one and when the next is due. Exits ' +
    'with 9 when the run that was due has not published an hour later: for a monitor that reads nothing but the status.',
  options: {
    runs: 'how many of the last runs to show (default: 1)',
    alarm: 'raise the alarm at VITRINE_ALARM_WEBHOOK when stale, or when the target does not answer',
  },
  examples: [
    { line: 'status', says: 'is what Metabase shows of today?' },
    { line: 'status --runs 14', says: 'the last two weeks' },
    { line: 'status --alarm', says: 'from a cron of another machine: whoever should publish may be dead' },
    { line: 'status --json', says: 'for a program' },
  ],
  columns: { table: 'table', rows: 'rows', dataOf: 'data of', publishedAt: 'published' },
  never: 'never',
  runColumns: { run: 'run', started: 'started', trigger: 'by', state: 'state', time: 'time', error: 'error' },
  states: { running: 'running', succeeded: 'succeeded', failed: 'failed', ended: 'ended without a word' },
  triggers: { command: 'command', schedule: 'schedule', rollback: 'rollback' },
  noRun: 'No run yet.',
  underWay: (session, seconds) => `A run is under way: session ${session}, for ${seconds} s.`,
  next: (instant) => `Next run due: ${instant}.`,
  fresh: 'Fresh: the last run that was due has published.',
  tries: (failed, budget, error) =>
    `Failed for this due time: ${failed} of ${budget} tries, the last one with ${error}.`,
}

export const defineStatus = (words: StatusWords): Command =>
  defineCommand('status', words, { runs: '--runs <n>', alarm: '--alarm' }, (call) => status(call, words))

/** What `status --json` prints. Instants are ISO 8601 in UTC; a table that was never published has null ones. */
export interface StatusAnswer {
  readonly publication: string
  readonly schema: string
  readonly state: 'fresh' | 'stale'
  /** The due time that a version had to be published after. */
  readonly due: Date
  readonly nextDue: Date
  readonly underWay: LockHolder | null
  /** For the last due time, which is `due` or a later one: how many failed, of how many that `schedule` makes. */
  readonly tries: Tries & { readonly budget: number }
  readonly tables: readonly {
    readonly table: string
    readonly rows: number | null
    readonly dataOf: Date | null
    readonly publishedAt: Date | null
    readonly fresh: boolean
  }[]
  readonly runs: readonly RunRecord[]
}

const RUNS_SHOWN = 1

async function status(call: Call, words: StatusWords): Promise<ExitName> {
  const runs = call.positive('runs', RUNS_SHOWN)
  const publication = await call.publication()
  const settings = call.settings(publication, { target: 'required' })
  const alarm = async (due: Date, error: VitrineError | null) => {
    if (!call.flag('alarm') || call.signal.aborted) return
    await raiseAlarms(call, publication, settings, { kind: 'stale', due, attempts: 0, error })
  }
  let answer: StatusAnswer
  try {
    answer = await read(call, publication, settings.target, runs)
  } catch (thrown) {
    const error = asVitrineError(thrown)
    await alarm(dueBy(publication, call.io.clock.now()), error)
    throw error
  }
  call.answer(answer, () => statusText(answer, publication, call, words))
  if (answer.state === 'fresh') return 'ok'
  const detail = `Nothing was published since ${instant(call.language, answer.due, publication.zone)}.`
  call.tell(new VitrineError('STALE', { place: publication.schema, detail }))
  await alarm(answer.due, null)
  return 'stale'
}

const read = (call: Call, publication: Publication, target: Address, runs: number): Promise<StatusAnswer> =>
  withSession(call, publication, { side: 'target', address: target, readOnly: true }, async (session) => {
    await requireBookkeeping(session, publication.schema)
    const freshness = await freshnessOf(session, publication.schema)
    const holder = await runLockHolder(session, publication.schema)
    const latest = await latestRuns(session, publication.schema, runs)
    const now = call.io.clock.now()
    const tries = await triesSince(session, publication.schema, lastDue(publication.schedule, publication.zone, now))
    return statusOf(publication, freshness, latest, holder, now, tries)
  })

/** The last due time that is at least the tolerance ago: a version had to be published after it. */
const dueBy = ({ schedule, zone, limits }: Publication, now: Date): Date =>
  lastDue(schedule, zone, new Date(now.getTime() - limits.staleAfterMinutes * 60_000))

/**
 * Pure: what was read, at an instant. Stale when a table's last version was published before the due time that counts,
 * the last one that is at least the tolerance ago, or when nothing was ever published. A table that is new since the last
 * run waits for the next and makes nothing stale.
 */
export function statusOf(
  publication: Publication,
  freshness: readonly TableFreshness[],
  runs: readonly RunRecord[],
  underWay: LockHolder | null,
  now: Date,
  tries: Tries = { failed: 0, lastError: null },
): StatusAnswer {
  const { name, schema, schedule, zone } = publication
  const due = dueBy(publication, now)
  const found = new Map(freshness.map((entry) => [entry.table, entry]))
  const tables = publishedRelations(publication).map((table) => {
    const { rows, dataOf, publishedAt } = found.get(table.name) ?? { rows: null, dataOf: null, publishedAt: null }
    return { table: table.name, rows, dataOf, publishedAt, fresh: publishedAt !== null && publishedAt >= due }
  })
  const published = tables.filter(({ publishedAt }) => publishedAt !== null)
  return {
    publication: name,
    schema,
    state: published.length > 0 && published.every(({ fresh }) => fresh) ? 'fresh' : 'stale',
    due,
    nextDue: nextDue(schedule, zone, now),
    underWay,
    tries: { ...tries, budget: publication.limits.retryTries },
    tables,
    runs,
  }
}

function statusText(answer: StatusAnswer, publication: Publication, call: Call, words: StatusWords): string {
  const { language } = call
  const moment = (at: Date | null) => (at === null ? words.never : language.moment(at, publication.zone))
  const { columns } = words
  const { failed, budget, lastError } = answer.tries
  const tables = textTable(
    [
      { title: columns.table },
      { title: columns.rows, right: true },
      { title: columns.dataOf },
      { title: columns.publishedAt },
    ],
    answer.tables.map(({ table, rows, dataOf, publishedAt }) => [
      table,
      count(language, rows),
      moment(dataOf),
      moment(publishedAt),
    ]),
  )
  const lines = [
    ...(answer.underWay === null
      ? []
      : [words.underWay(String(answer.underWay.pid), count(language, answer.underWay.age))]),
    ...(answer.state === 'fresh' ? [words.fresh] : []),
    ...(failed === 0 ? [] : [words.tries(failed, budget, lastError ?? '')]),
    words.next(instant(language, answer.nextDue, publication.zone)),
  ]
  return `${tables}\n${runListText(answer.runs, answer.underWay !== null, publication, call.language, words)}\n${lines.join('\n')}\n`
}
