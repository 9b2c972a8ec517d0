/**
 * Proves on the source that its role may run the query of every published table, and says whether it could write there,
 * which this tool never does. Called by the doctor.
 */
import { command } from '../base/remedy.ts'
import { projectionOf } from '../publication/select-text.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { encodingOf } from './encoding-proof.ts'
import { broken, type Examination, type Guarantees, holds, listed, listedBy } from './finding.ts'
import { probeEach, undone } from './probe.ts'

/** The tables of the register of which a condition on pg_class is true. */
async function registered({ session, publication }: Examination, condition: string): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2) and (${condition}) order by 1`,
    [publication.source.schema, Object.keys(publication.source.tables)],
  )
  return rows.map(({ name }) => name)
}

const UNREADABLE = "not (has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT'))"
const WRITABLE =
  "has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') or has_any_column_privilege(c.oid, 'INSERT, UPDATE')"

export const SOURCE: Guarantees = {
  'source-reads': {
    guarantee: ({ role }) => `${role} may run the query of every published table on the source.`,
    expected: ({ publication }) => `all ${publication.tables.length} queries allowed`,
    proof: async (examination) => {
      const { session, publication, role } = examination
      const schema = identifier(publication.source.schema)
      const queries = new Map(publication.tables.map((table) => [table.name, projectionOf(table).sql]))
      const answers = await undone(session, 'begin read only', () =>
        probeEach(session, [...queries.keys()], (name) => `select * from (${queries.get(name)}) as described limit 0`),
      )
      const [refused, failing] = [answers.refused, [...answers.absent, ...answers.failing]]
      if (refused.length + failing.length === 0) return holds()
      const unreadable = await registered(examination, UNREADABLE)
      const tables = unreadable.map((name) => qualified(publication.source.schema, name)).join(', ')
      const granted =
        tables === ''
          ? `Grant ${role} the columns of the source that the queries of ${listed(refused)} read.`
          : `grant usage on schema ${schema} to ${identifier(role)};\ngrant select on ${tables} to ${identifier(role)};`
      return broken(listedBy({ refused, failing }), [
        ...(refused.length > 0 ? [granted] : []),
        ...(failing.length > 0 ? [command('check')] : []),
      ])
    },
  },
  ...encodingOf('source'),
  'source-writes-nothing': {
    guarantee: ({ role }) => `${role} could not change the source even by mistake.`,
    expected: 'a role that only reads',
    // Only a warning: a small team often has one role, and our sessions on the source are read-only whatever it may do.
    proof: async (examination) => {
      const writable = await registered(examination, WRITABLE)
      if (writable.length === 0) return holds()
      const actual = `it may write ${listed(writable)}; sessions of this tool are read-only all the same`
      return broken(actual, 'Put a role that only reads into the URL of the source.', 'warning')
    },
  },
}
