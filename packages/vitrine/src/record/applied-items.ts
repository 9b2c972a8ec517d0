/** What was last applied to Metabase. It distinguishes changes made by people there from changes of the definition. */
import type { Session } from '../postgres/connect.ts'

/** `attributes` holds names of the definition and settings, never a password. */
export interface AppliedRow {
  readonly kind: string
  readonly key: string
  /** What Metabase calls it. */
  readonly id: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** The bookkeeping must be current. */
export const appliedToMetabase = <Row extends AppliedRow>(session: Session, schema: string): Promise<Row[]> =>
  session.query<Row>(
    `select kind, key, remote_id as id, attributes from vitrine.metabase where schema_name = $1 order by kind, key`,
    [schema],
  )

/** In one statement: replaces what was recorded of this schema. */
export async function recordMetabase(session: Session, schema: string, rows: readonly AppliedRow[]): Promise<void> {
  await session.query(
    `with given as (
       select kind, key, id, attributes
       from pg_catalog.jsonb_to_recordset($2::jsonb) as row (kind text, key text, id text, attributes jsonb)
     ), gone as (
       delete from vitrine.metabase m where m.schema_name = $1
         and not exists (select from given g where g.kind = m.kind and g.key = m.key)
     )
     insert into vitrine.metabase (schema_name, kind, key, remote_id, attributes)
     select $1, kind, key, id, attributes from given
     on conflict (schema_name, kind, key) do update set remote_id = excluded.remote_id, attributes = excluded.attributes`,
    [schema, JSON.stringify(rows)],
  )
}

/** Adds Metabase's number to a row that was recorded before the item was made. */
export async function recordMadeInMetabase(
  session: Session,
  schema: string,
  { kind, key, id }: Pick<AppliedRow, 'kind' | 'key' | 'id'>,
): Promise<void> {
  await session.query('update vitrine.metabase set remote_id = $4 where schema_name = $1 and kind = $2 and key = $3', [
    schema,
    kind,
    key,
    id,
  ])
}
