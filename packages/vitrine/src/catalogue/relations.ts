/** The tables and views that stand in schemas. Read by the switch, which moves them, by clean-up and by drop. */
import type { Session } from '../postgres/connect.ts'

export interface PlacedRelation {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'v'
  readonly owner: string
  /** The session's role may act as the owner. */
  readonly owned: boolean
}

/** Tables and views of the schemas named, by schema and name. */
export const relationsIn = (session: Session, schemas: readonly string[]): Promise<PlacedRelation[]> =>
  session.query<PlacedRelation>(
    `select c.oid::text, n.nspname as schema, c.relname as name, c.relkind as kind, o.rolname as owner,
            pg_has_role(current_user, c.relowner, 'usage') as owned
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     where n.nspname = any ($1) and c.relkind in ('r', 'v') order by 2, 3`,
    [[...schemas]],
  )

export interface LiveView {
  readonly name: string
  readonly comment: string | null
  /** In order. */
  readonly columns: readonly string[]
}

/** The views among the relations named by OID. */
export const viewsAmong = (session: Session, oids: readonly string[]): Promise<LiveView[]> =>
  session.query<LiveView>(
    `select c.relname as name, obj_description(c.oid, 'pg_class') as comment,
            array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) as columns
     from pg_catalog.pg_class c where c.relkind = 'v' and c.oid = any ($1::oid[])`,
    [[...oids]],
  )
