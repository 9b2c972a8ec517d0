/** Ends the backends of a failed run, so that no server keeps working for nobody. Called by `run-sessions.ts`. */
import { pause } from '../base/pause.ts'
import type { Session } from '../postgres/connect.ts'

const ANSWER_WITHIN_MS = 2_000
const ENDED_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 20

/**
 * Ends the other sessions of one side with their backends, through the leading one. A leader that does not answer (its
 * connection is lost, or it is in the middle of a long statement) is ended as well, by a new one: its server may not have
 * noticed, and would keep its locks. Returns the new leader; null when the server cannot be reached.
 */
export async function takeOver(
  leader: Session,
  others: readonly Session[],
  reopen: () => Promise<Session>,
  question = 'select',
): Promise<Session | null> {
  const ended = [...others]
  for (const session of others) session.destroy()
  let leading: Session | null = leader
  if (!(await answers(leader, question))) {
    leader.destroy()
    ended.push(leader)
    leading = await reopen().catch(() => null)
  }
  if (leading !== null) await endBackends(leading, ended)
  return leading
}

/** Whether a session is idle and its server answers. */
export const answers = (session: Session, question = 'select'): Promise<boolean> =>
  within(ANSWER_WITHIN_MS, session.execute(question))

/** Ends backends and waits until they are gone. A server that does not answer any more is left alone. */
export async function endBackends(leader: Session, sessions: readonly Session[]): Promise<void> {
  const deadline = performance.now() + ENDED_WITHIN_MS
  const backends = [
    sessions.map(({ pid }) => pid),
    sessions.map(({ backendSince }) => backendSince),
    // A pooler may have lent the backend to somebody else by now.
    sessions.map(({ isLent, name }) => (isLent ? name : null)),
  ]
  try {
    while (sessions.length > 0 && performance.now() < deadline) {
      // Inside a transaction pg_stat_activity would not change.
      await leader.execute('select pg_catalog.pg_stat_clear_snapshot()')
      const alive = await leader.query(
        `select pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
         join unnest($1::integer[], $2::text[], $3::text[]) as ours (pid, since, name) on a.pid = ours.pid
           and extract(epoch from a.backend_start)::text = ours.since
           and a.application_name = coalesce(ours.name, a.application_name)`,
        backends,
      )
      if (alive.length === 0) return
      await pause(LOOK_EVERY_MS)
    }
  } catch {
    // The leading session is lost, too: the server ends the others when it notices that we are gone.
  }
}

/** How long a failed run waits for its current step, which ends by itself because its connections are cut. */
const SETTLE_MS = 10_000

/** Waits until the promise has settled, at most for `SETTLE_MS`. */
export const settled = async (promise: Promise<unknown>): Promise<void> => {
  await within(SETTLE_MS, promise)
}

/** Whether the promise has been fulfilled within the time. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false)
  })
  const done = promise.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
