/** What a session is opened with, and the settings of PostgreSQL that each gets, with their reasons. Called by `connect.ts`. */
import type { Limits } from '../base/limits.ts'
import { identifier } from '../sql/quote.ts'

export type Side = 'source' | 'target'

/** Required and optional settings. By default a session is read-only, with the usual limits and an empty search path. */
export type AskedOptions = Pick<SessionOptions, 'side' | 'name'> & Partial<SessionOptions>

export interface SessionOptions {
  readonly side: Side
  /** Shown in pg_stat_activity. */
  readonly name: string
  readonly limits: Limits
  readonly readOnly: boolean
  /** Schemas that unqualified names are looked up in; empty for pg_catalog alone. */
  readonly searchPath: readonly string[]
  /** For short statements only: the session is closed when one takes longer. */
  readonly answerWithinMs?: number
}

const KEEPALIVE_PROBES = 3

/** Settings that could change what we read, write or wait for, at PostgreSQL's own defaults. */
const PINNED: Readonly<Record<string, string | number>> = {
  // Text formats of values.
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
  // With 0, a float written as text would lose its last bits.
  extra_float_digits: 1,
  quote_all_identifiers: 'off',
  // Meaning of our statements: in literals a backslash is an ordinary character (sql/quote.ts).
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
  // How tables are made, and how transactions run by default.
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

/** Settings by name; null leaves the server's value. On Windows, PostgreSQL does not support the check for a lost client. */
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
    // On the target our streams already work in parallel; on the source the planner decides.
    max_parallel_workers_per_gather: onTarget ? 0 : null,
    // Otherwise a server that lost our host would keep our lock and snapshot for two hours.
    tcp_keepalives_idle: keepaliveIdle,
    tcp_keepalives_interval: Math.max(1, Math.round(keepaliveIdle / KEEPALIVE_PROBES)),
    tcp_keepalives_count: KEEPALIVE_PROBES,
    // Not on the source: while the target is slow we do not read its bytes, and it must wait.
    tcp_user_timeout: onTarget ? limits.silenceMs : null,
    // Otherwise the server would notice a dead process only at the end of a long statement.
    client_connection_check_interval: isWindows ? null : limits.orphanCheckMs,
  }
}

/** Escapes dollars and non-ASCII characters: the session's encoding is not set yet. */
const plain = (json: string): string =>
  json.replace(/[^ -#%-~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A statement that puts settings on the session, or only on the open transaction. Settings that a server does not have are skipped. */
export const putSettings = (settings: Readonly<Record<string, string | number | null>>, local: boolean): string =>
  `select pg_catalog.set_config(key, value, ${local}) from pg_catalog.json_each_text($$${plain(JSON.stringify(settings))}$$)
   where value is not null and pg_catalog.current_setting(key, true) is not null`
