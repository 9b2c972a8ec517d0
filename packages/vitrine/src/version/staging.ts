/**
 * The staging schema: where the next version is built out of the reader's sight. Creates it, loads a table into it, puts
 * keys and indexes after the load, foreign keys last; removes what a dead run left. Where schemas cannot be created, they
 * were made beforehand, and are emptied instead of dropped. The switch itself is in `switch.ts`.
 */

import { VitrineError } from '../base/errors.ts'
import { namesIn } from '../catalogue/relations.ts'
import { type CopyRequest, type CopyResult, copyRows } from '../copy/copy.ts'
import { addConstraintSql, commentSql, createIndexSql, createTableSql } from '../migration/ddl.ts'
import { namingBlockers } from '../postgres/blockers.ts'
import type { Session } from '../postgres/connect.ts'
import { type Publication, retiredSchema, stagingSchema } from '../publication/publication.ts'
import { type ConstraintShape, shapeOf, type TableShape } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { switchWayOf } from './way.ts'

/** Marks the schemas that are ours to drop; a schema of the same name without it belongs to somebody else. */
const MARK = 'vitrine:'

export const markOf = (publication: Publication, use: 'staging' | 'retired'): string =>
  `${MARK} ${use} area of ${publication.name}`

export interface OurSchema {
  readonly name: string
  readonly ours: boolean
  /** The session's role may act as its owner. */
  readonly owned: boolean
  /** No relation stands in it. */
  readonly empty: boolean
}

/** The staging and retired schemas present in the target, set-aside ones included. */
export async function findWorkSchemas(target: Session, publication: Publication): Promise<readonly OurSchema[]> {
  const [staging, retired] = [stagingSchema(publication), retiredSchema(publication)]
  return target.query<OurSchema>(
    `select n.nspname as name, coalesce(obj_description(n.oid, 'pg_namespace') like $3, false) as ours,
            pg_has_role(current_user, n.nspowner, 'usage') as owned,
            not exists (select from pg_catalog.pg_class c where c.relnamespace = n.oid) as empty
     from pg_catalog.pg_namespace n
     where n.nspname in ($1, $2) or (starts_with(n.nspname, $2 || '_') and obj_description(n.oid, 'pg_namespace') like $3)
     order by n.nspname`,
    [staging, retired, `${MARK}%`],
  )
}

/**
 * Throws STAGING_NAME_TAKEN when a schema of somebody else has one of our names; PRIVILEGE_MISSING when the writer may not
 * create schemas and one of those that it needs was not made beforehand.
 */
export async function requireWorkSchemas(target: Session, publication: Publication): Promise<void> {
  const found = await findWorkSchemas(target, publication)
  const taken = found.filter(({ ours }) => !ours)
  if (taken.length > 0) {
    throw new VitrineError('STAGING_NAME_TAKEN', {
      place: taken.map(({ name }) => name).join(', '),
      remedy: taken.map(({ name }) => `alter schema ${identifier(name)} rename to …`).join('; '),
    })
  }
  if ((await switchWayOf(target)) === 'rename') return
  const missing = [stagingSchema(publication), retiredSchema(publication)].filter(
    (name) => !found.some((schema) => schema.name === name && schema.owned),
  )
  if (missing.length === 0) return
  throw new VitrineError('PRIVILEGE_MISSING', {
    place: 'target',
    detail: `${publication.writer} may not create schemas in the database, and was not given ${missing.join(' and ')} either.`,
    remedy: 'Run `vitrine provision` as an administrator, with --without-create when the right is to stay refused.',
  })
}

/** The schemas of ours that are emptied and never dropped, because the writer could not make them again. */
export async function lastingSchemas(target: Session, publication: Publication): Promise<readonly string[]> {
  const moves = (await switchWayOf(target)) === 'move'
  return moves ? [stagingSchema(publication), retiredSchema(publication)] : []
}

/**
 * Drops the views or the tables of a schema of ours, or the one named. One statement, because they refer to each other.
 * Throws SWITCH_BLOCKED, which names who keeps them.
 */
export async function dropRelations(
  target: Session,
  schema: string,
  kind: 'r' | 'v',
  name: string | null = null,
): Promise<void> {
  const relations = await target.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind = $2 and ($3::text is null or c.relname = $3) order by 1`,
    [schema, kind, name],
  )
  if (relations.length === 0) return
  const names = relations.map((relation) => qualified(schema, relation.name))
  await named(target, names, () => target.execute(`drop ${kind === 'v' ? 'view' : 'table'} ${names.join(', ')}`))
}

/** One try, whose failure names who keeps the relations. */
async function named(target: Session, relations: readonly string[], work: () => Promise<void>): Promise<void> {
  const begun = performance.now()
  try {
    await work()
  } catch (error) {
    throw await namingBlockers(target, error, relations, { tries: 1, milliseconds: performance.now() - begun })
  }
}

/**
 * Drops a schema of ours, object by object: whatever depends on them from outside stops the drop instead of vanishing.
 * Where the writer could not make it again, the staging and the retired schema are only emptied.
 */
export async function clearWorkSchema(target: Session, publication: Publication, schema: string): Promise<void> {
  const stays = (await lastingSchemas(target, publication)).includes(schema)
  const clear = async () => {
    await target.execute("set local lock_timeout = '2s'")
    await dropRelations(target, schema, 'v')
    await dropRelations(target, schema, 'r')
    if (!stays) await target.execute(`drop schema ${identifier(schema)}`)
  }
  await named(target, await namesIn(target, [schema]), () => target.transaction(clear))
}

/** Removes the staging schema if there is one. The caller holds the run lock. */
export async function dropStaging(target: Session, publication: Publication): Promise<void> {
  const schema = stagingSchema(publication)
  const left = await findWorkSchemas(target, publication)
  if (left.some(({ name, ours }) => ours && name === schema)) await clearWorkSchema(target, publication, schema)
}

/** An empty staging schema. What a dead run left under its name is removed first: the run lock proves that it is dead. */
export async function openStaging(target: Session, publication: Publication): Promise<string> {
  const schema = stagingSchema(publication)
  await dropStaging(target, publication)
  if ((await switchWayOf(target)) === 'rename') {
    await target.execute(
      `create schema ${identifier(schema)}; comment on schema ${identifier(schema)} is ${literal(markOf(publication, 'staging'))}`,
    )
  }
  return schema
}

/** The shape of a table as it stands in the staging schema: its references point to staged tables. */
export const stagedShape = (table: PublishedTable, publication: Publication): TableShape =>
  shapeOf(table, { ...publication, schema: stagingSchema(publication) })

export type Load = Pick<CopyRequest, 'source' | 'reading' | 'select' | 'rewriter' | 'signal' | 'progress'> & {
  /** In the order of the SELECT's fields. */
  readonly columns: readonly string[]
}

/** Creates a staged table and loads it in one transaction, so that its rows are frozen: visible to every snapshot. */
export async function loadTable(target: Session, shape: TableShape, schema: string, load: Load): Promise<CopyResult> {
  const result = await beginLoaded(target, shape, schema, load)
  await target.execute('commit')
  return result
}

/** Begins a transaction, in which it creates and loads a table. */
async function beginLoaded(target: Session, shape: TableShape, schema: string, load: Load): Promise<CopyResult> {
  await target.execute(`begin; ${createTableSql(schema, shape)}`)
  const { columns, ...copy } = load
  const into = `${qualified(schema, shape.name)} (${columns.map(identifier).join(', ')})`
  return copyRows({ ...copy, target: target.client, into, freeze: true })
}

/**
 * Creates, loads and finishes a staged table in one transaction. A pg_dump that begins meanwhile takes a lock on every table
 * that it sees, for as long as it lasts, and a key cannot be added to such a table: it must see none before its keys are
 * there. `copied` is called in between, when the last row has been read.
 */
export async function buildTable(
  target: Session,
  shape: TableShape,
  schema: string,
  load: Load,
  copied: () => Promise<void>,
): Promise<CopyResult> {
  const result = await beginLoaded(target, shape, schema, load)
  await copied()
  await addKeysAndComments(target, shape, schema)
  await target.execute('commit')
  return result
}

/** What a loaded table needs besides, in a transaction of its own. */
export const finishTable = (target: Session, shape: TableShape, schema: string): Promise<void> =>
  target.transaction(() => addKeysAndComments(target, shape, schema))

/** Keys and indexes (built after the load: half the cost of keeping them up to date during it), statistics, comments. */
async function addKeysAndComments(target: Session, shape: TableShape, schema: string): Promise<void> {
  for (const constraint of keysOf(shape)) {
    try {
      await target.execute(`savepoint before_key; ${addConstraintSql(schema, shape.name, constraint)}`)
    } catch (error) {
      // The rows that share a key can be counted only where they still are.
      await target.execute('rollback to savepoint before_key')
      throw error instanceof VitrineError && error.code === 'KEY_DUPLICATE'
        ? await duplicateKey(target, shape, schema, constraint, error)
        : error
    }
  }
  const indexes = shape.indexes.map((index) => createIndexSql(schema, shape.name, index))
  const rest = [...indexes, `analyze ${qualified(schema, shape.name)}`, ...commentSql(schema, shape)]
  await target.execute(rest.join('; '))
}

const keysOf = (shape: TableShape): readonly ConstraintShape[] =>
  shape.constraints.filter(({ kind }) => kind === 'primary key' || kind === 'unique')

async function duplicateKey(
  target: Session,
  shape: TableShape,
  schema: string,
  constraint: ConstraintShape,
  cause: unknown,
): Promise<VitrineError> {
  const columns = constraint.columns.map(identifier).join(', ')
  const [found] = await target.query<{ rows: string }>(
    `select coalesce(sum(n), 0)::text as rows
     from (select count(*) as n from ${qualified(schema, shape.name)} group by ${columns} having count(*) > 1) as repeated`,
  )
  const place = `${shape.name}.${constraint.columns.join(', ')}`
  return new VitrineError('KEY_DUPLICATE', {
    place,
    detail: `${found?.rows ?? '?'} rows share a key with another row.`,
    cause,
  })
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

/** Declares all foreign keys without checking them: short locks, one after another, so that two never deadlock. */
export async function declareReferences(
  target: Session,
  schema: string,
  references: readonly StagedReference[],
): Promise<void> {
  for (const { table, constraint } of references) {
    await target.execute(`${addConstraintSql(schema, table, constraint)} not valid`)
  }
}

/** Checks one declared foreign key; several may be checked at once on several sessions. Throws REFERENCE_BROKEN. */
export async function validateReference(target: Session, schema: string, reference: StagedReference): Promise<void> {
  const { table, constraint } = reference
  try {
    await target.execute(`alter table ${qualified(schema, table)} validate constraint ${identifier(constraint.name)}`)
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== 'REFERENCE_BROKEN') throw error
    const rows = await brokenReferences(target, schema, reference)
    const place = `${table}.${constraint.columns.join(', ')}`
    throw new VitrineError('REFERENCE_BROKEN', {
      place,
      detail: `${rows} rows refer to no row of ${constraint.references}.`,
      cause: error,
    })
  }
}

/** How many staged rows refer to a row that is not staged. */
export async function brokenReferences(target: Session, schema: string, reference: StagedReference): Promise<number> {
  const { table, constraint } = reference
  const column = identifier(constraint.columns[0] ?? '')
  const key = /REFERENCES .*\((.+?)\)/.exec(constraint.definition)?.[1] ?? ''
  const [found] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from ${qualified(schema, table)} as a
     where a.${column} is not null
       and not exists (select from ${qualified(schema, constraint.references ?? '')} as b where b.${key} = a.${column})`,
  )
  return found?.rows ?? 0
}
