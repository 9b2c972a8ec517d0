/**
 * Proves on the source that its role may run the query of every published table, and could neither read anything else nor
 * write, by whatever way. Called by the doctor.
 */
import { own } from '../base/own.ts'
import { command, type Remedy } from '../base/remedy.ts'
import type { Session } from '../postgres/connect.ts'
import { nameIn, nameSql } from '../publication/register.ts'
import { projectionOf } from '../publication/select-text.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { encodingOf } from './encoding-proof.ts'
import { broken, type Examination, type Guarantees, holds, listed, listedBy } from './finding.ts'
import { probeEach, undone } from './probe.ts'
import { isDone } from './provision.ts'
import {
  excess,
  NOTHING_ELSE,
  OWN_ROLE,
  RELATIONS,
  type SourceRights,
  sourceRightsOf,
  sourceSteps,
  unfitness,
  WRITES,
} from './source-step.ts'
import { roleId } from './statement.ts'
import type { Step } from './step.ts'

/** The tables of the register of which a condition on pg_class is true. */
async function registered({ session, publication }: Examination, condition: string): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `select ${nameSql('$1')} as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where ${nameSql('$1')} = any ($2) and (${condition}) order by 1`,
    [publication.source.schema, Object.keys(publication.source.tables)],
  )
  return rows.map(({ name }) => name)
}

export const SOURCE: Guarantees = {
  'source-reads': {
    guarantee: ({ role }) => `${role} may run the query of every published table on the source.`,
    expected: ({ publication }) => `all ${publication.tables.length} queries allowed`,
    proof: async (examination) => {
      const { session, publication } = examination
      const queries = new Map(publication.tables.map((table) => [table.name, projectionOf(table).sql]))
      const answers = await undone(session, 'begin read only', () =>
        probeEach(session, [...queries.keys()], (name) => `select * from (${queries.get(name)}) as described limit 0`),
      )
      const [refused, failing] = [answers.refused, [...answers.absent, ...answers.failing]]
      if (refused.length + failing.length === 0) return holds()
      return broken(listedBy({ refused, failing }), [
        ...(refused.length > 0 ? await lacking(examination) : []),
        ...(failing.length > 0 ? [command('check')] : []),
      ])
    },
  },
  'source-sees-rows': {
    guarantee: ({ role }) => `No row security policy hides rows of the registered tables from ${role}.`,
    expected: 'none hidden',
    proof: async (examination) => {
      const hidden = await registered(examination, 'row_security_active(c.oid)')
      if (hidden.length === 0) return holds()
      const repair = `-- for an administrator to decide: the role then passes every policy by\nalter role ${identifier(examination.role)} bypassrls;`
      return broken(`hidden: ${listed(hidden)}`, repair)
    },
  },
  ...encodingOf('source'),
  'source-role': {
    guarantee: ({ role }) => `${role} is a role for reading alone: it owns nothing, and may not write.`,
    expected: 'a role of its own',
    proof: async (examination) => {
      const { session, publication, role } = examination
      const unfit = await session.query<{ reason: string }>(unfitness(await sourceRightsOf(publication, role)))
      const member = await session.query<{ reason: string }>(
        `select 'is a member of ' || pg_get_userbyid(roleid) as reason from pg_catalog.pg_auth_members where member = ${roleId(role)}`,
      )
      const reasons = [...unfit, ...member].map(({ reason }) => reason)
      return reasons.length === 0 ? holds() : broken(reasons.join(', '), await revocations(examination))
    },
  },
  'source-reads-nothing-else': {
    guarantee: ({ role }) => `${role} may read no secret column, and nothing that is not registered.`,
    expected: 'the columns that the queries name',
    proof: async (examination) => {
      const { secret = [], unregistered = [], unneeded = [] } = await readTooMuch(examination)
      if (secret.length + unregistered.length + unneeded.length === 0) return holds()
      const actual = listedBy({ secret, 'not registered': unregistered, 'registered, but in no query': unneeded })
      const isHarmless = secret.length + unregistered.length === 0
      return broken(actual, await revocations(examination), isHarmless ? 'warning' : 'failure')
    },
  },
  'source-writes-nothing': {
    guarantee: ({ role }) => `${role} could not change the source even by mistake.`,
    expected: 'a role that only reads',
    proof: async (examination) => {
      const found = await examination.session.query<{ name: string }>(writable(examination.role))
      if (found.length === 0) return holds()
      const actual = `it may write ${listed(found.map(({ name }) => name))}; sessions of this tool are read-only all the same`
      return broken(actual, await revocations(examination))
    },
  },
}

/** By every way that leads there: grants, memberships, PUBLIC, ownership. */
const writable = (role: string): string => {
  const id = roleId(role)
  return `with ${RELATIONS}
    select format('%I.%I', nspname, relname) as name from relation
    where has_schema_privilege(${id}, schema_id, 'USAGE') and case relkind
      when 'S' then has_sequence_privilege(${id}, oid, 'USAGE, UPDATE')
      else has_table_privilege(${id}, oid, '${WRITES}') or has_any_column_privilege(${id}, oid, 'INSERT, UPDATE') end
    union all select 'schema ' || nspname from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and has_schema_privilege(${id}, oid, 'CREATE')
    union all select 'database ' || current_database() where has_database_privilege(${id}, current_database(), 'CREATE')
    order by 1`
}

/** Tables with the columns that the role may read and no query needs, by what is wrong with that. */
async function readTooMuch({ session, publication, role }: Examination) {
  const rights = await sourceRightsOf(publication, role)
  const id = roleId(role)
  const rows = await session.query<{ schema: string; name: string; columns: readonly string[] }>(
    `with ${RELATIONS}
     select nspname as schema, relname as name, json_agg(a.attname order by a.attnum) as columns
     from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
     where r.relkind <> 'S' and has_schema_privilege(${id}, schema_id, 'USAGE') and has_column_privilege(${id}, r.oid, a.attnum, 'SELECT')
     group by 1, 2 order by 1, 2`,
  )
  const found: Record<'secret' | 'unregistered' | 'unneeded', string[]> = { secret: [], unregistered: [], unneeded: [] }
  for (const { schema, name, columns } of rows) {
    const known = nameIn(publication.source.schema, schema, name)
    const registered = own(publication.source.tables, known) ?? {}
    const wanted = rights.columns.get(known) ?? []
    const kindOf = (column: string) => {
      const privacy = own(registered, column)?.privacy
      if (privacy === undefined) return 'unregistered'
      return privacy === 'secret' ? 'secret' : wanted.includes(column) ? null : 'unneeded'
    }
    for (const kind of ['secret', 'unregistered', 'unneeded'] as const) {
      const some = columns.filter((column) => kindOf(column) === kind)
      if (some.length > 0) found[kind].push(`${qualified(schema, name)} (${some.map(identifier).join(', ')})`)
    }
  }
  return found
}

/** What takes away everything that is too much, and gives again what goes with it. */
async function revocations({ session, publication, role }: Examination): Promise<readonly Remedy[]> {
  const rights = await sourceRightsOf(publication, role)
  if ((await session.query(unfitness(rights))).length > 0) return [OWN_ROLE(role)]
  const taken = await session.query<{ sql: string }>(excess(rights, true))
  return [...taken, ...grantsOf(session, rights)].map(({ sql }) => `${sql};`)
}

const grantsOf = (session: Session, rights: SourceRights): readonly Step[] =>
  sourceSteps(rights, session.address.database).filter(({ part, name }) => part === 'source' && name !== NOTHING_ELSE)

/** The grants that are not made; a query can be refused for another reason too. */
async function lacking({ session, publication, role }: Examination): Promise<readonly Remedy[]> {
  const missing: string[] = []
  for (const { done, sql, optional } of grantsOf(session, await sourceRightsOf(publication, role)))
    if (!optional && !(await isDone(session, done))) missing.push(`${sql};`)
  return missing.length > 0 ? missing : ['Look for a row security policy, or a function that the role may not call.']
}
