/**
 * Plans what the switch must carry over from the schema and tables that it replaces: rights,
 * comments, relations of the team inside the schema, and views on our tables anywhere. Read before the switch; what cannot be
 * carried over is reported by name. `plan` shows the same problems, and a run stops at them before anything is touched.
 */
import { asVitrineError, type Problem, VitrineError } from '../base/errors.ts'
import { type Dependent, dependentsOf } from '../catalogue/dependents.ts'
import { moveSql } from '../catalogue/objects.ts'
import { type PlacedRelation, relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { quietly } from '../postgres/quietly.ts'
import { retiredSchema } from '../publication/publication.ts'
import { type OwnRelation, ownRelations, registerSql } from '../record/made.ts'
import type { SwitchWay } from '../record/outcome.ts'
import { ownViews } from '../record/own-views.ts'
import { recordedVersion, type VersionContent } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { carriedParts } from './carry-parts.ts'
import { dependentViews, foreignObjects, immovable, nameConflicts } from './carry-relations.ts'
import { type CarriedRights, carriedRights, closeRelations } from './carry-rights.ts'
import { isWhole, keptVersion } from './kept.ts'
import { findWorkSchemas, switchWayOf } from './staging.ts'

/** Statements of the switch transaction. Schemas are named as they will be called after the switch. */
export interface CarryPlan {
  readonly way: SwitchWay
  /** What is ours in the published schema, and leaves. */
  readonly leaving: readonly OwnRelation[]
  /** What somebody added to our tables, for the staged ones. */
  readonly parts: readonly string[]
  readonly rights: CarriedRights
  readonly views: readonly string[]
  readonly comment: string | null
  /** Whether the older kept version stays kept, because the leaving one is empty or incomplete. */
  readonly sparesKept: boolean
  /** Relations that these statements lock, by their qualified names before the switch. */
  readonly locked: readonly string[]
}

/** Throws DEPENDENT_BLOCKS with everything that cannot be carried over to the version, which stands or will stand in `schema`. */
export async function planCarry(target: Target, schema: string, version: VersionContent): Promise<CarryPlan> {
  const { plan, problems } = await readCarry(target, schema, version)
  if (problems.length === 0) return plan
  throw new VitrineError('DEPENDENT_BLOCKS', { place: target.publication.schema, problems })
}

/** Makes the views about the runs of a version that is about to be published. */
export async function prepareSwitch(target: Target, schema: string, version: VersionContent): Promise<CarryPlan> {
  const { session, publication } = target
  const views = ownViews(publication, schema, version.views)
  await session.transaction(async () => {
    for (const { name, sql } of views) await session.execute(`${sql}; ${registerSql(publication, schema, name)}`)
    await closeRelations(
      session,
      schema,
      views.map(({ name }) => name),
    )
  })
  const carry = await planCarry(target, schema, version)
  for (const part of carry.parts) {
    await quietly(session, part).catch((error: unknown) => {
      const { code, sqlState, detail } = asVitrineError(error)
      throw new VitrineError(code, { place: part, detail, sqlState, cause: error })
    })
  }
  return carry
}

/**
 * Where tables are moved, the published schema stays itself, with its rights, its comment and whatever else stands in it.
 * `takenOver` are the OIDs of tables of another tool that leave too.
 */
export async function readCarry(
  target: Target,
  schema: string,
  version: VersionContent,
  takenOver: readonly string[] = [],
): Promise<{ readonly plan: CarryPlan; readonly problems: readonly Problem[] }> {
  const { session, publication } = target
  const way = await switchWayOf(session)
  const renames = way === 'rename'
  const leaving = [...(await ownRelations(target, [publication.schema])), ...(await takenRelations(target, takenOver))]
  const foreign = await foreignObjects(target, oidsOf(leaving))
  const parts = await carriedParts(target, schema, version, leaving)
  const comingBack = schema === retiredSchema(publication) ? await recordedVersion(target, 'kept') : null
  const outgoing = leaving.map(({ name }) => name)
  const rights = await carriedRights(target, schema, outgoing, version, comingBack)
  const problems: Problem[] = [
    ...notOwned(target, leaving),
    ...(await obstacles(target, leaving, version)),
    ...nameConflicts(foreign, version),
    ...parts.problems,
    ...(renames ? [...immovable(target, foreign), ...rights.problems, ...(await schemaTies(target, schema))] : []),
  ]
  const views = await dependentViews(target, leaving, problems)
  problems.push(...(await heldVersions(target, schema)))
  const [described] = await session.query<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_catalog.pg_namespace where nspname = $1",
    [publication.schema],
  )
  const plan: CarryPlan = {
    way,
    leaving,
    parts: parts.sql,
    rights,
    views: views.map(({ sql }) => sql),
    comment: described?.comment ?? null,
    // When tables are moved, a table cannot be dropped in the same transaction while a view of the team depends on it.
    sparesKept: (renames || views.length === 0) && (await sparesKept(target, schema, outgoing)),
    locked: [...(renames ? foreign.map(({ identity }) => identity) : []), ...views.map(({ name }) => name)],
  }
  return { plan, problems }
}

/**
 * Statements that move the objects of others into the incoming schema. Computed in the transaction of the
 * switch, because something may have been added since the plan. Throws DEPENDENT_BLOCKS.
 */
export async function foreignMoves(
  target: Target,
  incoming: string,
  leaving: readonly OwnRelation[],
): Promise<readonly string[]> {
  const foreign = await foreignObjects(target, oidsOf(leaving))
  const problems = immovable(target, foreign)
  if (problems.length > 0) throw new VitrineError('DEPENDENT_BLOCKS', { place: target.publication.schema, problems })
  return moveSql(foreign, incoming)
}

const oidsOf = (relations: readonly PlacedRelation[]) => relations.map(({ oid }) => oid)

const takenRelations = async ({ session, publication }: Target, oids: readonly string[]): Promise<OwnRelation[]> =>
  (await relationsIn(session, [publication.schema]))
    .filter(({ oid }) => oids.includes(oid))
    .map((relation) => ({ ...relation, built: false }))

/** What holds on to a schema itself: labels, which only their provider can give again, and a publication of all in one that comes. */
const schemaTies = async ({ session, publication }: Target, incoming: string): Promise<readonly Problem[]> =>
  (
    await session.query<{ place: string; remedy: string }>(
      `select format('security label of %I on %I', provider, nspname) as place, format('security label for %I on schema %I is null', provider, nspname) as remedy
       from pg_catalog.pg_seclabel join pg_catalog.pg_namespace n on classoid = 'pg_namespace'::regclass and objoid = n.oid where nspname in ($1, $2)
       union all
       select format('publication namespace %I in publication %I', nspname, pubname), format('alter publication %I drop tables in schema %I', pubname, nspname)
       from pg_catalog.pg_publication_namespace join pg_catalog.pg_namespace n on n.oid = pnnspid join pg_catalog.pg_publication p on p.oid = pnpubid
       where nspname = $2 order by 1`,
      [publication.schema, incoming],
    )
  ).map(({ place, remedy }) => ({ place, detail: 'it cannot be carried over to the next version', remedy }))

/** A complete kept version is replaced only by another complete one. */
async function sparesKept(target: Target, incoming: string, leaving: readonly string[]): Promise<boolean> {
  if (incoming === retiredSchema(target.publication)) return false
  const published = await recordedVersion(target, 'published')
  if (published?.filled === true && isWhole(published, leaving)) return false
  return (await keptVersion(target)).state === 'there'
}

const notOwned = ({ publication }: Target, ours: readonly PlacedRelation[]): readonly Problem[] =>
  ours
    .filter(({ owned }) => !owned)
    .map(({ schema, name, kind, owner }) => ({
      place: name,
      detail: `it belongs to ${owner}`,
      remedy: `alter ${kind === 'v' ? 'view' : 'table'} ${qualified(schema, name)} owner to ${identifier(publication.writer)}`,
    }))

/** What depends on tables that leave, in a way that no statement can move to the next version. */
async function obstacles(
  { session }: Target,
  ours: readonly PlacedRelation[],
  { shapes, views }: VersionContent,
): Promise<readonly Problem[]> {
  const next = new Map(
    shapes.map((shape) => [shape.name, new Map(shape.columns.map(({ name, type }) => [name, type]))]),
  )
  const types = await columnTypes(session, ours)
  const dependents = await dependentsOf(session, oidsOf(ours))
  const fixed = [...new Set(dependents.filter(({ isView }) => !isView).map(({ what }) => what))].map((what) => ({
    place: what,
    detail: 'it depends on the published tables, and cannot be carried over to the next version',
    remedy: 'move it to another schema, or make it a view or a query',
  }))
  const broken = dependents
    .filter(({ isView }) => isView)
    .flatMap((view): readonly Problem[] => {
      const lost = views.includes(view.table) ? [] : lostColumns(view, next.get(view.table), types)
      if (lost.length === 0) return []
      const detail = `it reads ${lost.join(', ')}, which goes or changes its type`
      return [{ place: view.what, detail, remedy: `change or drop ${view.what}` }]
    })
  return [...fixed, ...broken]
}

/** Columns that a view reads and that disappear or change their type; the table itself if it disappears. */
function lostColumns(
  { table, columns }: Dependent,
  next: ReadonlyMap<string, string> | undefined,
  types: ReadonlyMap<string, string>,
): readonly string[] {
  if (next === undefined) return [table]
  return columns
    .map((column) => `${table}.${column}`)
    .filter((place) => next.get(place.slice(table.length + 1)) !== types.get(place))
}

/** By `table.column`. */
async function columnTypes(
  session: Target['session'],
  tables: readonly PlacedRelation[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ place: string; type: string }>(
    `select c.relname || '.' || a.attname as place, format_type(a.atttypid, a.atttypmod) as type
     from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
     where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped`,
    [oidsOf(tables)],
  )
  return new Map(rows.map(({ place, type }) => [place, type]))
}

/** A view of the team on a retired version is a problem: it would show that version's rows for ever. */
async function heldVersions(target: Target, incoming: string): Promise<readonly Problem[]> {
  const { session, publication } = target
  if (incoming === retiredSchema(publication)) return []
  const left = (await findWorkSchemas(target)).filter(({ ours, name }) => ours && name !== incoming)
  const relations = await relationsIn(
    session,
    left.map(({ name }) => name),
  )
  return outsideProblems(await dependentsOf(session, oidsOf(relations)))
}

/** Problems for a drop: what others built on the relations. */
export function outsideProblems(dependents: readonly Dependent[]): readonly Problem[] {
  const tables = new Map<string, string[]>()
  for (const { what, table, outside } of dependents) {
    if (outside) tables.set(what, [...(tables.get(what) ?? []), table])
  }
  return [...tables].map(([what, on]) => ({
    place: what,
    detail: `it depends on ${[...new Set(on)].join(', ')}`,
    remedy: 'drop it, or take its reference to the published tables away',
  }))
}
