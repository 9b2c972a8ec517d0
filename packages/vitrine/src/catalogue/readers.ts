/** Which roles may read the published relations, according to the catalogue, whoever granted it. */
import type { Target } from './target.ts'

export interface RoleSight {
  readonly role: string
  /** A superuser reads everything without grants. */
  readonly isSuper: boolean
  /** Relations of the publication that it may read, at least in part. */
  readonly relations: number
  /** Whether it may change one of them. */
  readonly writes: boolean
}

/** The roles that may log in and read something of the relations named. */
export const rolesThatRead = ({ session, publication }: Target, names: readonly string[]): Promise<RoleSight[]> =>
  session.query<RoleSight>(
    `select r.rolname as role, r.rolsuper as "isSuper", count(*)::integer as relations,
            bool_or(has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate')) as writes
     from pg_catalog.pg_namespace n
     join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v') and c.relname = any ($2)
     join pg_catalog.pg_roles r on r.rolcanlogin and has_schema_privilege(r.oid, n.oid, 'usage')
       and has_any_column_privilege(r.oid, c.oid, 'select')
     where n.nspname = $1 group by r.rolname, r.rolsuper order by r.rolsuper, r.rolname`,
    [publication.schema, [...names]],
  )
