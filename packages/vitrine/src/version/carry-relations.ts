/**
 * The relations that the switch must carry over because they are not replaced with our tables: those of the team inside the
 * published schema, and views on our tables in any schema. What cannot be carried over is a problem. Read for `carry.ts`.
 */

import type { Problem } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, publishedNames, retiredSchema } from '../publication/publication.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/** A relation, by its name before the switch, and the statement that carries it over. */
export interface CarriedRelation {
  readonly name: string
  readonly sql: string
}

interface Foreign {
  readonly name: string
  readonly kind: string
  readonly owned: boolean
  readonly owner: string
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  f: 'foreign table',
  v: 'view',
  m: 'materialized view',
  S: 'sequence',
}

/** Relations of the team inside the published schema: moved along with the name, because the schema they are in retires. */
export async function foreignRelations(
  target: Session,
  publication: Publication,
  problems: Problem[],
): Promise<readonly CarriedRelation[]> {
  const ours = publishedNames(publication)
  const rows = await target.query<Foreign>(
    `select c.relname as name, c.relkind as kind, pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_roles o on o.oid = c.relowner
     where n.nspname = $1 and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and c.relname <> all ($2)
       and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass)
     order by 1`,
    [publication.schema, ours],
  )
  for (const { name, kind, owned, owner } of rows) {
    if (!owned) {
      const word = KIND_WORDS[kind] ?? 'relation'
      const remedy = `grant ${identifier(owner)} to ${identifier(publication.writer)}, or: alter ${word} ${qualified(publication.schema, name)} set schema …`
      problems.push({
        place: qualified(publication.schema, name),
        detail: `a ${word} of ${owner} stands in the published schema`,
        remedy,
      })
    }
  }
  const { schema } = publication
  return rows.map(({ name, kind }) => ({
    name: qualified(schema, name),
    sql: `alter ${KIND_WORDS[kind]} ${qualified(retiredSchema(publication), name)} set schema ${identifier(schema)}`,
  }))
}

interface DependentView {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly definition: string
  readonly options: string[] | null
  readonly owned: boolean
  readonly owner: string
  readonly level: number
}

/**
 * Views that read our tables, directly or through other views, in the order in which they must be replaced. A view keeps
 * pointing to the tables it was made on, so that without this it would show the retired version for ever.
 */
export async function dependentViews(
  target: Session,
  publication: Publication,
  problems: Problem[],
): Promise<readonly CarriedRelation[]> {
  const rows = await target.query<DependentView>(
    `with recursive reading as (
       select c.oid, 1 as level
       from pg_catalog.pg_class t join pg_catalog.pg_namespace n on n.oid = t.relnamespace
       join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.classid = 'pg_rewrite'::regclass
       join pg_catalog.pg_rewrite w on w.oid = d.objid join pg_catalog.pg_class c on c.oid = w.ev_class
       where n.nspname = $1 and t.relname = any ($2) and c.oid <> t.oid
       union
       select c.oid, reading.level + 1
       from reading join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = reading.oid and d.classid = 'pg_rewrite'::regclass
       join pg_catalog.pg_rewrite w on w.oid = d.objid join pg_catalog.pg_class c on c.oid = w.ev_class
       where c.oid <> reading.oid
     )
     select c.oid::text, n.nspname as schema, c.relname as name, c.relkind as kind, pg_get_viewdef(c.oid) as definition, c.reloptions as options,
            pg_has_role(current_user, c.relowner, 'usage') as owned, o.rolname as owner, max(reading.level) as level
     from reading join pg_catalog.pg_class c on c.oid = reading.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     join pg_catalog.pg_roles o on o.oid = c.relowner
     group by c.oid, n.nspname, o.rolname order by level, schema, name`,
    [publication.schema, publishedNames(publication)],
  )
  const carried: CarriedRelation[] = []
  for (const view of rows) {
    const place = qualified(view.schema, view.name)
    if (view.kind === 'm') {
      problems.push({
        place,
        detail: 'a materialized view reads the published tables',
        remedy: 'make it a plain view, or drop it',
      })
    } else if (!view.owned) {
      const remedy = `grant ${identifier(view.owner)} to ${identifier(publication.writer)}, or: alter view ${place} owner to ${identifier(publication.writer)}`
      problems.push({ place, detail: `a view of ${view.owner} reads the published tables`, remedy })
    } else {
      const options = view.options === null ? '' : ` with (${view.options.map(viewOption).join(', ')})`
      carried.push({ name: place, sql: `create or replace view ${place}${options} as ${view.definition}` })
    }
  }
  return carried
}

/** `security_barrier=true` as a quoted option. */
function viewOption(text: string): string {
  const [name = '', ...value] = text.split('=')
  return `${identifier(name)} = ${literal(value.join('='))}`
}
