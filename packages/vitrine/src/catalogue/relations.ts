/** The tables and views that stand in schemas. Read by the switch, which moves them, by clean-up and by drop. */
import type { Session } from '../postgres/connect.ts'
import { qualified } from '../sql/quote.ts'

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

/** The same by their qualified names. */
export const namesIn = async (session: Session, schemas: readonly string[]): Promise<readonly string[]> =>
  (await relationsIn(session, schemas)).map(({ schema, name }) => qualified(schema, name))
