/**
 * Whether two sessions are on the same database, proved by the servers and not by comparing names: an advisory lock taken
 * through one session is looked for through the other. It sees through aliases, port forwards and poolers.
 */
import { randomInt } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import { whereIs } from './address.ts'
import type { Session } from './connect.ts'

/** What identifies a database: facts of its server, and the address that we used. */
export interface DatabaseIdentity {
  /** The server's `system_identifier`, which its physical copies share. Null when the role may not read it. */
  readonly system: string | null
  /** Of the database within the server. */
  readonly oid: string
  readonly name: string
  /** Host, port and database of the URL. */
  readonly address: string
}

export async function identityOf(session: Session): Promise<DatabaseIdentity> {
  const [row] = await session.query<{ name: string; oid: string; readable: boolean }>(
    `select datname::text as name, oid::text as oid,
            has_function_privilege('pg_catalog.pg_control_system()', 'execute') as readable
     from pg_catalog.pg_database where datname = current_database()`,
  )
  const { name = '', oid = '', readable = false } = row ?? {}
  // PostgreSQL checks the right on a function in FROM even if its branch never runs.
  const asked = 'select system_identifier::text as system from pg_catalog.pg_control_system()'
  const [control] = readable ? await session.query<{ system: string }>(asked) : []
  return { system: control?.system ?? null, oid, name, address: whereIs(session.address) }
}

/**
 * Throws TARGET_IS_SOURCE when both sessions are on one database, or when one is a physical replica of the other; returns
 * the source's identity otherwise. Both sessions must be outside a transaction.
 */
export async function refuseSameDatabase(source: Session, target: Session): Promise<DatabaseIdentity> {
  const [high, low] = [randomInt(1, 0x7fffffff), randomInt(1, 0x7fffffff)]
  await target.query('select pg_advisory_lock($1::integer, $2::integer)', [high, low])
  try {
    const [seen] = await source.query<{ found: boolean }>(
      `select exists (
         select from pg_catalog.pg_locks
         where locktype = 'advisory' and objsubid = 2 and classid = $1::bigint::oid and objid = $2::bigint::oid
           and database = (select oid from pg_catalog.pg_database where datname = current_database())
       ) as found`,
      [high, low],
    )
    const [of, to] = [await identityOf(source), await identityOf(target)]
    const refuse = (detail: string): never => {
      throw new VitrineError('TARGET_IS_SOURCE', { place: 'METABASE_DATABASE_URL', detail })
    }
    if (seen?.found === true) refuse('A lock taken on the target was seen on the source.')
    if (of.system !== null && of.system === to.system && of.oid === to.oid) refuse('One is a replica of the other.')
    return of
  } finally {
    await target.query('select pg_advisory_unlock($1::integer, $2::integer)', [high, low]).catch(() => undefined)
  }
}
