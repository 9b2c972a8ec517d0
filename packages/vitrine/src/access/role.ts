/**
 * Roles as they stand on the target: the session's own, the writer and the reader, what each may do to the others, and the
 * settings that hold for the reader. Read by provision and doctor; nothing is changed here.
 */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { readerSettings } from './grant.ts'

export interface Role {
  readonly name: string
  readonly logsIn: boolean
  readonly superuser: boolean
  readonly createsRoles: boolean
  /** Attributes beyond logging in, in PostgreSQL's words: `superuser`, `createrole`, `createdb`, `replication`, `bypassrls`. */
  readonly attributes: readonly string[]
  /** The session's role may give membership in it away (since PostgreSQL 16 also: may alter it). */
  readonly administered: boolean
  /** The session's role may `set role` to it. */
  readonly assumable: boolean
}

export interface Roles {
  /** Of the server, as `server_version_num`. */
  readonly serverVersion: number
  readonly session: Role
  readonly writer: Role | null
  readonly reader: Role | null
}

/** Since PostgreSQL 16 membership alone does not allow `set role`. The expression is true for a superuser and for oneself. */
export const assumableSql = (role: string): string =>
  `pg_has_role(current_user, ${role}, case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end)`

async function findRoles(session: Session, names: readonly string[]): Promise<readonly Role[]> {
  return session.query<Role>(
    `select rolname as name, rolcanlogin as "logsIn", rolsuper as superuser, rolcreaterole as "createsRoles",
            array_remove(array[
              case when rolsuper then 'superuser' end, case when rolcreaterole then 'createrole' end,
              case when rolcreatedb then 'createdb' end, case when rolreplication then 'replication' end,
              case when rolbypassrls then 'bypassrls' end], null) as attributes,
            pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION') as administered,
            ${assumableSql('oid')} as assumable
     from pg_catalog.pg_roles where rolname = any ($1)`,
    [[...names]],
  )
}

/** The three roles; writer and reader are null when they do not exist. */
export async function readRoles(session: Session, { writer, reader }: Publication): Promise<Roles> {
  const [me] = await session.query<{ name: string }>('select current_user::text as name')
  const own = me?.name ?? ''
  const roles = await findRoles(session, [own, writer, reader])
  const find = (name: string): Role | null => roles.find((role) => role.name === name) ?? null
  // sound because the role of an open session exists.
  return {
    serverVersion: session.serverVersion,
    session: find(own) as Role,
    writer: find(writer),
    reader: find(reader),
  }
}

/** PostgreSQL 16 narrowed CREATEROLE to roles that one has the ADMIN option on; before, it reached every role but superusers. */
const NARROW_CREATEROLE = 160_000

/** Whether the session may alter a role: its login and its settings. A missing role counts as one that it creates itself. */
export function mayAlter({ serverVersion, session }: Roles, role: Role | null): boolean {
  if (session.superuser) return true
  if (!session.createsRoles || role?.superuser === true) return false
  return role === null || serverVersion < NARROW_CREATEROLE || role.administered
}

/** Whether the session may act as a role, if need be by giving itself membership for the time of a transaction. */
export function mayActAs(roles: Roles, role: Role | null): boolean {
  return role?.assumable === true || role?.administered === true || mayAlter(roles, role)
}

/** Whether a new session of the reader in this database starts with exactly these settings. */
export async function readerSettingsHold(session: Session, publication: Publication): Promise<boolean> {
  const [quoted] = await session.query<{ schema: string }>('select quote_ident($1) as schema', [publication.schema])
  // Settings of a role in one database win over those of the role alone, which have database 0.
  const rows = await session.query<{ setting: string }>(
    `select unnest(s.setconfig) as setting
     from pg_catalog.pg_db_role_setting s join pg_catalog.pg_roles r on r.oid = s.setrole
     where r.rolname = $1
       and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
     order by s.setdatabase`,
    [publication.reader],
  )
  const found = new Map(
    rows.map(({ setting }) => [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)]),
  )
  return readerSettings(publication, quoted?.schema ?? '').every(([name, value]) => found.get(name) === value)
}
