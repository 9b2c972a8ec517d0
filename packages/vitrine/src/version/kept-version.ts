/**
 * The version before the published one, kept out of the reader's sight for a rollback. Tells whether it can come back: it
 * must be there, whole, and of the shape that the definition has now. Called by `run/rollback.ts`.
 */
import { type Problem, VitrineError } from '../base/errors.ts'
import { readLiveShapes } from '../catalogue/live-shape.ts'
import { planMigration } from '../migration/plan.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema } from '../publication/publication.ts'
import { shapeOf } from '../publication/shape.ts'
import { findWorkSchemas } from './staging.ts'

/** The version that can come back. */
export interface KeptVersion {
  /** Its schema. */
  readonly schema: string
  /** Rows of each table, as recorded when it was published. */
  readonly rows: ReadonlyMap<string, number>
}

/**
 * Its history tables are not looked at, since they are filled again from the ledger. Throws VERSION_NOT_KEPT when there is
 * none or when it never had any rows, as what `migrate` has made before the first run; VERSION_DIFFERS with what `migrate`
 * has changed since.
 */
export async function requireKeptVersion(target: Session, publication: Publication): Promise<KeptVersion> {
  const schema = retiredSchema(publication)
  const there = (await findWorkSchemas(target, publication)).some(
    ({ name, ours, empty }) => ours && !empty && name === schema,
  )
  const rows = await keptCounts(target, publication.schema)
  if (!there || rows.size === 0) {
    const detail =
      publication.limits.versionsKept === 0
        ? 'The publication keeps none: versionsKept is 0.'
        : 'Nothing was published before the present version, or it was dropped.'
    throw new VitrineError('VERSION_NOT_KEPT', { place: publication.schema, detail })
  }
  const unfilled = publication.tables.filter(({ name }) => !rows.has(name))
  const problems = [
    ...(await differences(target, publication, schema)),
    ...unfilled.map(({ name }) => ({ place: name, detail: 'it is new since, and empty in the version before' })),
  ]
  if (problems.length > 0) throw new VitrineError('VERSION_DIFFERS', { place: publication.schema, problems })
  return { schema, rows }
}

/** Rights and the tool's own views are made anew by the switch: only tables count. */
async function differences(target: Session, publication: Publication, schema: string): Promise<readonly Problem[]> {
  const { writer, reader } = publication
  const live = await readLiveShapes(target, schema, { writer, reader })
  const histories = new Set(publication.histories.map(({ name }) => name))
  const tables = live.tables.filter(({ shape }) => !histories.has(shape.name))
  const wanted = publication.tables.map((table) => shapeOf(table, { ...publication, schema }))
  // What is there counts as made by the tool, so that only differences of shape are told.
  const made = wanted.filter(({ name }) => tables.some(({ shape }) => shape.name === name))
  const plan = planMigration({ ...live, tables, others: [] }, wanted, made, { schema, writer, reader, views: [] })
  const ofTables = plan.steps.filter(({ kind }) => kind !== 'grant' && kind !== 'missing reader')
  const unwanted = tables.filter(({ shape }) => !wanted.some(({ name }) => name === shape.name))
  return [
    ...plan.conflicts,
    ...ofTables.map(({ place, text }) => ({ place, detail: text })),
    ...unwanted.map(({ shape }) => ({ place: shape.name, detail: 'the definition has no such table any more' })),
  ]
}

async function keptCounts(target: Session, schema: string): Promise<ReadonlyMap<string, number>> {
  const rows = await target.query<{ name: string; rows: number }>(
    'select table_name as name, row_count::float8 as rows from vitrine.kept_freshness where schema_name = $1',
    [schema],
  )
  return new Map(rows.map(({ name, rows }) => [name, rows]))
}
