/**
 * What the catalogue says of the writer and the reader: no attribute beyond logging in, no membership that brings rights
 * which no grant on the published schema shows. Read through the writer's session, because any role may. Called by the doctor.
 */

import type { Session } from '../postgres/connect.ts'
import type { Publication } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import { broken, type Finding, type Guarantee, holds } from './finding.ts'
import type { Role, Roles } from './role.ts'

export async function proveRoles(target: Session, publication: Publication, roles: Roles): Promise<readonly Finding[]> {
  return [
    plain('writer', publication.writer, roles.writer),
    plain('reader', publication.reader, roles.reader),
    await noMembership(target, publication),
  ]
}

/** A superuser passes every grant by, so that nothing else proved about it means anything. */
function plain(kind: 'writer' | 'reader', name: string, role: Role | null): Finding {
  const guarantee: Guarantee = {
    name: `${kind}-attributes`,
    guarantee: `The ${kind} ${name} is an ordinary role.`,
    expected: 'login, and none of superuser, createrole, createdb, replication, bypassrls',
  }
  if (role === null) return broken(guarantee, 'the role does not exist', ['vitrine provision'])
  if (role.attributes.length === 0 && role.logsIn) return holds(guarantee)
  const wanted = [...(role.logsIn ? [] : ['login']), ...role.attributes.map((attribute) => `no${attribute}`)]
  const found = [...(role.logsIn ? [] : ['nologin']), ...role.attributes]
  return broken(guarantee, found.join(', '), [`alter role ${identifier(name)} ${wanted.join(' ')};`])
}

interface Membership {
  readonly name: string
  /** The role that the reader is a direct member of, through which it is a member of `name`. */
  readonly via: string
}

async function noMembership(target: Session, { reader, writer }: Publication): Promise<Finding> {
  const guarantee: Guarantee = {
    name: 'reader-memberships',
    guarantee: `${reader} is a member of no role that may more than read what is published.`,
    expected: `no member of ${writer}, of a predefined role (pg_…), of a privileged role or of the owner of the database`,
  }
  const found = await target.query<Membership>(
    `with recursive reached (role, via) as (
       select m.roleid, m.roleid from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member
       where r.rolname = $1
       union
       select m.roleid, reached.via from pg_catalog.pg_auth_members m join reached on m.member = reached.role
     )
     select r.rolname as name, v.rolname as via
     from reached join pg_catalog.pg_roles r on r.oid = reached.role join pg_catalog.pg_roles v on v.oid = reached.via
     where r.rolname = $2 or starts_with(r.rolname, 'pg_')
       or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
       or r.oid = (select datdba from pg_catalog.pg_database where datname = current_database())
     order by 1, 2`,
    [reader, writer],
  )
  if (found.length === 0) return holds(guarantee)
  const names = found.map(({ name, via }) => (name === via ? name : `${name} (through ${via})`))
  const repairs = found.map(({ via }) => `revoke ${identifier(via)} from ${identifier(reader)};`)
  return broken(guarantee, names.join(', '), repairs)
}
