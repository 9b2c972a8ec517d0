/**
 * What the switch must carry over because we do not rebuild it: objects of the team inside the published
 * schema, and views on our tables in any schema. What cannot be carried over is a problem. Called by `carry.ts`.
 */
import type { Problem } from '../base/errors.ts'
import { alterWord, isMovable, objectsIn, type SchemaObject } from '../catalogue/objects.ts'
import type { PlacedRelation } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import type { VersionContent } from '../record/versions.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/** What others put into the published schema. `ours` are the OIDs of our relations there. */
export async function foreignObjects(
  { session, publication }: Target,
  ours: readonly string[],
): Promise<readonly SchemaObject[]> {
  const own = new Set(ours)
  return (await objectsIn(session, [publication.schema])).filter(
    ({ catalog, oid }) => !(catalog === 'pg_class' && own.has(oid)),
  )
}

/** Objects that no statement can move to another schema. */
export const immovable = ({ publication }: Target, foreign: readonly SchemaObject[]): readonly Problem[] =>
  foreign.flatMap((object): readonly Problem[] => {
    const { type, identity, owner, owned } = object
    if (!isMovable(object)) {
      const detail = 'it belongs to the published schema, and cannot be carried over to the next version'
      return [{ place: `${type} ${identity}`, detail, remedy: 'move it to another schema, or drop it' }]
    }
    if (owned) return []
    const move = `alter ${alterWord(object)} ${identity} set schema …`
    const remedy = `grant ${identifier(owner)} to ${identifier(publication.writer)}, or: ${move}`
    return [{ place: `${type} ${identity}`, detail: `of ${owner}; it stands in the published schema`, remedy }]
  })

/** Objects with a name that the next version needs for a relation or an index. */
export function nameConflicts(foreign: readonly SchemaObject[], { shapes, views }: VersionContent): readonly Problem[] {
  const needed = new Set([
    ...views,
    ...shapes.flatMap(({ name, constraints, indexes }) => [
      name,
      ...constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique').map((key) => key.name),
      ...indexes.map((index) => index.name),
    ]),
  ])
  return foreign.flatMap(({ type, identity, names }): readonly Problem[] => {
    const taken = names.filter((name) => needed.has(name))
    if (taken.length === 0) return []
    const detail = `${taken.map(identifier).join(', ')} is a name of the published version`
    return [{ place: `${type} ${identity}`, detail, remedy: 'rename it, or what is published' }]
  })
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
 * Views that read our tables, directly or through other views, in the order in which they must be replaced. PostgreSQL binds a view
 * to the tables that it was made on: without this it would show the retired version for ever.
 */
export async function dependentViews(
  { session, publication }: Target,
  ours: readonly PlacedRelation[],
  problems: Problem[],
): Promise<readonly { readonly name: string; readonly sql: string }[]> {
  const rows = await session.query<DependentView>(
    `with recursive selecting as materialized (
       select w.ev_class, d.refobjid
       from pg_catalog.pg_depend d join pg_catalog.pg_rewrite w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid and w.ev_type = '1'
       join pg_catalog.pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm')
       where d.refclassid = 'pg_class'::regclass and d.refobjid <> w.ev_class
     ), reading as (
       select w.ev_class as oid, 1 as level from selecting w where w.refobjid = any ($1::oid[])
       union
       select w.ev_class, reading.level + 1 from reading join selecting w on w.refobjid = reading.oid
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
