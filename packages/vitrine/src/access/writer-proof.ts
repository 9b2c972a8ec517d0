/**
 * Proves with the session of the writer that both roles are ordinary ones, and what a run needs: the schema is the writer's,
 * it can make and rename schemas or has those that were made for it, new tables will be readable, and no dead run has left
 * anything behind. Called by the doctor.
 */
import { command } from '../base/remedy.ts'
import { runLockHolder } from '../postgres/lock.ts'
import { retiredSchema, stagingSchema } from '../publication/publication.ts'
import { identifier } from '../sql/quote.ts'
import { findWorkSchemas } from '../version/staging.ts'
import { encodingOf } from './encoding-proof.ts'
import { broken, type Guarantees, holds, listed } from './finding.ts'
import { probe, probeName, undone } from './probe.ts'
import { isDone } from './provision.ts'
import { workSchemas } from './step.ts'

/** A superuser ignores all grants, so the other proofs would mean nothing. */
const ordinary = (kind: 'writer' | 'reader'): Guarantees => ({
  [`${kind}-attributes`]: {
    guarantee: ({ publication }) => `The ${kind} ${publication[kind]} is an ordinary role.`,
    expected: 'login, and none of superuser, createrole, createdb, replication, bypassrls',
    proof: ({ publication, facts: { [kind]: role } }) => {
      if (role === null) return broken('the role does not exist', command('provision'))
      if (role.attributes.length === 0 && role.logsIn) return holds()
      const wanted = [...(role.logsIn ? [] : ['login']), ...role.attributes.map((attribute) => `no${attribute}`)]
      const found = [...(role.logsIn ? [] : ['nologin']), ...role.attributes]
      return broken(found.join(', '), `alter role ${identifier(publication[kind])} ${wanted.join(' ')};`)
    },
  },
})

export const ROLES: Guarantees = {
  ...ordinary('writer'),
  ...ordinary('reader'),
  'reader-memberships': {
    guarantee: ({ publication: { reader } }) =>
      `${reader} is a member of no role that may more than read what is published.`,
    expected: ({ publication: { writer } }) =>
      `no member of ${writer}, of a predefined role (pg_…), of a privileged role or of the owner of the database`,
    proof: async ({ session, publication: { reader, writer } }) => {
      // `via` is the role that the reader is a direct member of, through which it is a member of `name`.
      const found = await session.query<{ name: string; via: string }>(
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
      if (found.length === 0) return holds()
      const names = found.map(({ name, via }) => (name === via ? name : `${name} (through ${via})`))
      const repairs = found.map(({ via }) => `revoke ${identifier(via)} from ${identifier(reader)};`)
      return broken(names.join(', '), repairs)
    },
  },
}

/** A step of provision as a guarantee; `before` is a step that it needs. */
const provisioned = (name: string, before = ''): Guarantees => ({
  [name]: {
    guarantee: ({ steps }) => steps.find((step) => step.name === name)?.text ?? name,
    expected: 'as provision makes it',
    proof: ({ steps }) => {
      const left = steps.filter((step) => [name, before].includes(step.name) && !step.done)
      const repairs = left.map(({ sql }) => `${sql};`)
      return left.length === 0 ? holds() : broken('otherwise', repairs)
    },
  },
})

export const WRITER: Guarantees = {
  'writer-session': {
    guarantee: 'Runs connect to the target as the writer, who then owns what they make.',
    expected: ({ publication }) => publication.writer,
    proof: ({ publication: { writer }, role }) => {
      const repair = `Put ${writer} into the URL of the target, or declare writer: '${role}' in the publication.`
      return role === writer ? holds() : broken(role, repair)
    },
  },
  ...provisioned('schema-owner', 'schema-exists'),
  'writer-renames-schemas': {
    guarantee: ({ publication: { writer } }) =>
      `${writer} creates schemas on the database: versions are switched by renaming them, which makes no reader wait.`,
    expected: 'possible',
    // Tried with a schema of its own: renaming the published one, even if undone, would make a concurrent run wait.
    proof: async ({ session, publication, grants }) => {
      const [made, renamed] = [identifier(probeName()), identifier(probeName())]
      const sql = `create schema ${made}; alter schema ${made} rename to ${renamed}`
      const state = await undone(session, 'begin', () => probe(session, sql))
      if (state === null) return holds()
      const [refused, repair] = [`refused (SQLSTATE ${state})`, `${grants.writerOnDatabase};`]
      const missing: string[] = []
      for (const { schema, done } of workSchemas(publication)) if (!(await isDone(session, done))) missing.push(schema)
      if (missing.length > 0) {
        const actual = `${refused}, and ${listed(missing)} not made for it either, so runs are refused; where the right is to stay refused, provision --without-create makes them`
        return broken(actual, repair)
      }
      const actual = `${refused}: tables are moved between schemas made for it, under locks; new readers wait up to ${publication.limits.switchLockTimeoutMs} ms at a time, and a query of minutes or an idle transaction on a published table makes the run give up`
      return broken(actual, repair, 'warning')
    },
  },
  'writer-names-blockers': {
    guarantee: ({ publication: { writer } }) =>
      `Sessions that block a switch are named: process, application, role and tables; and since when, if ${writer} is given pg_read_all_stats.`,
    expected: 'named',
    // Runs do not need it: without it, an error names who is in the way, but not since when.
    proof: async ({ session }) => {
      const sql = "select pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') as sees"
      const [row] = await session.query<{ sees: boolean }>(sql)
      return holds(row?.sees === true ? 'named, with the age of their transaction' : 'named')
    },
  },
  ...encodingOf('target'),
  ...provisioned('default-privileges'),
  'no-leftovers': {
    guarantee: 'Between two runs there is no half-built version on the target, and no retired one but the kept one.',
    expected: 'none',
    proof: async ({ session, publication }) => {
      const kept = publication.limits.versionsKept > 0 ? retiredSchema(publication) : null
      const left = (await findWorkSchemas({ session, publication })).filter(
        ({ name, ours, empty }) => !ours || (name !== kept && !empty),
      )
      const foreign = left.filter(({ ours }) => !ours).map(({ name }) => name)
      if (foreign.length > 0) {
        const repairs = foreign.map((name) => `alter schema ${identifier(name)} rename to …;`)
        return broken(`${listed(foreign)}: not made by this tool, and in the way of a run`, repairs)
      }
      if (left.length === 0) return holds()
      if ((await runLockHolder(session, publication.schema)) !== null) return holds('a run is in progress')
      const names = left.map(({ name }) => name)
      const killed = names.includes(stagingSchema(publication))
      const why = killed ? 'left by a run that was killed' : 'a retired version, perhaps still being read'
      return broken(`${listed(names)}: ${why}`, command('sync'), 'warning')
    },
  },
}
