/**
 * The tool's own tables in the target, in a private schema that only the writer sees: what was approved, every run and its
 * tables, how old each table is, the days of history tables, the alarms. Its layout has a version and is migrated here. Runs are
 * written by `run/`.
 */
import { VitrineError } from '../base/errors.ts'
import { command, remedy } from '../base/remedy.ts'
import type { Session } from '../postgres/connect.ts'
import { BOOKKEEPING_SCHEMA } from '../publication/publication.ts'

/** Each entry upgrades the layout from its index to the next version; a released entry is never changed. */
const LAYOUTS: readonly string[] = [
  `
  create table vitrine.installation (
    schema_name text primary key,
    publication text not null,
    fingerprint text not null,
    applied jsonb not null,
    applied_at timestamptz not null
  );
  create table vitrine.run (
    id bigint generated always as identity primary key,
    schema_name text not null,
    trigger text not null,
    state text not null check (state in ('running', 'succeeded', 'failed')),
    phase text not null,
    fingerprint text not null,
    tool_version text not null,
    started_at timestamptz not null,
    data_of timestamptz,
    published_at timestamptz,
    finished_at timestamptz,
    error_code text,
    error_place text,
    phases jsonb not null default '{}'
  );
  create index run_schema_name_started_at_idx on vitrine.run (schema_name, started_at desc);
  create table vitrine.run_table (
    run_id bigint not null references vitrine.run (id) on delete cascade,
    table_name text not null,
    carried boolean not null,
    row_count bigint not null,
    added bigint,
    changed bigint,
    removed bigint,
    bytes bigint not null,
    milliseconds integer not null,
    unknown jsonb not null default '{}',
    warnings jsonb not null default '[]',
    primary key (run_id, table_name)
  );
  create table vitrine.freshness (
    schema_name text not null,
    table_name text not null,
    row_count bigint not null,
    data_of timestamptz not null,
    published_at timestamptz not null,
    primary key (schema_name, table_name)
  );
  `,
  // The days of history tables. The figures of a day are one JSON object: a changed definition need not change recorded rows.
  `
  create table vitrine.ledger (
    schema_name text not null,
    table_name text not null,
    day date not null,
    figures jsonb not null,
    origin text not null check (origin in ('run', 'import', 'adoption')),
    recorded_at timestamptz not null,
    primary key (schema_name, table_name, day)
  );
  `,
  // How old the tables of the version before are, which `rollback` brings back.
  `
  create table vitrine.kept_freshness (like vitrine.freshness including all);
  `,
  // How long each run held the source's snapshot. Which database fills the schema, so that a run from another is refused.
  `
  alter table vitrine.run add column snapshot_milliseconds integer;
  alter table vitrine.installation add column source jsonb;
  `,
  // By which way a version was switched, after how many tries, in how many milliseconds.
  `
  alter table vitrine.run add column switched jsonb;
  `,
  // Whether a run published every table: only such a run satisfies a due time.
  `
  alter table vitrine.run add column whole boolean not null default false;
  update vitrine.run r set whole = r.published_at is not null
    and exists (select from vitrine.run_table t where t.run_id = r.id)
    and not exists (select from vitrine.run_table t where t.run_id = r.id and t.carried);
  `,
  // What is approved, apart from what is published: which relations of the published and of the kept version are ours.
  `
  alter table vitrine.installation rename column applied to approved;
  alter table vitrine.installation rename column applied_at to approved_at;
  alter table vitrine.installation add column tool_version text;
  create table vitrine.version (
    schema_name text not null,
    kept boolean not null,
    shapes jsonb not null,
    views text[] not null,
    filled boolean not null,
    primary key (schema_name, kept) deferrable
  );
  insert into vitrine.version
    select i.schema_name, false, i.approved, '{}'::text[], exists (select from vitrine.freshness f where f.schema_name = i.schema_name)
    from vitrine.installation i
    union all
    select i.schema_name, true, i.approved, '{}'::text[], true from vitrine.installation i
    where exists (select from vitrine.kept_freshness k where k.schema_name = i.schema_name);
  `,
  // What the tool made, by OID: objects of others are never dropped because of their name or place.
  `
  create table vitrine.made (
    schema_name text not null,
    catalog oid not null,
    register oid not null,
    id oid not null,
    name text not null,
    built boolean not null,
    primary key (catalog, id)
  );
  `,
  // The rights on the tables of a retired version, to restore when it comes back.
  `
  alter table vitrine.version add column rights jsonb not null default '[]';
  `,
  // The alarms that were raised: which channels one has not reached, and whether its trouble is over.
  `
  create table vitrine.alarm (
    id bigint generated always as identity primary key,
    schema_name text not null,
    due timestamptz not null,
    kind text not null,
    code text not null,
    body jsonb not null,
    undelivered text[] not null,
    raised_at timestamptz not null default clock_timestamp(),
    tried_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz
  );
  create unique index alarm_open_key on vitrine.alarm (schema_name, due, kind, code) where closed_at is null;
  `,
  // Counts of cells that were suppressed because their group of rows was too small.
  `
  alter table vitrine.run_table add column suppressed jsonb;
  `,
  // What was erased never comes back with an older version. By which key the pseudonyms of a version were made.
  `
  create table vitrine.erasure (
    id bigint generated always as identity primary key,
    schema_name text not null,
    table_name text not null,
    erased_at timestamptz not null,
    standing_since timestamptz not null
  );
  alter table vitrine.version add column pseudonym_key text;
  `,
  // What was applied to Metabase last.
  `
  create table vitrine.metabase (
    schema_name text not null,
    kind text not null,
    key text not null,
    remote_id text not null,
    attributes jsonb not null,
    primary key (schema_name, kind, key)
  );
  `,
  // Why values of a version are unknown: it changes with the version, as its freshness does, and so do rollbacks.
  ['freshness', 'kept_freshness']
    .map(
      (table) => `alter table vitrine.${table} add column unknown jsonb not null default '{}';
  update vitrine.${table} f set unknown = t.unknown from vitrine.run_table t join vitrine.run r on r.id = t.run_id
    where r.schema_name = f.schema_name and t.table_name = f.table_name and not t.carried and r.data_of = f.data_of;`,
    )
    .join('\n'),
  // Where the source had changed, and no query read it.
  "alter table vitrine.run add column drift jsonb not null default '[]'",
  // The state of the source that a version shows, so that the next run can read only changes; and how each table was read.
  `
  alter table vitrine.version add column origin jsonb;
  alter table vitrine.run_table add column way text;
  alter table vitrine.run_table add column reason text;
  `,
  // A deferrable key is no replica identity: with a logical publication of all tables, PostgreSQL refused our updates.
  'alter table vitrine.version replica identity full',
]

/** The version of the layout in the target; 0 when there is none. Throws BOOKKEEPING_NEWER for a later one than ours. */
export async function bookkeepingVersion(target: Session): Promise<number> {
  const [exists] = await target.query<{ found: boolean }>(
    "select pg_catalog.to_regclass('vitrine.layout') is not null as found",
  )
  if (exists?.found !== true) return 0
  const [row] = await target.query<{ version: number }>('select max(version)::integer as version from vitrine.layout')
  const version = row?.version ?? 0
  if (version > LAYOUTS.length) {
    throw new VitrineError('BOOKKEEPING_NEWER', {
      place: BOOKKEEPING_SCHEMA,
      detail: `Layout ${version}, this version knows ${LAYOUTS.length}.`,
    })
  }
  return version
}

export const bookkeepingIsCurrent = async (target: Session): Promise<boolean> =>
  (await bookkeepingVersion(target)) === LAYOUTS.length

/** Throws TARGET_NOT_MIGRATED without bookkeeping of the present layout, BOOKKEEPING_NEWER. */
export async function requireBookkeeping(target: Session, schema: string): Promise<void> {
  const version = await bookkeepingVersion(target)
  if (version === LAYOUTS.length) return
  const detail =
    version === 0
      ? 'It was never migrated, or its private schema was dropped.'
      : `Its bookkeeping has layout ${version}, and this version needs ${LAYOUTS.length}.`
  throw new VitrineError('TARGET_NOT_MIGRATED', { place: schema, detail, remedy: remedy`Run ${command('migrate')}.` })
}

/**
 * Creates or upgrades the bookkeeping. Call it inside a transaction. Throws PRIVILEGE_MISSING when the writer may not create
 * its schema and was not given one.
 */
export async function migrateBookkeeping(target: Session): Promise<void> {
  const version = await bookkeepingVersion(target)
  if (version === LAYOUTS.length) return
  await createSchema(target)
  await target.execute('create table if not exists vitrine.layout (version integer primary key)')
  for (let next = version; next < LAYOUTS.length; next++) {
    await target.execute(LAYOUTS[next] ?? '')
    await target.query('insert into vitrine.layout (version) values ($1)', [next + 1])
  }
}

/** PostgreSQL checks the right to create a schema even for `if not exists` when it exists. */
async function createSchema(target: Session): Promise<void> {
  const [found] = await target.query("select from pg_catalog.pg_namespace where nspname = 'vitrine'")
  if (found !== undefined) return
  try {
    await target.execute('create schema vitrine')
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'PRIVILEGE_MISSING') throw error
    throw new VitrineError('PRIVILEGE_MISSING', {
      place: BOOKKEEPING_SCHEMA,
      detail: 'The writer may not create schemas in the database, and was not given this one.',
      remedy: remedy`Run ${command('provision')} as an administrator, with --without-create when the right is to stay refused.`,
      cause: error,
    })
  }
}
