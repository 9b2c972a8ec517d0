/** `status`: how old the published tables are, the last runs, whether one is under way, and when the next is due. */
import { asVitrineError, type ExitName, VitrineError } from '../../base/errors.ts'
import { count, instant, moment } from '../../base/format.ts'
import type { Address } from '../../postgres/address.ts'
import type { LockHolder } from '../../postgres/lock.ts'
import { type Tries, triesSince } from '../../record/attempt.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { latestRuns, type RunRecord } from '../../record/runs.ts'
import { dueAround } from '../../schedule/due.ts'
import { dueBy, readMonitorFacts, type TableState } from '../../schedule/monitor-facts.ts'
import { raiseAlarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import { runListText } from '../run-list.ts'
import { reading } from '../sessions.ts'
import { textTable } from '../text-table.ts'

export const status: Command = {
  name: 'status',
  summary: 'show how old the published tables are, and the last runs',
  description:
    'Prints the freshness of each table, the last runs, the run under way if there is one and when the next is due. Exits ' +
    'with 9 when the run that was due has not published an hour later: for a monitor that reads nothing but the status.',
  options: {
    '--runs <n>': 'how many of the last runs to show (default: 1)',
    '--alarm': 'raise the alarm when stale, or when the target does not answer',
  },
  examples: [
    { line: 'status', says: 'is what Metabase shows of today?' },
    { line: 'status --runs 14', says: 'the last two weeks' },
    { line: 'status --alarm', says: 'from a cron of another machine: whoever should publish may be dead' },
    { line: 'status --json', says: 'for a program' },
  ],
  run,
}

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
  readonly tables: readonly TableState[]
  readonly runs: readonly RunRecord[]
}

async function run(call: Call): Promise<ExitName> {
  const { publication, io } = call
  const shown = call.positive('runs', 1)
  const settings = call.settings({ target: 'required' })
  const alarm = async (due: Date, error: VitrineError | null) => {
    if (!call.flag('alarm') || call.signal.aborted) return
    await raiseAlarms(call, settings, { kind: 'stale', due, tries: 0, error })
  }
  let answer: StatusAnswer
  try {
    answer = await read(call, settings.target, shown)
  } catch (thrown) {
    await alarm(dueBy(publication, io.clock.now()), asVitrineError(thrown))
    throw thrown
  }
  call.answer(answer, () => statusText(call, answer))
  if (answer.state === 'fresh') return 'ok'
  const detail = `Nothing was published since ${instant(answer.due, publication.zone)}.`
  call.tell(new VitrineError('STALE', { place: publication.schema, detail }))
  await alarm(answer.due, null)
  return 'stale'
}

const read = (call: Call, target: Address, shown: number): Promise<StatusAnswer> =>
  reading(call, 'target', target, async (session) => {
    const { publication } = call
    const { name, schema, limits } = publication
    await requireBookkeeping(session, schema)
    const now = call.io.clock.now()
    const { state, due, nextDue, tables, underWay } = await readMonitorFacts(session, publication, now)
    const runs = await latestRuns(session, schema, shown)
    const failed = await triesSince(session, schema, dueAround(publication, now).last)
    const tries = { ...failed, budget: limits.retryTries }
    return { publication: name, schema, state, due, nextDue, underWay, tries, tables, runs }
  })

function statusText({ publication }: Call, answer: StatusAnswer): string {
  const { underWay, runs, state, nextDue } = answer
  const { failed, budget, lastError } = answer.tries
  const at = (date: Date | null) => (date === null ? 'never' : moment(date, publication.zone))
  const tables = textTable(
    ['table', { right: 'rows' }, 'data of', 'published'],
    answer.tables.map(({ table, rows, dataOf, publishedAt }) => [table, count(rows), at(dataOf), at(publishedAt)]),
  )
  const lines = [
    underWay === null ? '' : `A run is under way: session ${underWay.pid}, for ${count(underWay.age)} s.\n`,
    state === 'fresh' ? 'Fresh: the last run that was due has published.\n' : '',
    failed === 0
      ? ''
      : `Failed for this due time: ${failed} of ${budget} tries, the last one with ${lastError ?? ''}.\n`,
    `Next run due: ${instant(nextDue, publication.zone)}.\n`,
  ]
  return `${tables}\n${runListText(runs, underWay !== null, publication)}\n${lines.join('')}`
}
