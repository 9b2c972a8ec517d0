/** Whose the target is and what its two roles are, read by one query for provision and the doctor. Changes nothing. */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { workSchemas } from './step.ts'

export interface DatabaseRole {
  readonly logsIn: boolean
  /** Attributes beyond logging in, in PostgreSQL's words: `superuser`, `createrole`, `createdb`, `replication`, `bypassrls`. */
  readonly attributes: readonly string[]
}

export interface AccessFacts {
  /** Of the session. */
  readonly user: string
  readonly database: {
    readonly name: string
    readonly owner: string
    /** The role of the session may act as the owner. */
    readonly owned: boolean
  }
  /** Null when the role does not exist. */
  readonly writer: DatabaseRole | null
  readonly reader: DatabaseRole | null
  readonly writerCreates: boolean
  /** The schemas exist that a writer without the right to create schemas needs. */
  readonly workMade: boolean
}

export async function readFacts(session: Session, publication: Publication): Promise<AccessFacts> {
  const roleOf = (parameter: '$1' | '$2'): string =>
    `(select to_json(f) from (
        select r.rolcanlogin as "logsIn",
               array(select a from (values ('superuser', r.rolsuper), ('createrole', r.rolcreaterole), ('createdb', r.rolcreatedb),
                                    ('replication', r.rolreplication), ('bypassrls', r.rolbypassrls)) v (a, has) where has) as attributes
        from pg_catalog.pg_roles r where r.rolname = ${parameter}::text) f)`
  const [facts] = await session.query<AccessFacts>(
    `select current_user::text as user, ${roleOf('$1')} as writer, ${roleOf('$2')} as reader,
            json_build_object('name', d.datname, 'owner', pg_get_userbyid(d.datdba),
                              'owned', pg_has_role(current_user, d.datdba, 'USAGE')) as database,
            exists (select from pg_catalog.pg_roles r
                    where r.rolname = $1 and has_database_privilege(r.oid, d.oid, 'CREATE')) as "writerCreates",
            ${workSchemas(publication)
              .map(({ done }) => done)
              .join(' and ')} as "workMade"
     from pg_catalog.pg_database d where d.datname = current_database()`,
    [publication.writer, publication.reader],
  )
  return facts as AccessFacts // sound because the query always returns one row.
}
