/** Shapes for the planner's tests: two tables of a shop, and the live schema that they make. */

import type { LiveSchema, LiveTable } from '../../src/catalogue/live-shape.ts'
import { type MigrationPlan, type PlanSettings, planMigration } from '../../src/migration/plan.ts'
import type { ColumnShape, ConstraintShape, TableShape } from '../../src/publication/shape.ts'

export const settings: PlanSettings = {
  schema: 'shop',
  writer: 'writer',
  reader: 'reader',
  views: [
    {
      name: 'freshness',
      comment: 'How old.',
      columns: ['table_name', 'data_of'],
      tells: 'how old each table is',
      sql: 'create view shop.freshness …',
    },
  ],
}

export const column = (name: string, type: string, over: Partial<ColumnShape> = {}): ColumnShape => ({
  name,
  type,
  nullable: false,
  comment: `The ${name}.`,
  ...over,
})

export const primaryKey = (table: string, name: string): ConstraintShape => ({
  name: `${table}_pkey`,
  kind: 'primary key',
  definition: `PRIMARY KEY (${name})`,
  columns: [name],
  references: null,
})

export const unique = (table: string, name: string): ConstraintShape => ({
  name: `${table}_${name}_key`,
  kind: 'unique',
  definition: `UNIQUE (${name})`,
  columns: [name],
  references: null,
})

export const atLeast = (table: string, name: string, minimum: number): ConstraintShape => ({
  name: `${table}_${name}_check`,
  kind: 'check',
  definition: `CHECK ((${name} >= ${minimum}))`,
  columns: [name],
  references: null,
})

export const reference = (table: string, name: string, to: string, key = 'id'): ConstraintShape => ({
  name: `${table}_${name}_fkey`,
  kind: 'foreign key',
  definition: `FOREIGN KEY (${name}) REFERENCES shop.${to}(${key}) DEFERRABLE INITIALLY DEFERRED`,
  columns: [name],
  references: to,
})

export const customer: TableShape = {
  name: 'customer',
  comment: 'A customer.',
  columns: [
    column('id', 'bigint'),
    column('name', 'character varying(20)'),
    column('country', 'text', { nullable: true }),
  ],
  constraints: [primaryKey('customer', 'id'), unique('customer', 'name')],
  indexes: [],
}

export const purchase: TableShape = {
  name: 'purchase',
  comment: 'A purchase.',
  columns: [column('id', 'bigint'), column('customer_id', 'bigint'), column('amount', 'integer')],
  constraints: [
    primaryKey('purchase', 'id'),
    atLeast('purchase', 'amount', 0),
    reference('purchase', 'customer_id', 'customer'),
  ],
  indexes: [{ name: 'purchase_customer_id_idx', columns: ['customer_id'] }],
}

/** A table with rows, of the writer, readable. */
export const liveTable = (shape: TableShape, over: Partial<LiveTable> = {}): LiveTable => ({
  shape,
  owner: 'writer',
  owned: true,
  isEmpty: false,
  readable: true,
  identityColumns: [],
  generatedColumns: [],
  extras: [],
  ...over,
})

export const freshness = {
  name: 'freshness',
  kind: 'view',
  owner: 'writer',
  owned: true,
  readable: true,
  comment: 'How old.',
  columns: ['table_name', 'data_of'],
}

/** A schema in which nothing is to be done but for its tables. */
export const liveSchema = (tables: readonly LiveTable[], over: Partial<LiveSchema> = {}): LiveSchema => ({
  name: 'shop',
  exists: true,
  owner: 'writer',
  owned: true,
  writerExists: true,
  writerMayCreate: true,
  readerExists: true,
  readerMayEnter: true,
  tables,
  others: [freshness],
  dependents: [],
  ...over,
})

/** Plans with what was applied last being what is live, unless given. */
export function plan(
  live: LiveSchema,
  wanted: readonly TableShape[],
  applied: readonly TableShape[] | null = live.tables.map(({ shape }) => shape),
): MigrationPlan {
  return planMigration(live, wanted, applied, settings)
}

/** A table with one column replaced, added or (by null) removed. */
export function withColumn(table: TableShape, name: string, change: ColumnShape | null): TableShape {
  const rest = table.columns.filter((candidate) => candidate.name !== name)
  return { ...table, columns: change === null ? rest : [...rest, change] }
}

export const withoutConstraints = (table: TableShape, ...names: readonly string[]): TableShape => ({
  ...table,
  constraints: table.constraints.filter(({ name }) => !names.includes(name)),
})
