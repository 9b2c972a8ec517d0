/**
 * Builds one table of the next version. It is created and loaded in one transaction, so that its rows are frozen and every snapshot sees
 * them. Keys and indexes come after the load, at half the cost; foreign keys come last.
 */
import { VitrineError } from '../base/errors.ts'
import { LONGEST_MS } from '../base/limits.ts'
import type { Target } from '../catalogue/target.ts'
import { type CopyRequest, type CopyResult, copyRows } from '../copy/copy.ts'
import type { Session } from '../postgres/connect.ts'
import { quietly } from '../postgres/quietly.ts'
import { type Publication, stagingSchema } from '../publication/publication.ts'
import { type ConstraintShape, shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { registerSql } from '../record/made.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { closeRelations } from './carry-rights.ts'
import { addConstraintSql, checkedSql, commentSql, createIndexSql, createTableSql, requiredSql } from './ddl.ts'

/** The shape of a table as it stands in the staging schema: its references point to staged tables. */
export const stagedShape = (table: PublishedTable, publication: Publication): TableShape =>
  shapeOf(table, { ...publication, schema: stagingSchema(publication) })

export type Load = Pick<CopyRequest, 'source' | 'reading' | 'select' | 'rows' | 'signal' | 'progress' | 'reads'> & {
  /** In the order of the SELECT's fields. */
  readonly columns: readonly string[]
}

/**
 * Creates, loads and finishes a staged table, in one transaction: a pg_dump that starts in between would lock
 * every table that it sees, and no key could be added. `copied` is called when the last row has been read;
 * without a `load` the table stays empty. No row of a load has NULL in a column that is NOT NULL. Returns as `writer`
 * the transaction that wrote its rows.
 */
export async function buildTable(
  { session, publication }: Target,
  shape: TableShape,
  schema: string,
  load: Load | null,
  copied: () => Promise<void> = async () => undefined,
): Promise<CopyResult & { readonly writer: string | null }> {
  await session.execute(`begin; ${createTableSql(schema, shape)}; ${requiredSql(schema, shape)}`)
  const result = load === null ? EMPTY : await copyInto({ session, publication }, shape, schema, load)
  await session.execute(checkedSql(schema, shape))
  await copied()
  await addKeysAndComments(session, shape, schema)
  await closeRelations(session, schema, [shape.name])
  const [written] = await session.query<{ writer: string }>('select pg_catalog.pg_current_xact_id()::text as writer')
  await session.execute(`${registerSql(publication, schema, shape.name)}; commit`)
  return { ...result, writer: written?.writer ?? null }
}

const EMPTY: CopyResult = {
  read: 0,
  written: 0,
  dropped: 0,
  bytes: 0,
  unknown: {},
  unknownKeys: {},
  looksBeyond: false,
}

async function copyInto({ session, publication }: Target, shape: TableShape, schema: string, load: Load) {
  const { columns, ...copy } = load
  const into = `${qualified(schema, shape.name)} (${columns.map(identifier).join(', ')})`
  const request: CopyRequest = { ...copy, target: session.client, into, freeze: true }
  if (typeof load.select === 'string') return copyRows(request)
  // This one statement loads the rows of many ranges, each of which has the time limit for itself.
  const { statementTimeoutMs } = publication.limits
  const bound = (milliseconds: number) =>
    session.execute(`set local statement_timeout = ${Math.min(milliseconds, LONGEST_MS)}`)
  await bound(statementTimeoutMs * load.select.length)
  const result = await copyRows(request)
  await bound(statementTimeoutMs)
  return result
}

async function addKeysAndComments(session: Session, shape: TableShape, schema: string): Promise<void> {
  const keys = shape.constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique')
  for (const constraint of keys) {
    try {
      await session.execute('savepoint before_key')
      await quietly(session, addConstraintSql(schema, shape.name, constraint))
    } catch (error) {
      // Duplicate keys must be counted before the rows are rolled back.
      await session.execute('rollback to savepoint before_key')
      throw error instanceof VitrineError && error.code === 'KEY_DUPLICATE'
        ? await duplicateKey(session, shape, schema, constraint, error)
        : error
    }
  }
  const indexes = shape.indexes.map((index) => createIndexSql(schema, shape.name, index))
  const rest = [...indexes, `analyze ${qualified(schema, shape.name)}`, ...commentSql(schema, shape)]
  await session.execute(rest.join('; '))
}

async function duplicateKey(
  session: Session,
  shape: TableShape,
  schema: string,
  constraint: ConstraintShape,
  cause: unknown,
): Promise<VitrineError> {
  const columns = constraint.columns.map(identifier).join(', ')
  const [found] = await session.query<{ rows: string }>(
    `select coalesce(sum(n), 0)::text as rows
     from (select count(*) as n from ${qualified(schema, shape.name)} group by ${columns} having count(*) > 1) as repeated`,
  )
  const place = `${shape.name}.${constraint.columns.join(', ')}`
  const detail = `${found?.rows ?? '?'} rows share a key with another row.`
  return new VitrineError('KEY_DUPLICATE', { place, detail, cause })
}

export interface StagedReference {
  readonly table: string
  readonly constraint: ConstraintShape
}

export const referencesOf = (shapes: readonly TableShape[]): readonly StagedReference[] =>
  shapes.flatMap((shape) =>
    shape.constraints
      .filter(({ kind }) => kind === 'foreign key')
      .map((constraint) => ({ table: shape.name, constraint })),
  )

/** Those from one of these tables to another, or to itself. */
export const referencesWithin = (shapes: readonly TableShape[]): readonly StagedReference[] =>
  referencesOf(shapes).filter(({ constraint }) => shapes.some(({ name }) => name === constraint.references))

/** Declares all foreign keys without checking them. One after another, with short locks, so that they never deadlock. */
export async function declareReferences(
  session: Session,
  schema: string,
  references: readonly StagedReference[],
): Promise<void> {
  for (const { table, constraint } of references) {
    await session.execute(`${addConstraintSql(schema, table, constraint)} not valid`)
  }
}

/** Checks one declared foreign key; several may be checked at once on several sessions. Throws REFERENCE_BROKEN. */
export async function validateReference(session: Session, schema: string, reference: StagedReference): Promise<void> {
  const { table, constraint } = reference
  const validate = `alter table ${qualified(schema, table)} validate constraint ${identifier(constraint.name)}`
  await quietly(session, validate).catch(async (error: unknown) => {
    throw await brokenReference(session, schema, reference, error)
  })
}

/** What a server refused, with the place and the number of rows where that is a broken reference. */
export async function brokenReference(
  session: Session,
  schema: string,
  reference: StagedReference,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof VitrineError) || error.code !== 'REFERENCE_BROKEN') return error
  const { table, constraint } = reference
  const rows = await brokenReferences(session, schema, reference)
  const place = `${table}.${constraint.columns.join(', ')}`
  const detail = `${rows} rows refer to no row of ${constraint.references}.`
  return new VitrineError('REFERENCE_BROKEN', { place, detail, cause: error })
}

/** How many staged rows refer to a row that is not staged. */
export async function brokenReferences(session: Session, schema: string, reference: StagedReference): Promise<number> {
  const { table, constraint } = reference
  const column = identifier(constraint.columns[0] ?? '')
  const key = /REFERENCES .*\((.+?)\)/.exec(constraint.definition)?.[1] ?? ''
  const [found] = await session.query<{ rows: number }>(
    `select count(*)::integer as rows from ${qualified(schema, table)} as a
     where a.${column} is not null
       and not exists (select from ${qualified(schema, constraint.references ?? '')} as b where b.${key} = a.${column})`,
  )
  return found?.rows ?? 0
}
