/** The statements that make a published table out of its shape. Used by `build.ts`. */

import type { ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/**
 * Creates the table without bounds. If a loaded row broke a NOT NULL or CHECK, PostgreSQL would write the whole row into its log.
 * Bounds are added after the load.
 */
export const createTableSql = (schema: string, shape: TableShape, kind: 'table' | 'unlogged table' = 'table'): string =>
  `create ${kind} ${qualified(schema, shape.name)} (${shape.columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ')})`

const requirements = ({ columns }: TableShape): readonly string[] =>
  columns.flatMap(({ name, nullable }) => (nullable ? [] : [`alter column ${identifier(name)} set not null`]))

const checks = ({ constraints }: TableShape): readonly string[] =>
  constraints.flatMap(({ kind, name, definition }) =>
    kind === 'check' ? [`add constraint ${identifier(name)} ${definition}`] : [],
  )

const alterSql = (schema: string, { name }: TableShape, actions: readonly string[]): string =>
  actions.length === 0 ? '' : `alter table ${qualified(schema, name)} ${actions.join(', ')}`

/** Adds NOT NULL to an empty table. No NULL may be sent to it later: the server would write the row into its log. */
export const requiredSql = (schema: string, shape: TableShape): string => alterSql(schema, shape, requirements(shape))

/** Adds CHECK to a loaded table; an error then names only the constraint. */
export const checkedSql = (schema: string, shape: TableShape): string => alterSql(schema, shape, checks(shape))

/** Adds both to a loaded table, with one scan; an error then names only the column or the constraint. */
export const boundsSql = (schema: string, shape: TableShape): string =>
  alterSql(schema, shape, [...requirements(shape), ...checks(shape)])

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
