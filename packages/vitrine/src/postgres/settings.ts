/** What a session is opened with, and the settings of PostgreSQL that each gets, with their reasons. Called by `connect.ts`. */
import type { Limits } from '../base/limits.ts'
import { identifier } from '../sql/quote.ts'

export type Side = 'source' | 'target'

export interface SessionOptions {
  readonly side: Side
  /** Shown in pg_stat_activity. */
  readonly name: string
  readonly limits: Limits
  readonly readOnly: boolean
  /** Schemas that unqualified names are looked up in; empty for pg_catalog alone. */
  readonly searchPath: readonly string[]
  /** For short statements only: the session is given up when one takes longer, and nothing else watches over it. */
  readonly answerWithinMs?: number
}

const KEEPALIVE_PROBES = 3

/** By name; null leaves the server's own. A server on Windows cannot look whether its client is gone, and refuses that setting. */
export function sessionSettings(
  { side, limits, readOnly, searchPath }: SessionOptions,
  isWindows: boolean,
): Readonly<Record<string, string | number | null>> {
  const onTarget = side === 'target'
  const keepaliveIdle = Math.max(1, Math.round(limits.silenceMs / 2000))
  return {
    // Names are looked up in these schemas, whatever the role or the database says.
    search_path: searchPath.map(identifier).join(', '),
    statement_timeout: limits.statementTimeoutMs,
    idle_in_transaction_session_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.connectTimeoutMs,
    // Instants are written and read without the zone of the server.
    timezone: 'UTC',
    // With fewer digits a float would lose its last bits wherever it is written as text.
    extra_float_digits: 1,
    // In literals a backslash is an ordinary character (sql/quote.ts).
    standard_conforming_strings: 'on',
    client_min_messages: 'warning',
    // A policy that hides rows must fail the run, not publish a part in silence.
    row_security: 'off',
    default_transaction_read_only: readOnly ? 'on' : 'off',
    // Compiling a query that moves rows costs more than it saves.
    jit: 'off',
    // On the target the streams are the parallelism; on the source it is the planner's decision.
    max_parallel_workers_per_gather: onTarget ? 0 : null,
    // A server that cannot see that our host is gone would keep our lock and our snapshot for two hours.
    tcp_keepalives_idle: keepaliveIdle,
    tcp_keepalives_interval: Math.max(1, Math.round(keepaliveIdle / KEEPALIVE_PROBES)),
    tcp_keepalives_count: KEEPALIVE_PROBES,
    // Not on the source: we leave its bytes unread for as long as the target is slow.
    tcp_user_timeout: onTarget ? limits.silenceMs : null,
    // During a long statement the server would notice only at its end that the process is gone.
    client_connection_check_interval: isWindows ? null : limits.orphanCheckMs,
  }
}
