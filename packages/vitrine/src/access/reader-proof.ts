/**
 * Proves as the reader itself that it reads every published table, and that its sessions start as they should; what it must
 * not write or see is in `reader-writes.ts` and `reader-sight.ts`. Everything is tried in a read-write transaction, so that
 * the read-only default is not what refuses, and rolled back. Called by the doctor.
 */

import type { Session } from '../postgres/connect.ts'
import { publishedNames } from '../publication/publication.ts'
import { qualified } from '../sql/quote.ts'
import {
  ABSENT,
  attempt,
  broken,
  type Finding,
  type Guarantee,
  holds,
  inVain,
  listed,
  REFUSED,
  type ReaderContext,
} from './finding.ts'
import { rightStatements } from './grant.ts'
import { readsNothingElse, seesNoBookkeeping, seesNoWorkSchema } from './reader-sight.ts'
import { cannotCreate, cannotWrite, noTemporaryTables } from './reader-writes.ts'

/** All findings that need the reader's session. It must be outside a transaction, and is so again afterwards. */
export async function proveReader(reader: Session, context: ReaderContext): Promise<readonly Finding[]> {
  const settings = await startSettings(reader, context)
  const tried = await inVain(reader, "begin read write; set local lock_timeout = '2s'", async () => [
    await reads(reader, context),
    await cannotWrite(reader, context),
    await cannotCreate(reader, context),
    await noTemporaryTables(reader, context),
    await seesNoWorkSchema(reader, context),
    await seesNoBookkeeping(reader, context),
    await readsNothingElse(reader, context),
  ])
  return [...tried, ...settings]
}

async function reads(reader: Session, { publication, migrated }: ReaderContext): Promise<Finding> {
  const names = publishedNames(publication)
  const guarantee: Guarantee = {
    name: 'reader-reads',
    guarantee: `${publication.reader} reads every published table.`,
    expected: `${names.length} of ${names.length} readable`,
  }
  const [refused, absent, other]: [string[], string[], string[]] = [[], [], []]
  for (const name of names) {
    // All columns are named, and no value leaves the server.
    const sql = `select count(*) from (select * from ${qualified(publication.schema, name)} limit 1) as first_row`
    const state = await attempt(reader, sql)
    if (state === REFUSED) refused.push(name)
    else if (state !== null && ABSENT.includes(state)) absent.push(name)
    else if (state !== null) other.push(`${name} (SQLSTATE ${state})`)
  }
  if (refused.length + absent.length + other.length === 0) return holds(guarantee)
  if (!migrated && absent.length === names.length) {
    return broken(guarantee, 'no table has been made yet', ['vitrine migrate'], 'warning')
  }
  const { readerOnSchema, readerOnRelations } = rightStatements(publication, '')
  const found = [
    ...(refused.length > 0 ? [`not readable: ${listed(refused)}`] : []),
    ...(absent.length > 0 ? [`missing: ${listed(absent)}`] : []),
    ...(other.length > 0 ? [`failing: ${listed(other)}`] : []),
  ]
  return broken(guarantee, found.join('; '), [
    ...(refused.length > 0 ? [`${readerOnSchema};`, `${readerOnRelations(refused)};`] : []),
    ...(absent.length > 0 ? ['vitrine migrate'] : []),
    ...(other.length > 0 ? ['vitrine sync'] : []),
  ])
}

/** What a new session of the reader starts with, whatever this one has set since. */
async function startSettings(reader: Session, { publication, database }: ReaderContext): Promise<readonly Finding[]> {
  const rows = await reader.query<{ name: string; value: string }>(
    `select name, reset_val as value from pg_catalog.pg_settings
     where name in ('default_transaction_read_only', 'statement_timeout', 'idle_in_transaction_session_timeout')`,
  )
  const values = new Map(rows.map(({ name, value }) => [name, value]))
  const { readerSettings } = rightStatements(publication, database)
  const repairs = (...names: readonly string[]) =>
    readerSettings.filter((sql) => names.some((name) => sql.includes(` ${name} = `))).map((sql) => `${sql};`)
  const readOnly: Guarantee = {
    name: 'reader-read-only',
    guarantee: `Sessions of ${publication.reader} are read-only from the start, as a second barrier.`,
    expected: 'default_transaction_read_only = on',
  }
  const limited: Guarantee = {
    name: 'reader-time-limits',
    guarantee: `No query of ${publication.reader} runs for ever, and no forgotten transaction stays open.`,
    expected: 'statement_timeout and idle_in_transaction_session_timeout above 0',
  }
  const setting = values.get('default_transaction_read_only') ?? ''
  const unlimited = ['statement_timeout', 'idle_in_transaction_session_timeout'].filter(
    (name) => !(Number(values.get(name)) > 0),
  )
  return [
    setting === 'on'
      ? holds(readOnly)
      : broken(readOnly, `default_transaction_read_only = ${setting}`, repairs('default_transaction_read_only')),
    unlimited.length === 0
      ? holds(limited)
      : broken(limited, `no limit: ${unlimited.join(', ')}`, repairs(...unlimited)),
  ]
}
