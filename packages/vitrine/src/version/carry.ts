/**
 * What the switch must carry over, because it belongs to the schema or to tables that are about to be replaced: grants,
 * default privileges, the schema's comment, relations of the team inside the schema, and views on our tables anywhere.
 * Read before the switch; what cannot be carried over is reported by name and stops the run before anything is touched.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { outsideDependents, relationsIn } from '../catalogue/relations.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, publishedRelations, retiredSchema } from '../publication/publication.ts'
import type { SwitchWay } from '../record/outcome.ts'
import { dependentViews, foreignRelations } from './carry-relations.ts'
import { defaultPrivileges, schemaRights, tableGrants } from './carry-rights.ts'
import { findWorkSchemas } from './staging.ts'
import { switchWayOf } from './way.ts'

/** Statements of the switch transaction. The published and the retired schema have the names of after the switch. */
export interface CarryPlan {
  readonly way: SwitchWay
  /** Before the reader can see the new schema, on the staged tables. */
  readonly tableGrants: readonly string[]
  readonly schemaGrants: readonly string[]
  readonly moves: readonly string[]
  readonly views: readonly string[]
  readonly defaults: readonly string[]
  readonly comment: string | null
  /** Relations that the statements above lock, by their qualified names of before the switch. */
  readonly locked: readonly string[]
}

/**
 * Reads everything to carry over. `staging` is where table grants are replayed. Throws DEPENDENT_BLOCKS. Where tables are
 * moved, the published schema stays itself, with its rights, its comment and whatever else stands in it.
 */
export async function planCarry(target: Session, publication: Publication, staging: string): Promise<CarryPlan> {
  const { schema } = publication
  const way = await switchWayOf(target)
  const renames = way === 'rename'
  const problems: Problem[] = [...(await immovableObjects(target, publication, renames))]
  const moves = renames ? await foreignRelations(target, publication, problems) : []
  const views = await dependentViews(target, publication, problems)
  const defaults = renames ? await defaultPrivileges(target, publication, problems) : []
  // Versions that have left must not be held by a view that was made on them meanwhile, as during a switch that waited:
  // it would show their rows for ever.
  const retired = retiredSchema(publication)
  if (staging !== retired) {
    const left = (await findWorkSchemas(target, publication)).filter(({ ours, name }) => ours && name !== staging)
    const relations = await relationsIn(
      target,
      left.map(({ name }) => name),
    )
    problems.push(...(await outsideDependents(target, relations)))
  }
  if (problems.length > 0) throw new VitrineError('DEPENDENT_BLOCKS', { place: schema, problems })
  const { grants, comment } = await schemaRights(target, publication)
  return {
    way,
    tableGrants: await tableGrants(target, publication, staging),
    schemaGrants: grants,
    moves: moves.map(({ sql }) => sql),
    views: views.map(({ sql }) => sql),
    defaults,
    comment,
    locked: [...moves, ...views].map(({ name }) => name),
  }
}

/**
 * Objects that read or guard our tables in a way that no statement can move to the next version; functions and types in the
 * schema too, when it is the schema that is replaced.
 */
async function immovableObjects(
  target: Session,
  publication: Publication,
  schemaToo: boolean,
): Promise<readonly Problem[]> {
  const names = publishedRelations(publication).map(({ name }) => name)
  const rows = await target.query<{ what: string }>(
    `with ours as (
       select c.oid, c.reltype from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = any ($2)
     ), dependent as (
       select d.classid, d.objid, d.objsubid
       from pg_catalog.pg_depend d join ours on (d.refclassid = 'pg_class'::regclass and d.refobjid = ours.oid)
         or (d.refclassid = 'pg_type'::regclass and d.refobjid in (ours.reltype, (select typarray from pg_catalog.pg_type where oid = ours.reltype)))
       where d.deptype in ('n', 'a')
         and d.classid not in ('pg_rewrite'::regclass, 'pg_attrdef'::regclass)
         and not (d.classid = 'pg_class'::regclass and (d.objid in (select oid from ours)
              or exists (select from pg_catalog.pg_class i where i.oid = d.objid and i.relkind in ('i', 'I', 'S'))))
         and not (d.classid = 'pg_constraint'::regclass and exists (
              select from pg_catalog.pg_constraint k where k.oid = d.objid and k.conrelid in (select oid from ours)))
         and not (d.classid = 'pg_trigger'::regclass and exists (
              select from pg_catalog.pg_trigger g where g.oid = d.objid and g.tgisinternal))
         and d.classid <> 'pg_type'::regclass
     )
     select distinct pg_describe_object(classid, objid, objsubid) as what from dependent
     union
     select pg_describe_object('pg_proc'::regclass, p.oid, 0) from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = $1 and $3
     union
     select pg_describe_object('pg_type'::regclass, t.oid, 0) from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
     where n.nspname = $1 and $3 and t.typrelid = 0 and t.typelem = 0
     order by 1`,
    [publication.schema, names, schemaToo],
  )
  return rows.map(({ what }) => ({
    place: what,
    detail:
      'it depends on the published tables or stands in their schema, and cannot be carried over to the next version',
    remedy: 'move it to another schema, or make it a view or a query',
  }))
}
