/**
 * What this tool made in the target, by OID: only that is ever moved or dropped, so that an object of others is never taken
 * for ours because of its name. A restored target has new OIDs: its versions are then recognised by name,
 * columns and owner, and whatever is not certain counts as belonging to others.
 */
import { readTables } from '../catalogue/live-shape.ts'
import { type PlacedRelation, relationsIn } from '../catalogue/relations.ts'
import type { Target } from '../catalogue/target.ts'
import { BOOKKEEPING_SCHEMA, type Publication } from '../publication/publication.ts'
import type { TableShape } from '../publication/shape.ts'
import { literal, qualified } from '../sql/quote.ts'
import { recordedVersion, versionOf } from './versions.ts'

export interface OwnRelation extends PlacedRelation {
  /** False for a table of another tool that was taken over: its indexes and keys are not ours to judge. */
  readonly built: boolean
}

const insertSql = ({ schema }: Publication, catalog: string, rows: string): string =>
  `insert into vitrine.made (schema_name, catalog, register, id, name, built)
   select ${literal(schema)}, ${literal(catalog)}::regclass, 'vitrine.made'::regclass, ${rows}
   on conflict (catalog, id) do update set schema_name = excluded.schema_name, register = excluded.register,
     name = excluded.name, built = excluded.built`

/** Registers a relation, in the transaction that makes it. `built` is false for one that is taken over. */
export const registerSql = (publication: Publication, schema: string, name: string, built = true): string =>
  insertSql(
    publication,
    'pg_class',
    `c.oid, c.relname, ${built} from pg_catalog.pg_class c where c.oid = ${literal(qualified(schema, name))}::regclass`,
  )

/** Registers a schema, which keeps its OID under any name. */
export const registerSchemaSql = (publication: Publication, schema: string): string =>
  insertSql(
    publication,
    'pg_namespace',
    `n.oid, n.nspname, true from pg_catalog.pg_namespace n where n.nspname = ${literal(schema)}`,
  )

interface Entry {
  readonly oid: string
  readonly name: string
  readonly built: boolean
}

/** Null when it is empty or was written in another database: after a restore the register's table has another OID. */
async function registered(target: Target, catalog: 'pg_class' | 'pg_namespace'): Promise<readonly Entry[] | null> {
  const { session, publication } = target
  // An administrator who only looks may not read the private schema.
  const [register] = await session.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'made' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
    [BOOKKEEPING_SCHEMA],
  )
  if (register === undefined) return null
  const entries = await session.query<Entry & { asked: boolean }>(
    `select id::text as oid, name, built, catalog = $2::regclass as asked from vitrine.made
     where schema_name = $1 and register = 'vitrine.made'::regclass`,
    [publication.schema, catalog],
  )
  return entries.length === 0 ? null : entries.filter(({ asked }) => asked)
}

/** OIDs of the schemas that this tool made. */
export const ownSchemas = async (target: Target): Promise<readonly string[]> =>
  ((await registered(target, 'pg_namespace')) ?? []).map(({ oid }) => oid)

/** The relations of ours in the schemas named. One that somebody has renamed is not ours any more. */
export async function ownRelations(target: Target, schemas: readonly string[]): Promise<readonly OwnRelation[]> {
  const found = await relationsIn(target.session, schemas)
  const entries = await registered(target, 'pg_class')
  if (entries === null) return recognised(target, found)
  const byOid = new Map(entries.map((entry) => [entry.oid, entry]))
  return found.flatMap((relation) => {
    const entry = byOid.get(relation.oid)
    return entry?.name === relation.name ? [{ ...relation, built: entry.built }] : []
  })
}

/** The same by their qualified names. */
export const ownNames = async (target: Target, schemas: readonly string[]): Promise<readonly string[]> =>
  (await ownRelations(target, schemas)).map(({ schema, name }) => qualified(schema, name))

/** The published tables are those of the recorded version; elsewhere those of any version that is known. */
async function recognised(target: Target, found: readonly PlacedRelation[]): Promise<readonly OwnRelation[]> {
  const { session, publication } = target
  const published = await recordedVersion(target, 'published')
  const kept = await recordedVersion(target, 'kept')
  const versions = [published, kept, versionOf(publication, true)].filter((version) => version !== null)
  const own: OwnRelation[] = []
  for (const schema of new Set(found.map((relation) => relation.schema))) {
    const known = schema !== publication.schema ? versions : published === null ? [] : [published]
    const tables = await readTables(session, schema, publication.writer)
    const live = new Map(tables.map(({ oid, shape }) => [oid, columnsOf(shape)]))
    const isOurs = ({ oid, name, kind }: PlacedRelation) =>
      known.some(({ shapes, views }) =>
        kind === 'v'
          ? views.includes(name)
          : shapes.some((shape) => shape.name === name && columnsOf(shape) === live.get(oid)),
      )
    const here = found.filter((relation) => relation.schema === schema && relation.owned)
    own.push(...here.filter(isOurs).map((relation) => ({ ...relation, built: true })))
  }
  return own
}

const columnsOf = ({ columns }: TableShape): string => JSON.stringify(columns.map(({ name, type }) => [name, type]))

/**
 * Brings the register up to date, before a version is built or dropped. Returns false when it was written in another database:
 * then what could be recognised was registered again, and other objects may or may not be copies of ours.
 */
export async function refreshRegister(target: Target, schemas: readonly string[]): Promise<boolean> {
  const { session, publication } = target
  if ((await registered(target, 'pg_class')) !== null) {
    await session.query(
      `delete from vitrine.made m where schema_name = $1 and catalog = 'pg_class'::regclass
         and not exists (select from pg_catalog.pg_class c where c.oid = m.id)`,
      [publication.schema],
    )
    return true
  }
  const own = await ownRelations(target, schemas)
  const forget = `delete from vitrine.made where schema_name = ${literal(publication.schema)}`
  await session.execute([forget, ...own.map(({ schema, name }) => registerSql(publication, schema, name))].join('; '))
  return false
}
