/**
 * Who may do what in the target database, as its catalogue says: rights on the database, on the schema `public`, on the
 * published schema and its relations. Read by provision; the doctor proves the same by trying.
 */
import type { Session } from '../postgres/connect.ts'
import { BOOKKEEPING_SCHEMA, type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { markOf } from '../version/staging.ts'

export interface DatabaseRights {
  readonly name: string
  readonly owner: string
  /** The session's role may act as the owner. */
  readonly owned: boolean
  readonly writerConnects: boolean
  readonly writerCreates: boolean
  /** The session's role may create schemas. */
  readonly sessionCreates: boolean
  readonly readerConnects: boolean
  /** PUBLIC or the reader may create schemas or temporary tables. */
  readonly exposed: boolean
}

export interface PublicSchemaRights {
  readonly owned: boolean
  /** PUBLIC or the reader may create objects in it: the default of databases made before PostgreSQL 15. */
  readonly exposed: boolean
}

export interface PublishedSchemaRights {
  readonly owner: string
  readonly owned: boolean
  readonly readerUses: boolean
  /** Relations of the writer that the reader may not read, by name. Those of other roles are theirs to share. */
  readonly unreadable: readonly string[]
  /** Tables that the writer will create are readable by the reader from the start. */
  readonly defaultSelect: boolean
}

/** One of the schemas that a writer needs to find when it may not create any. */
export interface WorkSchemaRights {
  readonly name: string
  /** Null when it does not exist. */
  readonly owner: string | null
  /** The session's role may act as the owner. */
  readonly owned: boolean
  readonly marked: boolean
  readonly empty: boolean
}

export interface Rights {
  readonly database: DatabaseRights
  /** Null when somebody has dropped it. */
  readonly publicSchema: PublicSchemaRights | null
  readonly published: PublishedSchemaRights | null
  /** Staging, retired, bookkeeping. */
  readonly work: readonly WorkSchemaRights[]
}

/** A right given to PUBLIC counts, also for a role that does not exist yet. */
const connects = (role: '$1' | '$2'): string =>
  `coalesce((select has_database_privilege(r.oid, d.oid, 'CONNECT') from pg_catalog.pg_roles r where r.rolname = ${role}),
            exists (select from granted where grantee = 0 and privilege_type = 'CONNECT'))`

/** A right given to PUBLIC does not count, because provision takes it away. */
const WRITER_CREATES = `exists (
  select from granted g join pg_catalog.pg_roles r on r.rolname = $1
  where g.privilege_type = 'CREATE' and g.grantee <> 0 and pg_has_role(r.oid, g.grantee, 'USAGE'))`

async function databaseRights(session: Session, { writer, reader }: Publication): Promise<DatabaseRights> {
  const [row] = await session.query<DatabaseRights>(
    `with d as (select * from pg_catalog.pg_database where datname = current_database()),
     granted as (
       select a.grantee, a.privilege_type from d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
     )
     select d.datname as name, o.rolname as owner, pg_has_role(current_user, d.datdba, 'USAGE') as owned,
            ${connects('$1')} as "writerConnects", ${WRITER_CREATES} as "writerCreates",
            has_database_privilege(current_user, d.oid, 'CREATE') as "sessionCreates", ${connects('$2')} as "readerConnects",
            exists (
              select from granted g
              where g.privilege_type in ('TEMPORARY', 'CREATE')
                and (g.grantee = 0 or g.grantee = (select oid from pg_catalog.pg_roles where rolname = $2))
            ) as exposed
     from d join pg_catalog.pg_roles o on o.oid = d.datdba`,
    [writer, reader],
  )
  return row as DatabaseRights // sound because a session is always on one database.
}

async function publicSchemaRights(session: Session, { reader }: Publication): Promise<PublicSchemaRights | null> {
  const [row] = await session.query<PublicSchemaRights>(
    `select pg_has_role(current_user, n.nspowner, 'USAGE') as owned,
            exists (
              select from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
              where a.privilege_type = 'CREATE'
                and (a.grantee = 0 or a.grantee = (select oid from pg_catalog.pg_roles where rolname = $1))
            ) as exposed
     from pg_catalog.pg_namespace n where n.nspname = 'public'`,
    [reader],
  )
  return row ?? null
}

async function publishedSchemaRights(
  session: Session,
  publication: Publication,
): Promise<PublishedSchemaRights | null> {
  const { schema, writer, reader } = publication
  // Grants to the reader itself are looked for, so that it does not lose them with a group or a superuser's attribute.
  const [row] = await session.query<PublishedSchemaRights>(
    `with reader as (select oid from pg_catalog.pg_roles where rolname = $3),
     writer as (select oid from pg_catalog.pg_roles where rolname = $2)
     select o.rolname as owner, pg_has_role(current_user, n.nspowner, 'USAGE') as owned,
            exists (
              select from aclexplode(n.nspacl) a, reader where a.grantee = reader.oid and a.privilege_type = 'USAGE'
            ) as "readerUses",
            (select coalesce(array_agg(c.relname::text order by c.relname), '{}') from pg_catalog.pg_class c
             where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relowner = (select oid from writer)
               and not exists (
                 select from aclexplode(c.relacl) a, reader where a.grantee = reader.oid and a.privilege_type = 'SELECT'
               )) as unreadable,
            exists (
              select from pg_catalog.pg_default_acl f, reader, lateral aclexplode(f.defaclacl) a
              where f.defaclnamespace = n.oid and f.defaclobjtype = 'r' and f.defaclrole = (select oid from writer)
                and a.grantee = reader.oid and a.privilege_type = 'SELECT'
            ) as "defaultSelect"
     from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner
     where n.nspname = $1`,
    [schema, writer, reader],
  )
  return row ?? null
}

async function workSchemaRights(session: Session, publication: Publication): Promise<readonly WorkSchemaRights[]> {
  const rows = await session.query<WorkSchemaRights>(
    `select w.name, o.rolname as owner, coalesce(pg_has_role(current_user, n.nspowner, 'USAGE'), false) as owned,
            coalesce(obj_description(n.oid, 'pg_namespace') = w.mark, false) as marked,
            not exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid) as empty
     from unnest($1::text[], $2::text[]) with ordinality as w (name, mark, place)
     left join pg_catalog.pg_namespace n on n.nspname = w.name left join pg_catalog.pg_roles o on o.oid = n.nspowner
     order by w.place`,
    [
      [stagingSchema(publication), retiredSchema(publication), BOOKKEEPING_SCHEMA],
      [markOf(publication, 'staging'), markOf(publication, 'retired'), null],
    ],
  )
  // The bookkeeping has a name of its own and needs no mark.
  return rows.map((row) => (row.name === BOOKKEEPING_SCHEMA ? { ...row, marked: row.owner !== null } : row))
}

/** All rights that a publication depends on, as the catalogue of the session's database has them now. */
export async function readRights(session: Session, publication: Publication): Promise<Rights> {
  return {
    database: await databaseRights(session, publication),
    publicSchema: await publicSchemaRights(session, publication),
    published: await publishedSchemaRights(session, publication),
    work: await workSchemaRights(session, publication),
  }
}
