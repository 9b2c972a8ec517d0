/**
 * What the switch must carry over, because it belongs to the schema or to tables that are about to be replaced: rights,
 * comments, relations of the team inside the schema, and views on our tables anywhere. Read before the switch; what cannot be
 * carried over is reported by name. `plan` shows the same problems, and a run stops at them before anything is touched.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { type Dependent, dependentsOf } from '../catalogue/dependents.ts'
import { type PlacedRelation, relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { retiredSchema } from '../publication/publication.ts'
import type { SwitchWay } from '../record/outcome.ts'
import { ownViews } from '../record/own-views.ts'
import { namesOf, recordedVersion, type VersionContent } from '../record/versions.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { dependentViews, foreignObjects, foreignRelations } from './carry-relations.ts'
import { carriedRights } from './carry-rights.ts'
import { findWorkSchemas, switchWayOf } from './staging.ts'

/** Statements of the switch transaction. The published and the retired schema have the names of after the switch. */
export interface CarryPlan {
  readonly way: SwitchWay
  /** Names of what is ours in the published schema, and leaves. */
  readonly outgoing: readonly string[]
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

/** Throws DEPENDENT_BLOCKS with everything that cannot be carried over to the version, which stands or will stand in `schema`. */
export async function planCarry(target: Target, schema: string, version: VersionContent): Promise<CarryPlan> {
  const { plan, problems } = await readCarry(target, schema, version)
  if (problems.length === 0) return plan
  throw new VitrineError('DEPENDENT_BLOCKS', { place: target.publication.schema, problems })
}

/** Makes the views about the runs, and gives the rights again, on a version that is about to be published. */
export async function prepareSwitch(target: Target, schema: string, version: VersionContent): Promise<CarryPlan> {
  const { session, publication } = target
  for (const { sql } of ownViews(publication, schema)) await session.execute(sql)
  const carry = await planCarry(target, schema, version)
  if (carry.tableGrants.length > 0) await session.execute(carry.tableGrants.join('; '))
  return carry
}

/**
 * Where tables are moved, the published schema stays itself, with its rights, its comment and whatever else stands in it.
 * `takenOver` are tables of another tool that leave too.
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
  const published = await recordedVersion(target, 'published')
  const outgoing = [...(published === null ? [] : namesOf(published)), ...takenOver]
  const ours = (await relationsIn(session, [publication.schema])).filter(({ name }) => outgoing.includes(name))
  const problems: Problem[] = [...notOwned(target, ours), ...(await obstacles(target, ours, version))]
  const foreign = await foreignRelations(target, outgoing, problems, renames)
  problems.push(...nameConflicts(target, foreign, version))
  const views = await dependentViews(target, ours, problems)
  const rights = await carriedRights(target, schema, version)
  if (renames) problems.push(...(await foreignObjects(target)), ...rights.problems)
  problems.push(...(await heldVersions(target, schema)))
  const [described] = await session.query<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_catalog.pg_namespace where nspname = $1",
    [publication.schema],
  )
  const moves = renames ? foreign : []
  const plan: CarryPlan = {
    way,
    outgoing,
    tableGrants: rights.tables,
    schemaGrants: rights.schema,
    moves: moves.map(({ sql }) => sql),
    views: views.map(({ sql }) => sql),
    defaults: renames ? rights.defaults : [],
    comment: described?.comment ?? null,
    locked: [...moves.map(({ name }) => qualified(publication.schema, name)), ...views.map(({ name }) => name)],
  }
  return { plan, problems }
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
  const dependents = await dependentsOf(
    session,
    ours.map(({ oid }) => oid),
  )
  const immovable = [...new Set(dependents.filter(({ isView }) => !isView).map(({ what }) => what))].map((what) => ({
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
  return [...immovable, ...broken]
}

/** The columns of a table that a view reads, and that go or change their type; the table itself if it goes. */
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
    [tables.map(({ oid }) => oid)],
  )
  return new Map(rows.map(({ place, type }) => [place, type]))
}

/** A relation of the team that has the name of a published one would be in its place. */
const nameConflicts = (
  { publication }: Target,
  foreign: readonly { readonly name: string; readonly word: string }[],
  { shapes, views }: VersionContent,
): readonly Problem[] =>
  foreign
    .filter(({ name }) => views.includes(name) || shapes.some((shape) => shape.name === name))
    .map(({ name, word }) => ({
      place: name,
      detail: `a ${word} has the name of a published relation`,
      remedy: `alter ${word} ${qualified(publication.schema, name)} rename to …, or rename the published one`,
    }))

/** Versions that have left must not be held by a view that was made on them: it would show their rows for ever. */
async function heldVersions(target: Target, incoming: string): Promise<readonly Problem[]> {
  const { session, publication } = target
  if (incoming === retiredSchema(publication)) return []
  const left = (await findWorkSchemas(target)).filter(({ ours, name }) => ours && name !== incoming)
  const relations = await relationsIn(
    session,
    left.map(({ name }) => name),
  )
  return outsideProblems(
    await dependentsOf(
      session,
      relations.map(({ oid }) => oid),
    ),
  )
}

/** What is built on relations from outside, for whoever would drop them. */
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
