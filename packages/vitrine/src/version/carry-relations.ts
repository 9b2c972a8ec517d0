/**
 * What the switch must carry over because it is not replaced with our tables: relations of the team inside the published
 * schema, and views on our tables in any schema. What cannot be carried over is a problem. Read for `carry.ts`.
 */
import type { Problem } from '../base/errors.ts'
import type { PlacedRelation } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

export interface ForeignRelation {
  readonly name: string
  /** What PostgreSQL calls its kind. */
  readonly word: string
  /** Moves it from the schema that retires to the one that is published. */
  readonly sql: string
}

interface Found {
  readonly name: string
  readonly word: string
  readonly owned: boolean
  readonly owner: string
}

/** Relations of the team inside the published schema: moved along with the name, because the schema they are in retires. */
export async function foreignRelations(
  { session, publication }: Target,
  ours: readonly string[],
  problems: Problem[],
  moves: boolean,
): Promise<readonly ForeignRelation[]> {
  const { schema, writer } = publication
  const rows = await session.query<Found>(
    `select c.relname as name, pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner,
            case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                           when 'f' then 'foreign table' else 'table' end as word
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_roles o on o.oid = c.relowner
     where n.nspname = $1 and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relname <> all ($2)
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
     order by 1`,
    [schema, [...ours]],
  )
  for (const { name, word, owned, owner } of moves ? rows : []) {
    if (owned) continue
    const remedy = `grant ${identifier(owner)} to ${identifier(writer)}, or: alter ${word} ${qualified(schema, name)} set schema …`
    const detail = `a ${word} of ${owner} stands in the published schema`
    problems.push({ place: qualified(schema, name), detail, remedy })
  }
  return rows.map(({ name, word }) => ({
    name,
    word,
    sql: `alter ${word} ${qualified(retiredSchema(publication), name)} set schema ${identifier(schema)}`,
  }))
}

/** Functions and types in the schema, which no statement of ours moves. */
export async function foreignObjects({ session, publication }: Target): Promise<readonly Problem[]> {
  const rows = await session.query<{ what: string }>(
    `select pg_describe_object('pg_proc'::regclass, p.oid, 0) as what
     from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = $1
     union
     select pg_describe_object('pg_type'::regclass, t.oid, 0)
     from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where n.nspname = $1 and t.typrelid = 0 and t.typelem = 0 order by 1`,
    [publication.schema],
  )
  return rows.map(({ what }) => ({
    place: what,
    detail: 'it stands in the published schema, and cannot be carried over to the next version',
    remedy: 'move it to another schema',
  }))
}

interface DependentView {
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly definition: string
  readonly options: string[] | null
  readonly owned: boolean
  readonly owner: string
}

/**
 * Views that read our tables, directly or through other views, in the order in which they must be replaced. A view keeps
 * pointing to the tables that it was made on: without this it would show the retired version for ever.
 */
export async function dependentViews(
  { session, publication }: Target,
  ours: readonly PlacedRelation[],
  problems: Problem[],
): Promise<readonly { readonly name: string; readonly sql: string }[]> {
  const rows = await session.query<DependentView>(
    `with recursive reading as (
       select w.ev_class as oid, 1 as level
       from pg_catalog.pg_depend d join pg_catalog.pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid and w.ev_type = '1'
       where d.refclassid = 'pg_class'::regclass and d.refobjid = any ($1::oid[]) and w.ev_class <> d.refobjid
       union
       select w.ev_class, reading.level + 1
       from reading join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = reading.oid
       join pg_catalog.pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid and w.ev_type = '1'
       where w.ev_class <> reading.oid
     )
     select n.nspname as schema, c.relname as name, c.relkind as kind, pg_get_viewdef(c.oid) as definition, c.reloptions as options,
            pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner
     from reading join pg_catalog.pg_class c on c.oid = reading.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     where c.relkind in ('v', 'm') and c.oid <> all ($1::oid[])
     group by c.oid, n.nspname, o.rolname order by max(reading.level), n.nspname, c.relname`,
    [ours.map(({ oid }) => oid)],
  )
  const plain = rows.filter(({ kind }) => kind === 'v')
  for (const { schema, name, owner } of plain.filter(({ owned }) => !owned)) {
    const place = qualified(schema, name)
    const writer = identifier(publication.writer)
    const remedy = `grant ${identifier(owner)} to ${writer}, or: alter view ${place} owner to ${writer}`
    problems.push({ place: `view ${place}`, detail: `a view of ${owner} reads the published tables`, remedy })
  }
  return plain.map(({ schema, name, options, definition }) => {
    const place = qualified(schema, name)
    const given = options === null ? '' : ` with (${options.map(viewOption).join(', ')})`
    return { name: place, sql: `create or replace view ${place}${given} as ${definition}` }
  })
}

/** `security_barrier=true` as a quoted option. */
function viewOption(text: string): string {
  const [name = '', ...value] = text.split('=')
  return `${identifier(name)} = ${literal(value.join('='))}`
}
