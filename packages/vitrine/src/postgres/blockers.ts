/**
 * Names the sessions that hold a lock which our statement could not get, never the text of a query. Our own request has
 * ended by then, so every lock on the relation counts: ours would be ACCESS EXCLUSIVE, which conflicts with all others.
 */

import { VitrineError } from '../base/errors.ts'
import { pause } from '../base/pause.ts'
import type { Session } from './connect.ts'

export interface Blocker {
  /** Null for a prepared transaction, which belongs to no session. */
  readonly pid: number | null
  readonly application: string
  /** Identifies its transaction, so that two observations can be compared. */
  readonly transaction: string
  /** Null for a process of the server itself. */
  readonly role: string | null
  /** Age of its transaction; null when hidden from us, as it is from a role without pg_read_all_stats. */
  readonly seconds: number | null
  /** Qualified names; empty for a session that holds none, but has uncommitted changes of the catalogue. */
  readonly relations: readonly string[]
}

/**
 * Sessions that hold a lock on one of the relations, given by qualified names. When there is none, those with uncommitted
 * changes in this database: a GRANT on the published schema in an open transaction locks no relation, only a row of the
 * catalogue. Outside a failed transaction; needs an empty search path, so that names come with their schema.
 */
export async function findBlockers(target: Session, relations: readonly string[]): Promise<readonly Blocker[]> {
  const session = `l.pid, l.virtualtransaction as transaction, coalesce(a.application_name, '') as application, a.usename as role,
    extract(epoch from clock_timestamp() - a.xact_start)::integer as seconds`
  const locks = `pg_catalog.pg_locks l left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.granted and l.pid is distinct from pg_backend_pid()`
  // Inside a transaction the server repeats its first answer about sessions.
  await target.query('select pg_stat_clear_snapshot()')
  const holders = await target.query<Blocker>(
    `select ${session}, array_agg(distinct l.relation::regclass::text order by l.relation::regclass::text) as relations
     from ${locks} and l.locktype = 'relation'
       and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and l.relation = any (select to_regclass(name)::oid from unnest($1::text[]) name)
     group by l.pid, l.virtualtransaction, a.application_name, a.usename, a.xact_start order by a.xact_start nulls last, l.pid`,
    [relations],
  )
  if (holders.length > 0) return holders
  return target.query<Blocker>(
    `select ${session}, '{}'::text[] as relations from ${locks} and l.locktype = 'transactionid'
       and (l.pid is null or a.datname = current_database()) order by a.xact_start nulls last, l.pid`,
  )
}

/** Longer than a query of a dashboard, shorter than what blocks a switch. */
const LOOK_AGAIN_MS = 100

/** Only blockers seen twice in the same transaction: short readers are in nobody's way. */
async function lastingBlockers(target: Session, relations: readonly string[]): Promise<readonly Blocker[]> {
  const before = await findBlockers(target, relations)
  await pause(LOOK_AGAIN_MS)
  const after = await findBlockers(target, relations)
  const lasting = after.filter(({ transaction }) => before.some((blocker) => blocker.transaction === transaction))
  return lasting.length === 0 ? after : lasting
}

const SHOWN = 5

const shown = (names: readonly string[]): string =>
  names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more` : names.join(', ')

/** One sentence: `Session 4711 (Metabase, role metabase), 312 s into its transaction, keeps shop.sale.` */
export function blockerText({ pid, application, role, seconds, relations }: Blocker): string {
  const of = role === null ? 'of the server itself' : `role ${role}`
  const what = relations.length === 0 ? 'changes that are not committed' : shown(relations)
  if (pid === null) return `A prepared transaction (see pg_prepared_xacts) keeps ${what}.`
  const age = seconds === null ? 'whose age only pg_read_all_stats shows' : `${seconds} s into its transaction`
  return `Session ${pid} (${application || 'no name'}, ${of}), ${age}, keeps ${what}.`
}

/**
 * A SWITCH_BLOCKED that tells the number of tries and who is in the way. Any other error is returned as it is, and so is
 * the error when the session cannot look, as in a failed transaction.
 */
export async function namingBlockers(
  target: Session,
  thrown: unknown,
  relations: readonly string[],
  tried: { readonly tries: number; readonly milliseconds: number },
): Promise<unknown> {
  if (!(thrown instanceof VitrineError) || thrown.code !== 'SWITCH_BLOCKED') return thrown
  const blockers = await lastingBlockers(target, relations).catch(() => null)
  if (blockers === null) return thrown
  const sentences = blockers.slice(0, SHOWN).map(blockerText)
  if (blockers.length > SHOWN) sentences.push(`And ${blockers.length - SHOWN} more sessions.`)
  if (blockers.length === 0) sentences.push('Nobody keeps it any more.')
  const budget = `${tried.tries} ${tried.tries === 1 ? 'try' : 'tries'} in ${(tried.milliseconds / 1000).toFixed(1)} s.`
  return new VitrineError('SWITCH_BLOCKED', {
    detail: [budget, ...sentences].join(' '),
    cause: thrown,
    place: thrown.place,
    sqlState: thrown.sqlState,
  })
}
