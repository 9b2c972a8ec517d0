/**
 * The shape of published tables: what the target must look like, as plain comparable data. `shapeOf` derives it from the
 * definition; `catalogue/live-shape.ts` reads the same data from a database; `migration/shape-difference.ts` compares the two.
 */
import { createHash } from 'node:crypto'
import { identifier, literal, qualified } from '../sql/quote.ts'
import { type HistoryPart, type HistoryTable, historyPartOf, isHistory } from './history.ts'
import { type Publication, publishedRelations } from './publication.ts'
import { projectionOf } from './select-text.ts'
import type { PublishedTable } from './table.ts'

export interface ColumnShape {
  readonly name: string
  /** As PostgreSQL's format_type prints it. */
  readonly type: string
  readonly nullable: boolean
  readonly comment: string | null
}

export type ConstraintKind = 'primary key' | 'unique' | 'check' | 'foreign key'

export interface ConstraintShape {
  readonly name: string
  readonly kind: ConstraintKind
  /** As PostgreSQL's pg_get_constraintdef prints it, with the published schema's name before referenced tables. */
  readonly definition: string
  readonly columns: readonly string[]
  /** Name of the referenced table, for a foreign key. */
  readonly references: string | null
}

export interface IndexShape {
  readonly name: string
  readonly columns: readonly string[]
}

/** What fills a history table from the ledger: recorded with a version, so that an older one can be filled as well. */
export interface HistoryShape {
  readonly day: string
  /** The column that counts days from 2000-01-01, if there is one. */
  readonly number: string | null
  /** SQL literals of columns that were added later, for the days from before. */
  readonly earlier: Readonly<Record<string, string>>
}

export interface TableShape {
  readonly name: string
  readonly comment: string | null
  readonly columns: readonly ColumnShape[]
  readonly constraints: readonly ConstraintShape[]
  /** Plain indexes on foreign keys; those of constraints are not repeated. */
  readonly indexes: readonly IndexShape[]
  /** Null for a table that is computed anew each time. */
  readonly history: HistoryShape | null
}

/** The columns of its primary key. */
export const keyOf = ({ columns }: PublishedTable): readonly string[] =>
  columns.filter(({ isPrimaryKey }) => isPrimaryKey).map(({ name }) => name)

/** The primary key, to which other tables can refer; null when it has several columns. */
export function primaryKeyOf(table: PublishedTable): string | null {
  const [column, more] = keyOf(table)
  return more === undefined ? (column ?? null) : null
}

/** The shape that the definition of a table demands. The publication gives the schema and the referenced tables' keys. */
export function shapeOf(table: PublishedTable, publication: Publication): TableShape {
  const constraints: ConstraintShape[] = []
  const indexes: IndexShape[] = []
  const add = (
    kind: ConstraintKind,
    columns: readonly string[],
    suffix: string,
    definition: string,
    references: string | null = null,
  ) => constraints.push({ name: `${table.name}_${suffix}`, kind, definition, columns, references })
  const key = keyOf(table)
  if (key.length > 0) add('primary key', key, 'pkey', `PRIMARY KEY (${key.map(identifier).join(', ')})`)
  for (const column of table.columns) {
    const name = identifier(column.name)
    if (column.isUnique) add('unique', [column.name], `${column.name}_key`, `UNIQUE (${name})`)
    if (column.minimum !== null)
      add('check', [column.name], `${column.name}_check`, `CHECK ((${name} >= ${column.minimum}))`)
    if (column.reference !== null) {
      const target = column.reference().name
      const there = publication.tables.find((candidate) => candidate.name === target)
      const keyName = (there && primaryKeyOf(there)) ?? ''
      const points = `${qualified(publication.schema, target)}(${identifier(keyName)})`
      const definition = `FOREIGN KEY (${name}) REFERENCES ${points} DEFERRABLE INITIALLY DEFERRED`
      add('foreign key', [column.name], `${column.name}_fkey`, definition, target)
      indexes.push({ name: `${table.name}_${column.name}_idx`, columns: [column.name] })
    }
  }
  return {
    name: table.name,
    comment: table.comment,
    columns: table.columns.map(({ name, type, isNullable, comment }) => ({
      name,
      type: type.name,
      nullable: isNullable,
      comment,
    })),
    constraints,
    indexes,
    history: isHistory(table) ? historyShape(table) : null,
  }
}

function historyShape(table: HistoryTable): HistoryShape {
  const named = (part: HistoryPart) => table.columns.find((column) => historyPartOf(column) === part)?.name
  const earlier = Object.entries(table.earlier).map(([name, value]) => [name, literal(value)] as const)
  return { day: named('day') ?? '', number: named('number') ?? null, earlier: Object.fromEntries(earlier) }
}

/** The shapes of all tables, in the order of the publication, history tables last. */
export const shapesOf = (publication: Publication): readonly TableShape[] =>
  publishedRelations(publication).map((table) => shapeOf(table, publication))

/** The definition's fingerprint, 16 characters: it changes with any query, type, comment, key or closed list. */
export function fingerprintOf(publication: Publication): string {
  const hash = createHash('sha256')
  for (const table of publishedRelations(publication)) {
    hash.update(JSON.stringify(shapeOf(table, publication)))
    hash.update(projectionOf(table).sql)
    for (const column of table.columns) {
      if (column.value.kind !== 'computed') continue
      const { values, computation } = column.value.computed
      hash.update(JSON.stringify([column.name, values, ...(computation.domain === '' ? [] : [computation.domain])]))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
