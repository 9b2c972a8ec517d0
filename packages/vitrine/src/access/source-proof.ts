/**
 * Proves on the source that its role may run the query of every published table, and says whether it could write there,
 * which this tool never does. Called by the doctor.
 */

import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { projectionOf } from '../publication/select-text.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { attempt, broken, type Finding, type Guarantee, holds, inVain, listed, REFUSED } from './finding.ts'

interface RegisteredTable {
  readonly name: string
  readonly unreadable: boolean
  readonly writable: boolean
}

export async function proveSource(source: Session, publication: Publication): Promise<readonly Finding[]> {
  const [me] = await source.query<{ name: string }>('select current_user::text as name')
  const role = me?.name ?? ''
  const tables = await source.query<RegisteredTable>(
    `select c.relname as name,
            not (has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT')) as unreadable,
            has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
              or has_any_column_privilege(c.oid, 'INSERT, UPDATE') as writable
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2) order by 1`,
    [publication.source.schema, Object.keys(publication.source.tables)],
  )
  return [await reads(source, publication, role, tables), writesNot(role, tables)]
}

async function reads(
  source: Session,
  publication: Publication,
  role: string,
  registered: readonly RegisteredTable[],
): Promise<Finding> {
  const { schema } = publication.source
  const guarantee: Guarantee = {
    name: 'source-reads',
    guarantee: `${role} may run the query of every published table on the source.`,
    expected: `${publication.tables.length} of ${publication.tables.length} queries allowed`,
  }
  const begin = `begin read only; set local search_path = ${identifier(schema)}`
  const [refused, failing]: [string[], string[]] = [[], []]
  await inVain(source, begin, async () => {
    for (const table of publication.tables) {
      const state = await attempt(source, `select * from (${projectionOf(table).sql}) as described limit 0`)
      if (state === REFUSED) refused.push(table.name)
      else if (state !== null) failing.push(`${table.name} (SQLSTATE ${state})`)
    }
  })
  if (refused.length + failing.length === 0) return holds(guarantee)
  const unreadable = registered.filter((table) => table.unreadable).map(({ name }) => qualified(schema, name))
  const grantee = identifier(role)
  const grant =
    unreadable.length === 0
      ? `Grant ${role} the columns of the source that the queries of ${listed(refused)} read.`
      : `grant usage on schema ${identifier(schema)} to ${grantee};\ngrant select on ${unreadable.join(', ')} to ${grantee};`
  const found = [
    ...(refused.length > 0 ? [`refused: ${listed(refused)}`] : []),
    ...(failing.length > 0 ? [`failing: ${listed(failing)}`] : []),
  ]
  return broken(guarantee, found.join('; '), [
    ...(refused.length > 0 ? [grant] : []),
    ...(failing.length > 0 ? ['vitrine check'] : []),
  ])
}

/** Only a warning: a small team often has one role, and our sessions on the source are read-only whatever it may do. */
function writesNot(role: string, tables: readonly RegisteredTable[]): Finding {
  const guarantee: Guarantee = {
    name: 'source-writes-nothing',
    guarantee: `${role} could not change the source even by mistake.`,
    expected: 'a role that only reads',
  }
  const writable = tables.filter((table) => table.writable).map(({ name }) => name)
  if (writable.length === 0) return holds(guarantee)
  const actual = `it may write ${listed(writable)}; sessions of this tool are read-only all the same`
  return broken(guarantee, actual, ['Put a role that only reads into the URL of the source.'], 'warning')
}
