/**
 * What the catalogue of the target says about roles, the database and its schemas, read by one query: who exists, who owns
 * what, who may do what. Read by provision and the doctor; changes nothing.
 */
import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { assumableSql, readerSettings, schemasToMake } from './statement.ts'

export interface Role {
  readonly name: string
  readonly logsIn: boolean
  /** Attributes beyond logging in, in PostgreSQL's words: `superuser`, `createrole`, `createdb`, `replication`, `bypassrls`. */
  readonly attributes: readonly string[]
  readonly makesRoles: boolean
  /** The role of the session may alter its login and its settings. */
  readonly alterable: boolean
  /** The role of the session may act as it, if need be by granting itself membership for one transaction. */
  readonly assumable: boolean
}

export interface Facts {
  readonly session: Role
  /** Null when the role does not exist, like the reader. */
  readonly writer: Role | null
  readonly reader: Role | null
  readonly database: {
    readonly name: string
    readonly owner: string
    /** The role of the session may act as the owner, here and below. */
    readonly owned: boolean
    readonly writerConnects: boolean
    readonly readerConnects: boolean
    readonly writerCreates: boolean
    /** The role of the session may create schemas. */
    readonly sessionCreates: boolean
    /** What PUBLIC or the reader may create in it: schemas (CREATE), temporary tables (TEMPORARY). */
    readonly open: readonly ('CREATE' | 'TEMPORARY')[]
  }
  /** The schema `public`, null when somebody has dropped it. It is open in databases made before PostgreSQL 15. */
  readonly publicSchema: { readonly owned: boolean; readonly open: boolean } | null
  readonly published: {
    readonly owner: string
    readonly owned: boolean
    readonly readerUses: boolean
    /** Relations of the writer that the reader may not read. Those of other roles are theirs to share. */
    readonly unreadable: readonly string[]
    /** Tables that the writer will create are readable by the reader from the start. */
    readonly defaultSelect: boolean
  } | null
  /** The staging schema, the retired one, the bookkeeping. The owner of one that does not exist is null. */
  readonly work: readonly {
    readonly name: string
    readonly owner: string | null
    readonly marked: boolean
    readonly empty: boolean
  }[]
  /** New sessions of the reader in this database start with the settings of `readerSettings`. */
  readonly settingsHold: boolean
}

/** A right on the database that the role has by a grant; one of PUBLIC counts for a role that does not exist yet too. */
const granted = (role: '$1' | '$2', privilege: string, toPublic: boolean): string =>
  `exists (select from granted g left join roles r on r.name = ${role}::text
           where g.privilege = '${privilege}' and case g.grantee when 0 then ${toPublic} else pg_has_role(r.oid, g.grantee, 'USAGE') end)`

/** Only a grant to the reader itself counts: it must not lose it with a group or with a superuser's attribute. */
const readerHas = (acl: string, privilege: string): string =>
  `exists (select from aclexplode(${acl}) a, roles r where r.name = $2::text and a.grantee = r.oid and a.privilege_type = '${privilege}')`

/**
 * Parameters: writer, reader, schema, names and marks of the work schemas, names and values of the settings. Since PostgreSQL
 * 16, CREATEROLE reaches only the roles that one has the ADMIN option on; before, all but superusers. The writer's right to
 * create must be its own, because provision revokes that of PUBLIC. Settings in one database win over the role's (database 0).
 */
const FACTS = `
with roles as (
  select r.oid, r.rolname as name, r.rolcanlogin as "logsIn", r.rolsuper or r.rolcreaterole as "makesRoles",
         array(select a from (values ('superuser', r.rolsuper), ('createrole', r.rolcreaterole), ('createdb', r.rolcreatedb),
                              ('replication', r.rolreplication), ('bypassrls', r.rolbypassrls)) v (a, has) where has) as attributes,
         may.alter as alterable, may.alter or administered or ${assumableSql('r.oid')} as assumable
  from pg_catalog.pg_roles r join pg_catalog.pg_roles me on me.rolname = current_user,
       lateral (select pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION') as administered) a,
       lateral (select me.rolsuper or (me.rolcreaterole and not r.rolsuper and
                         (administered or current_setting('server_version_num')::integer < 160000)) as alter) may
  where r.rolname in (current_user, $1::text, $2::text)
),
others as (select 0::oid as oid union all select oid from roles where name = $2::text),
database as (select * from pg_catalog.pg_database where datname = current_database()),
granted as (
  select a.grantee, a.privilege_type as privilege
  from database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
),
database_facts as (
  select d.datname as name, pg_get_userbyid(d.datdba) as owner, pg_has_role(current_user, d.datdba, 'USAGE') as owned,
         ${granted('$1', 'CONNECT', true)} as "writerConnects",
         ${granted('$2', 'CONNECT', true)} as "readerConnects",
         ${granted('$1', 'CREATE', false)} as "writerCreates",
         has_database_privilege(current_user, d.oid, 'CREATE') as "sessionCreates",
         array(select distinct privilege from granted
               where privilege in ('CREATE', 'TEMPORARY') and grantee in (select oid from others)) as open
  from database d
),
public_schema as (
  select pg_has_role(current_user, n.nspowner, 'USAGE') as owned,
         exists (select from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                 where a.privilege_type = 'CREATE' and a.grantee in (select oid from others)) as open
  from pg_catalog.pg_namespace n where n.nspname = 'public'
),
published as (
  select pg_get_userbyid(n.nspowner) as owner, pg_has_role(current_user, n.nspowner, 'USAGE') as owned,
         ${readerHas('n.nspacl', 'USAGE')} as "readerUses",
         array(select c.relname from pg_catalog.pg_class c join roles o on o.oid = c.relowner and o.name = $1::text
               where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
                 and not ${readerHas('c.relacl', 'SELECT')} order by 1) as unreadable,
         exists (select from pg_catalog.pg_default_acl f join roles o on o.oid = f.defaclrole and o.name = $1::text
                 where f.defaclnamespace = n.oid and f.defaclobjtype = 'r'
                   and ${readerHas('f.defaclacl', 'SELECT')}) as "defaultSelect"
  from pg_catalog.pg_namespace n where n.nspname = $3::text
),
work as (
  select w.name, pg_get_userbyid(n.nspowner) as owner,
         n.oid is not null and (w.mark is null or w.mark is not distinct from obj_description(n.oid, 'pg_namespace')) as marked,
         not exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid) as empty
  from unnest($4::text[], $5::text[]) w (name, mark) left join pg_catalog.pg_namespace n on n.nspname = w.name
),
settings as (
  select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value, s.setdatabase
  from pg_catalog.pg_db_role_setting s join roles r on r.oid = s.setrole, unnest(s.setconfig) c
  where r.name = $2::text and s.setdatabase in (0, (select oid from database))
)
select (select to_json(r) from roles r where name = current_user) as session,
       (select to_json(r) from roles r where name = $1::text) as writer,
       (select to_json(r) from roles r where name = $2::text) as reader,
       (select to_json(d) from database_facts d) as database, (select to_json(p) from public_schema p) as "publicSchema",
       (select to_json(p) from published p) as published, (select json_agg(w) from work w) as work,
       not exists (select from unnest($6::text[], $7::text[]) w (name, value)
                   where case w.name when 'search_path' then quote_ident($3::text) else w.value end is distinct from
                     (select s.value from settings s where s.name = w.name order by setdatabase desc limit 1)) as "settingsHold"`

export async function readFacts(session: Session, publication: Publication): Promise<Facts> {
  const { writer, reader, schema } = publication
  const work = schemasToMake(publication)
  const settings = readerSettings(publication)
  const columns = [
    work.map(({ name }) => name),
    work.map(({ mark }) => mark),
    settings.map(([name]) => name),
    settings.map(([, value]) => value),
  ]
  const [facts] = await session.query<Facts>(FACTS, [writer, reader, schema, ...columns])
  return facts as Facts // sound because the query always returns one row.
}
