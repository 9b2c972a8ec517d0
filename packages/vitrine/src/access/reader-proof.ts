/**
 * Proves as the reader itself that it reads every published table, changes and creates nothing, sees nothing else, and how
 * its sessions start. All is tried in a read-write transaction, so that it is not the read-only default that refuses, and
 * rolled back. Called by the doctor.
 */
import { command } from '../base/remedy.ts'
import {
  BOOKKEEPING_SCHEMA,
  ownViewNames,
  publishedNames,
  retiredSchema,
  stagingSchema,
} from '../publication/publication.ts'
import { identifier, qualified } from '../sql/quote.ts'
import {
  broken,
  type Examination,
  type Finding,
  findingsOf,
  type Guarantees,
  holds,
  listed,
  listedBy,
} from './finding.ts'
import { ABSENT, probe, probeEach, probeName, REFUSED, undone } from './probe.ts'
import { readerSettings } from './statement.ts'

/** The session of the reader must be outside a transaction, and is so again afterwards. */
export const proveReader = (examination: Examination): Promise<readonly Finding[]> =>
  undone(examination.session, "begin read write; set local lock_timeout = '2s'", () =>
    findingsOf({ ...ITS_TABLES, ...ITS_SIGHT, ...ITS_SESSIONS }, examination),
  )

interface Right {
  readonly name: string
  readonly isView: boolean
  readonly verb: string
  /** The first one, null when there is none. */
  readonly column: string | null
  readonly allowed: boolean
}

/** A statement that changes no row but for which PostgreSQL checks the right; null when there is none. */
function harmless({ verb, column, isView }: Right, table: string): string | null {
  if (verb === 'insert') return `insert into ${table} select * from ${table} where false`
  if (verb === 'update')
    return `update ${table} set ${identifier(column ?? '')} = ${identifier(column ?? '')} where false`
  if (verb === 'delete') return `delete from ${table} where false`
  // Views cannot be truncated, and a trigger would need a function.
  return verb === 'truncate' && !isView ? `truncate ${table}` : null
}

/** SQLSTATEs of a view that nobody can write, such as one with computed columns. */
const UNWRITABLE_VIEW = ['0A000', '428C9', '55000']

const ITS_TABLES: Guarantees = {
  'reader-reads': {
    guarantee: ({ role }) => `${role} reads every published table.`,
    expected: ({ publication }) => `all ${publishedNames(publication).length} readable`,
    proof: async ({ session, publication, grants, approved }) => {
      const names = publishedNames(publication)
      // All columns are named, and no value leaves the server.
      const { refused, absent, failing } = await probeEach(session, names, (name) => {
        const table = qualified(publication.schema, name)
        return `select count(*) from (select * from ${table} limit 1) as first_row`
      })
      if (refused.length + absent.length + failing.length === 0) return holds()
      if (!approved && absent.length === names.length) {
        return broken('no table has been made yet', command('migrate'), 'warning')
      }
      return broken(listedBy({ 'not readable': refused, missing: absent, failing }), [
        ...(refused.length > 0 ? [`${grants.readerOnSchema};`, `${grants.readerOnRelations(refused)};`] : []),
        // A run makes every table anew, but only of a definition that `migrate` has approved.
        ...(absent.length > 0 && !approved ? [command('migrate')] : []),
        ...(absent.length + failing.length > 0 ? [command('sync')] : []),
      ])
    },
  },
  'reader-sees-keys': {
    guarantee: ({ role }) => `${role} sees the primary keys where Metabase looks for them, in the information schema.`,
    expected: 'the key of every published table that has one',
    proof: async ({ session, publication, role }) => {
      const seen = await session.query<{ name: string }>(
        `select distinct table_name as name from information_schema.table_constraints join information_schema.key_column_usage
           using (constraint_schema, constraint_name, table_name)
         where constraint_schema = $1 and constraint_type = 'PRIMARY KEY'`,
        [publication.schema],
      )
      const live = await session.query<{ name: string; columns: string[] }>(
        `select c.relname as name, array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey)) as columns
         from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
         where k.contype = 'p' and c.relnamespace = to_regnamespace(quote_ident($1)) and c.relname = any ($2) order by 1`,
        [publication.schema, [...publishedNames(publication)]],
      )
      const hidden = live.filter(({ name }) => !seen.some((key) => key.name === name))
      if (hidden.length === 0) return holds()
      const repairs = hidden.map(({ name, columns }) => {
        const key = columns.map(identifier).join(', ')
        return `grant references (${key}) on ${qualified(publication.schema, name)} to ${identifier(role)};`
      })
      return broken(`hidden: ${listed(hidden.map(({ name }) => name))}`, repairs, 'warning')
    },
  },
  'reader-writes-nothing': {
    guarantee: ({ role }) => `${role} changes no published table, even in a read-write transaction.`,
    expected: 'insert, update, delete, truncate refused on every table',
    // What the catalogue shows as allowed is not tried: a successful truncate would block all others until it is undone.
    proof: async ({ session, publication, role }) => {
      const rights = await session.query<Right>(
        `select c.relname as name, c.relkind = 'v' as "isView", verb,
                (select a.attname from pg_catalog.pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum limit 1) as column,
                case when verb in ('insert', 'update') then has_any_column_privilege(c.oid, verb)
                     else has_table_privilege(c.oid, verb) end as allowed
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace,
              unnest(array['insert', 'update', 'delete', 'truncate', 'trigger']) with ordinality v (verb, place)
         where n.nspname = $1 and c.relname = any ($2) order by 1, place`,
        [publication.schema, [...publishedNames(publication)]],
      )
      const possible: string[] = []
      const repairs: string[] = []
      for (const right of rights) {
        const { name, isView, verb, allowed } = right
        const table = qualified(publication.schema, name)
        const sql = harmless(right, table)
        const state = allowed ? null : sql === null ? REFUSED : await probe(session, sql)
        if (state !== null && [REFUSED, ...ABSENT, ...(isView ? UNWRITABLE_VIEW : [])].includes(state)) continue
        possible.push(`${verb} on ${name}${state === null ? '' : `: SQLSTATE ${state}`}`)
        repairs.push(`revoke ${verb} on ${table} from public, ${identifier(role)};`)
      }
      return possible.length === 0 ? holds() : broken(`possible: ${listed(possible)}`, repairs)
    },
  },
  'reader-creates-nothing': {
    guarantee: ({ role }) => `${role} creates no table and no schema, even in a read-write transaction.`,
    expected: ({ publication }) => `refused in ${publication.schema}, in public and on the database`,
    proof: async ({ session, publication, grants, role }) => {
      const schema = identifier(publication.schema)
      const onSchema = `revoke create on schema ${schema} from public, ${identifier(role)};`
      const trials = [
        [`a table in ${publication.schema}`, `create table ${schema}.${probeName()} ()`, onSchema],
        ['a table in public', `create table public.${probeName()} ()`, `${grants.closePublicSchema()};`],
        ['a schema', `create schema ${probeName()}`, `${grants.closeDatabase()};`],
      ] as const
      const possible: string[] = []
      const repairs: string[] = []
      for (const [what, sql, repair] of trials) {
        const state = await probe(session, sql)
        if (state === REFUSED || ABSENT.includes(state ?? '')) continue
        possible.push(what)
        repairs.push(repair)
      }
      return possible.length === 0 ? holds() : broken(`possible: ${possible.join(', ')}`, repairs)
    },
  },
  'reader-no-temporary-tables': {
    guarantee: ({ role }) => `${role} creates no temporary table, which would fill the disk of the target.`,
    expected: 'refused',
    proof: async ({ session, facts: { database }, grants }) => {
      const state = await probe(session, `create temporary table ${probeName()} ()`)
      if (state === REFUSED) return holds()
      const actual = state === null ? 'possible in a session that is made read-write' : `SQLSTATE ${state}`
      // Every new database grants it, and the owner alone can revoke it. Sessions that stay read-only create none.
      const repair = `${grants.closeDatabase()};`
      if (database.owned) return broken(actual, repair)
      return broken(`${actual}; ${database.owner} owns the database and can refuse it`, repair, 'warning')
    },
  },
}

/** No schema of the condition is open to the reader: without USAGE, even a missing table is refused. */
async function seesNone({ session, role }: Examination, condition: string, ...values: readonly string[]) {
  const sql = `select n.nspname as name from pg_catalog.pg_namespace n where ${condition} order by 1`
  const standing = async () => (await session.query<{ name: string }>(sql, values)).map(({ name }) => name)
  const names = await standing()
  const { refused } = await probeEach(session, names, (name) => `select from ${qualified(name, probeName())}`)
  // A run may have renamed or dropped the schema meanwhile.
  const still = await standing()
  const open = names.filter((name) => !refused.includes(name) && still.includes(name))
  const repairs = open.map((name) => `revoke all on schema ${identifier(name)} from public, ${identifier(role)};`)
  return open.length === 0 ? holds() : broken(`open: ${listed(open)}`, repairs)
}

const ITS_SIGHT: Guarantees = {
  'reader-sees-no-staging': {
    guarantee: ({ role }) => `${role} sees neither the next version before the switch nor the last one after it.`,
    expected: ({ publication }) => `${stagingSchema(publication)} and ${retiredSchema(publication)} closed or absent`,
    proof: (examination) => {
      const [staging, retired] = [stagingSchema(examination.publication), retiredSchema(examination.publication)]
      return seesNone(examination, "n.nspname in ($1, $2) or starts_with(n.nspname, $2 || '_')", staging, retired)
    },
  },
  'reader-sees-no-bookkeeping': {
    guarantee: ({ role, publication }) =>
      `${role} does not see the tool's own tables; what they say of the data stands in ${ownViewNames(publication).join(', ')}.`,
    expected: `${BOOKKEEPING_SCHEMA} closed or absent`,
    proof: (examination) => seesNone(examination, 'n.nspname = $1', BOOKKEEPING_SCHEMA),
  },
  'reader-reads-nothing-else': {
    guarantee: ({ role }) => `${role} reads the published schema and no other.`,
    expected: 'no readable relation elsewhere, those of extensions aside',
    proof: async ({ session, publication, role }) => {
      const found = await session.query<{ schema: string; name: string }>(
        `select n.nspname as schema, c.relname as name
         from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> all ($1) and n.nspname <> 'information_schema'
           and not starts_with(n.nspname, 'pg_') and not starts_with(n.nspname, $2)
           and has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT')
           and not exists (select from pg_catalog.pg_depend d
                           where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
         order by 1, 2`,
        [[publication.schema, stagingSchema(publication), BOOKKEEPING_SCHEMA], retiredSchema(publication)],
      )
      const names = found.map(({ schema, name }) => qualified(schema, name))
      const repairs = names.map((name) => `revoke select on ${name} from public, ${identifier(role)};`)
      return names.length === 0 ? holds() : broken(`readable: ${listed(names)}`, repairs, 'warning')
    },
  },
}

/** What a new session of the reader starts with, whatever this one has set since. */
async function startsWith({ session, publication, grants }: Examination, settings: Readonly<Record<string, RegExp>>) {
  const rows = await session.query<{ name: string; value: string }>(
    'select name, reset_val as value from pg_catalog.pg_settings where name = any ($1) order by 1 desc',
    [Object.keys(settings)],
  )
  const wrong = rows.filter(({ name, value }) => settings[name]?.test(value) !== true)
  const names = readerSettings(publication).map(([name]) => name)
  const repairs = wrong.map(({ name }) => `${grants.readerSettings[names.indexOf(name)]};`)
  return wrong.length === 0 ? holds() : broken(wrong.map(({ name, value }) => `${name} = ${value}`).join(', '), repairs)
}

const ITS_SESSIONS: Guarantees = {
  'reader-read-only': {
    guarantee: ({ role }) => `Sessions of ${role} are read-only from the start, as a second barrier.`,
    expected: 'default_transaction_read_only = on',
    proof: (examination) => startsWith(examination, { default_transaction_read_only: /^on$/ }),
  },
  'reader-time-limits': {
    guarantee: ({ role }) => `No query of ${role} runs for ever, and no forgotten transaction stays open.`,
    expected: 'statement_timeout and idle_in_transaction_session_timeout above 0',
    proof: (examination) =>
      startsWith(examination, { statement_timeout: /[1-9]/, idle_in_transaction_session_timeout: /[1-9]/ }),
  },
}
