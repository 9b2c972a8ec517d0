/** The statements that make a published table out of its shape. Used by `build.ts`. */

import type { ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/**
 * Creates the table without bounds. If a loaded row broke a NOT NULL or CHECK, PostgreSQL would write the whole row into its log.
 * Bounds are added after the load.
 */
export const createTableSql = (schema: string, shape: TableShape, kind: 'table' | 'unlogged table' = 'table'): string =>
  `create ${kind} ${qualified(schema, shape.name)} (${shape.columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ')})`

/** Adds NOT NULL and CHECK to a loaded table, with one scan; an error then names only the column or the constraint. */
export function boundsSql(schema: string, shape: TableShape): string {
  const required = shape.columns.filter(({ nullable }) => !nullable)
  const bounds = [
    ...required.map(({ name }) => `alter column ${identifier(name)} set not null`),
    ...shape.constraints
      .filter(({ kind }) => kind === 'check')
      .map(({ name, definition }) => `add constraint ${identifier(name)} ${definition}`),
  ]
  return bounds.length === 0 ? '' : `alter table ${qualified(schema, shape.name)} ${bounds.join(', ')}`
}

export function addConstraintSql(schema: string, table: string, constraint: ConstraintShape): string {
  return `alter table ${qualified(schema, table)} add constraint ${identifier(constraint.name)} ${constraint.definition}`
}

export function createIndexSql(schema: string, table: string, index: IndexShape): string {
  return `create index ${identifier(index.name)} on ${qualified(schema, table)} (${index.columns.map(identifier).join(', ')})`
}

/** Comments of a table and all its columns. */
export function commentSql(schema: string, shape: TableShape): readonly string[] {
  const table = qualified(schema, shape.name)
  return [
    `comment on table ${table} is ${literal(shape.comment)}`,
    ...shape.columns.map(
      ({ name, comment }) => `comment on column ${table}.${identifier(name)} is ${literal(comment)}`,
    ),
  ]
}
