/** What a session is opened with, and the settings of PostgreSQL that each gets, with their reasons. Called by `connect.ts`. */
import type { Limits } from '../base/limits.ts'
import { identifier } from '../sql/quote.ts'

export type Side = 'source' | 'target'

/** What has to be said: without more, a session only reads, under the usual limits, and finds no unqualified name. */
export type AskedOptions = Pick<SessionOptions, 'side' | 'name'> & Partial<SessionOptions>

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

/** What would change what we read, write or wait for, at the value that PostgreSQL itself has. */
const PINNED: Readonly<Record<string, string | number>> = {
  // How values are written as text, and read.
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  // Instants are written and read without the zone of the server.
  timezone: 'UTC',
  timezone_abbreviations: 'Default',
  // With fewer digits a float would lose its last bits wherever it is written as text.
  extra_float_digits: 1,
  quote_all_identifiers: 'off',
  // How our statements are understood. In literals a backslash is an ordinary character (sql/quote.ts).
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  default_text_search_config: 'pg_catalog.simple',
  check_function_bodies: 'on',
  'plpgsql.extra_errors': 'none',
  client_min_messages: 'warning',
  exit_on_error: 'off',
  // A policy that hides rows must fail the run, not publish a part in silence.
  row_security: 'off',
  restrict_nonsystem_relation_kind: '',
  // Where and as what tables are made; a transaction that asks for nothing else.
  default_tablespace: '',
  temp_tablespaces: '',
  default_table_access_method: 'heap',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // The leading session is idle while rows are copied, and `snapshot.ts` bounds the transactions that need it.
  idle_session_timeout: 0,
  transaction_timeout: 0,
  // Compiling a query that moves rows costs more than it saves.
  jit: 'off',
}

/** By name; null leaves the server's own. A server on Windows cannot look whether its client is gone, and refuses that setting. */
export function sessionSettings(
  { side, name, limits, readOnly, searchPath }: SessionOptions,
  isWindows: boolean,
): Readonly<Record<string, string | number | null>> {
  const onTarget = side === 'target'
  const keepaliveIdle = Math.max(1, Math.round(limits.silenceMs / 2000))
  return {
    ...PINNED,
    application_name: name,
    // Names are looked up in these schemas, whatever the role or the database says.
    search_path: searchPath.map(identifier).join(', '),
    statement_timeout: limits.statementTimeoutMs,
    idle_in_transaction_session_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.connectTimeoutMs,
    default_transaction_read_only: readOnly ? 'on' : 'off',
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

/** Neither a dollar nor a character that the session, whose encoding is not ours yet, could misunderstand. */
const plain = (json: string): string =>
  json.replace(/[^ -#%-~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A statement that puts settings on the session, or on the open transaction alone. What a server lacks it does not need. */
export const putSettings = (settings: Readonly<Record<string, string | number | null>>, local: boolean): string =>
  `select pg_catalog.set_config(key, value, ${local}) from pg_catalog.json_each_text($$${plain(JSON.stringify(settings))}$$)
   where value is not null and pg_catalog.current_setting(key, true) is not null`
