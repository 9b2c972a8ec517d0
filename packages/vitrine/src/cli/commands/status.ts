/** `status`: how old the published tables are, the last runs, whether one is under way, and when the next is due. */
import { asVitrineError, type ExitName } from '../../base/errors.ts'
import { countText, instant, moment } from '../../base/format.ts'
import type { Session } from '../../postgres/connect.ts'
import { type Tries, triesSince } from '../../record/attempt.ts'
import { requireBookkeeping } from '../../record/bookkeeping.ts'
import { alarmsLeft } from '../../record/raised-alarms.ts'
import { latestRuns, type RunRecord } from '../../record/runs.ts'
import { type ForeseenWay, foreseenWays } from '../../run/foreseen.ts'
import { dueAround } from '../../schedule/due.ts'
import { isDue } from '../../schedule/dueness.ts'
import type { ScheduleEvent } from '../../schedule/loop.ts'
import { dueBy, type MonitorFacts, readMonitorFacts, troubleOf } from '../../schedule/monitor-facts.ts'
import { Alarms } from '../alarms.ts'
import type { Call, Command } from '../command.ts'
import { codeOf } from '../rules-code.ts'
import { runListText, waysText } from '../run-list.ts'
import { reading } from '../sessions.ts'
import { textTable } from '../text-table.ts'

export const statusCommand: Command = {
  name: 'status',
  summary: 'show how old the published tables are, and the last runs',
  description:
    'Prints the freshness of each table, the last runs, the run under way if there is one and when the next is due. Exits ' +
    'with 9 when the run that was due has not published an hour later, and with 10 when readers do not find, or may not ' +
    'read, what was published: for a monitor that reads nothing but the status. Times are by the clock of the target.',
  options: {
    '--runs <n>': 'how many of the last runs to show (default: 1)',
    '--explain': 'say of each table whether the next run reads only what has changed, and why not',
    '--alarm': 'raise the alarm when not fresh, or when the target does not answer',
  },
  examples: [
    { line: 'status', says: 'is what Metabase shows of today?' },
    { line: 'status --runs 14', says: 'the last two weeks' },
    { line: 'status --explain', says: 'why does the night read every row of a table?' },
    { line: 'status --alarm', says: 'from a cron of another machine: whoever should publish may be dead' },
    { line: 'status --json', says: 'for a program' },
  ],
  run,
}

/** What `status --json` prints. Instants are ISO 8601 in UTC; a table that was never published has null ones. */
export interface StatusAnswer
  extends Pick<MonitorFacts, 'at' | 'state' | 'missing' | 'kept' | 'left' | 'nextDue' | 'underWay' | 'tables'> {
  readonly publication: string
  readonly schema: string
  /** The due time that a version had to be published after. */
  readonly due: Date
  /** For the last due time, which is `due` or a later one: how many failed, of how many that `schedule` makes. */
  readonly tries: Tries & { readonly budget: number }
  readonly runs: readonly RunRecord[]
  /** With --explain: how the next run would read each table, as far as it can be said before. */
  readonly ways?: readonly ForeseenWay[]
}

async function run(call: Call): Promise<ExitName> {
  const { publication, io } = call
  const shown = call.positive('runs', 1)
  const settings = call.settings({ target: 'required' })
  const alarms = call.flag('alarm') ? new Alarms(call, settings) : null
  const raise = async (event: ScheduleEvent) => (call.signal.aborted ? undefined : alarms?.raise(event))
  const names = settings.alarms.map(({ variable }) => variable)
  const look = (session: Session) => read(call, session, shown, names)
  const { answer, facts, left, isOwed } = await reading(call, 'target', settings.target, look).catch(
    async (thrown: unknown) => {
      const error = asVitrineError(thrown)
      await raise({ kind: 'stale', due: dueBy(publication, io.clock.now()), tries: 0, error })
      throw error
    },
  )
  call.answer(answer, () => statusText(call, answer))
  const trouble = troubleOf(publication, facts)
  // Within the tolerance a version is fresh although the one that is due has not come.
  await alarms?.settle(left, answer.due, trouble === null && !isOwed)
  if (trouble === null) return 'ok'
  call.tell(trouble)
  const { due, state } = facts
  const isLate = state === 'stale' && facts.tables.some(({ fresh }) => !fresh)
  await raise(isLate ? { kind: 'stale', due, tries: 0, error: null } : { kind: 'unwell', due, error: trouble })
  return trouble.kind.exit
}

async function read(call: Call, session: Session, shown: number, channels: readonly string[]) {
  const { publication } = call
  const { name, schema, limits } = publication
  await requireBookkeeping(session, schema)
  const facts = await readMonitorFacts(session, publication)
  const { at, state, missing, kept, left, due, nextDue, underWay, tables } = facts
  const runs = await latestRuns(session, schema, shown)
  const failed = await triesSince(session, schema, dueAround(publication, at).last)
  const tries = { ...failed, budget: limits.retryTries }
  const stands = { at, state, missing, kept, left }
  const ways = call.flag('explain') ? { ways: await foreseenWays({ session, publication }, codeOf(publication)) } : {}
  const answer: StatusAnswer = {
    ...{ publication: name, schema, ...stands, due, nextDue, underWay, tries, tables, runs },
    ...ways,
  }
  const { due: isOwed } = await isDue(session, publication)
  return { answer, facts, isOwed, left: await alarmsLeft(session, schema, channels) }
}

function statusText({ publication }: Call, answer: StatusAnswer): string {
  const { underWay, runs, state, kept, left, nextDue } = answer
  const { failed, budget, lastError } = answer.tries
  const at = (date: Date | null) => (date === null ? 'never' : moment(date, publication.zone))
  const tables = textTable(
    ['table', { right: 'rows' }, 'data of', 'published'],
    answer.tables.map(({ table, rows, dataOf, publishedAt }) => [table, countText(rows), at(dataOf), at(publishedAt)]),
  )
  const lines = [
    underWay === null ? '' : `A run is under way: session ${underWay.pid}, for ${countText(underWay.age)} s.\n`,
    state === 'fresh' ? 'Fresh: the last run that was due has published, and readers can read it.\n' : '',
    kept === 'gone' ? 'The version that was kept is gone: there is none for a rollback until the next run.\n' : '',
    left.length === 0 ? '' : `Retired versions that could not be removed: ${left.join(', ')}.\n`,
    failed === 0
      ? ''
      : `Failed for this due time: ${failed} of ${budget} tries, the last one with ${lastError ?? ''}.\n`,
    ...(runs[0]?.drift ?? []).map(
      ({ place, detail }) => `The source has changed, and no query reads it: ${place}: ${detail}.\n`,
    ),
    `Next run due: ${instant(nextDue, publication.zone)}.\n`,
  ]
  return `${tables}\n${runListText(runs, underWay !== null, publication)}\n${lines.join('')}${waysText(answer.ways ?? [])}`
}
