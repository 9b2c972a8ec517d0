/**
 * The alarms that were raised. Only the process that records an alarm first sends it, so that several schedules send one. An
 * alarm that reached nobody is tried again, and the process that closes the alarms reports the end of the trouble.
 */
import type { Session } from '../postgres/connect.ts'

/** Identifies an alarm: at most one with the same key is open. */
export interface AlarmKey {
  readonly due: Date
  readonly kind: string
  readonly code: string | null
}

export interface PendingAlarm<Body> {
  readonly id: number
  readonly body: Body
  /** The channels that it has not reached. */
  readonly undelivered: readonly string[]
}

/** When undelivered alarms are tried again: after this pause, up to this age, at most so many at once. */
const AGAIN_MINUTES = 5
const GIVEN_UP_DAYS = 7
const AT_ONCE = 5
/** Closed alarms are forgotten after this long. */
const KEPT_DAYS = 90

/**
 * Returns the number of the alarm to the first caller, and null to all others. Null also for an alarm that only repeats that the
 * failure lasts. An alarm that is closed from the start never counts as a duplicate.
 */
export async function claimAlarm(
  session: Session,
  schema: string,
  alarm: AlarmKey,
  undelivered: readonly string[],
  closed: boolean,
): Promise<number | null> {
  await session.query(
    `delete from vitrine.alarm where schema_name = $1 and closed_at < clock_timestamp() - interval '${KEPT_DAYS} days'`,
    [schema],
  )
  const [row] = await session.query<{ id: number }>(
    `insert into vitrine.alarm (schema_name, due, kind, code, body, undelivered, closed_at)
     select $1::text, $2::timestamptz, $3::text, $4::text, $5::jsonb, $6::text[], case when $7::boolean then clock_timestamp() end
     where $3 <> 'stale' or not exists (
       select from vitrine.alarm where schema_name = $1 and due = $2 and kind = 'failed' and closed_at is null)
     on conflict do nothing returning id::integer`,
    [schema, alarm.due, alarm.kind, alarm.code ?? '', JSON.stringify(alarm), undelivered, closed],
  )
  return row?.id ?? null
}

/** After a try to deliver. */
export async function recordDelivery(session: Session, id: number, undelivered: readonly string[]): Promise<void> {
  await session.query('update vitrine.alarm set undelivered = $2 where id = $1', [id, undelivered])
}

/** What has to be done about alarms that were raised before. */
export interface AlarmsLeft {
  /** Alarms whose trouble was not told to be over. */
  readonly open: number
  /** Alarms that did not reach one of the channels, and may be tried again. */
  readonly undelivered: number
}

const AGAIN = `schema_name = $1 and undelivered && $2 and tried_at < clock_timestamp() - interval '${AGAIN_MINUTES} minutes'
  and raised_at > clock_timestamp() - interval '${GIVEN_UP_DAYS} days'`

/** The bookkeeping must be current. */
export async function alarmsLeft(session: Session, schema: string, channels: readonly string[]): Promise<AlarmsLeft> {
  const [row] = await session.query<AlarmsLeft>(
    `select (select count(*)::integer from vitrine.alarm where schema_name = $1 and closed_at is null) as open,
            (select count(*)::integer from vitrine.alarm where ${AGAIN}) as undelivered`,
    [schema, channels],
  )
  return row ?? { open: 0, undelivered: 0 }
}

/** The alarms to try again now, oldest first; each is returned to one caller only. */
export const claimUndelivered = <Body>(
  session: Session,
  schema: string,
  channels: readonly string[],
): Promise<PendingAlarm<Body>[]> =>
  session.query<PendingAlarm<Body>>(
    `with again as (select id from vitrine.alarm where ${AGAIN} order by id limit ${AT_ONCE} for update skip locked)
     update vitrine.alarm a set tried_at = clock_timestamp() from again where a.id = again.id
     returning a.id::integer, a.body, a.undelivered`,
    [schema, channels],
  )

/** Closes the alarms of a trouble that is over. Returns their kinds to the first caller. */
export async function closeAlarms(session: Session, schema: string): Promise<readonly string[]> {
  const closed = await session.query<{ kind: string }>(
    'update vitrine.alarm set closed_at = clock_timestamp() where schema_name = $1 and closed_at is null returning kind',
    [schema],
  )
  return closed.map(({ kind }) => kind)
}
