/**
 * Runs that happen only when they are due: asks the target, publishes unless another one did meanwhile, and records
 * a try that failed before its run began. Used by `schedule`, by `sync --if-due` and by systems built on them.
 */
import { asVitrineError } from '../base/errors.ts'
import type { Address } from '../postgres/address.ts'
import type { Session } from '../postgres/connect.ts'
import { runLockHolder } from '../postgres/lock.ts'
import { type LatestRun, latestRun, recordAttempt } from '../record/attempt.ts'
import { bookkeepingIsCurrent } from '../record/bookkeeping.ts'
import { type AlarmsLeft, alarmsLeft } from '../record/raised-alarms.ts'
import { recordedRows } from '../record/runs.ts'
import type { SyncReport } from '../run/observer.ts'
import type { Receiver } from '../schedule/alarms/channel.ts'
import { type Dueness, isDue } from '../schedule/dueness.ts'
import type { Call } from './command.ts'
import { type Connections, type PublishedRun, publishUnless, tellPublished, type Wish } from './publishing.ts'
import { reading, writing } from './sessions.ts'

/** A step before the run of a due time, such as fetching data into the source. An exception stops the run. */
export type Prepare = (night: {
  readonly due: Date
  /** Whether a run was tried for this due time already. */
  readonly again: boolean
}) => Promise<void>

/** Hooks around each run of a due time. */
export interface AroundRuns {
  readonly prepare?: Prepare
  /** Prints what was published; as `sync` does by default. */
  readonly show?: (published: PublishedRun) => void
}

/** What is read from the target before a run of a due time. */
export interface DueLook extends Dueness {
  readonly latest: LatestRun | null
  /** Seconds since the session began that holds the run lock; null when it is free. */
  readonly heldSeconds: number | null
  /** The rows of each published table. */
  readonly rows: ReadonlyMap<string, number>
  /** What is left to do for earlier alarms. */
  readonly alarms: AlarmsLeft
}

export const NO_ALARMS: AlarmsLeft = Object.freeze({ open: 0, undelivered: 0 })

/** `channels` are those by which this process sends alarms. Throws VitrineError. */
export const lookAt = (call: Call, target: Address, channels: readonly Receiver[]): Promise<DueLook> =>
  reading(call, 'target', target, async (session) => {
    const { schema } = call.publication
    const names = channels.map(({ variable }) => variable)
    const latest = await latestRun(session, schema)
    const heldSeconds = (await runLockHolder(session, schema))?.age ?? null
    const isCurrent = await bookkeepingIsCurrent(session)
    const rows = isCurrent ? await recordedRows(session, schema, 'freshness') : new Map()
    const alarms = isCurrent ? await alarmsLeft(session, schema, names) : NO_ALARMS
    return { ...(await isDue(session, call.publication)), latest, heldSeconds, rows, alarms }
  })

/** Null when it is no longer due. Throws VitrineError. */
export async function publishDue(
  call: Call,
  connections: Connections,
  wish: Partial<Wish>,
  { prepare, show = (published) => tellPublished(call, published) }: AroundRuns,
  { last: due, latest }: DueLook,
): Promise<SyncReport | null> {
  const { publication } = call
  try {
    const again = latest !== null && latest.startedAt >= due
    if (again && latest.errorCode !== null)
      call.say(`The try before failed (${latest.errorCode}): every table is read anew, at one new instant.`)
    await prepare?.({ due, again })
    const isDone = async (target: Session) => !(await isDue(target, publication)).due
    const published = await publishUnless(call, connections, { ...wish, trigger: 'schedule' }, isDone)
    if (published !== null) show(published)
    return published?.report ?? null
  } catch (thrown) {
    const error = asVitrineError(thrown)
    if (error.code !== 'RUN_IN_PROGRESS' && !call.signal.aborted) {
      // If the target does not answer, the failure is only in the log and in the alarm.
      await writing(call, 'target', connections.target, (session) =>
        recordAttempt(session, publication, 'schedule', error, latest),
      ).catch(() => undefined)
    }
    throw error
  }
}
