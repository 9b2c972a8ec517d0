/** The statements that make a published table out of its shape. Used by `build.ts`. */

import type { ColumnShape, ConstraintShape, IndexShape, TableShape } from '../publication/shape.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

const columnSql = ({ name, type, nullable }: ColumnShape): string =>
  `${identifier(name)} ${type}${nullable ? '' : ' not null'}`

/** The table with its columns and CHECK constraints, which cost nothing during a load; keys come after it. */
export function createTableSql(schema: string, shape: TableShape): string {
  const checks = shape.constraints
    .filter(({ kind }) => kind === 'check')
    .map(({ name, definition }) => `constraint ${identifier(name)} ${definition}`)
  return `create table ${qualified(schema, shape.name)} (${[...shape.columns.map(columnSql), ...checks].join(', ')})`
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
