/**
 * Keeps listings of the information schema complete around a switch. PostgreSQL takes the names from the snapshot and the rights from now,
 * and a session may still have cached rights from before. So for a moment both versions have rights on what they
 * share: a listing finds every table that stays, and no name that is not published.
 */
import type { Session } from '../postgres/connect.ts'
import type { TableRight } from '../record/versions.ts'

/** A column of a relation in the published schema, in that of the next version, or in both. */
interface Column {
  readonly name: string
  readonly column: string
  readonly live: boolean
  readonly next: boolean
}

export const readColumns = (session: Session, live: string, next: string): Promise<Column[]> =>
  session.query<Column>(
    `select c.relname as name, a.attname as "column", bool_or(n.nspname = $1) as live, bool_or(n.nspname = $2) as next
     from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'v')
     join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname in ($1, $2) group by 1, 2 order by 1, 2`,
    [live, next],
  )

const reaches = (rights: readonly TableRight[], grantee: string, { name, column }: Column): boolean =>
  rights.some((right) => right.grantee === grantee && right.name === name && [null, column].includes(right.column))

/**
 * For the next version, before the switch: roles with rights on a table now and afterwards get REFERENCES on it. They cannot use it
 * without a right on the schema, and it shows neither rows nor statistics.
 */
export function announcedRights(
  columns: readonly Column[],
  live: readonly TableRight[],
  given: readonly TableRight[],
): readonly TableRight[] {
  const pairs = new Map(given.map(({ grantee, name }) => [JSON.stringify([grantee, name]), { grantee, name }]))
  return [...pairs.values()].flatMap(({ grantee, name }) => {
    const right = (column: string | null) => ({ name, column, privilege: 'references', grantee, grantable: false })
    const coming = columns.filter((column) => column.name === name && column.next)
    const both = coming.filter((one) => one.live && reaches(live, grantee, one) && reaches(given, grantee, one))
    return both.length > 0 && both.length === coming.length ? [right(null)] : both.map(({ column }) => right(column))
  })
}

/** Tables of which a column is published no longer. */
export const losingTables = (columns: readonly Column[]): readonly string[] => [
  ...new Set(columns.filter(({ live, next }) => live && !next).map(({ name }) => name)),
]

/** The reduced rights on such tables, until listings that began before the switch have ended. */
export const stayingRights = (columns: readonly Column[], rights: readonly TableRight[]): readonly TableRight[] =>
  rights
    .filter(({ privilege }) => privilege === 'select' || privilege === 'references')
    .flatMap((right) =>
      columns
        .filter((one) => one.live && one.next && one.name === right.name && [null, one.column].includes(right.column))
        .map(({ column }) => ({ ...right, column, grantable: false })),
    )
