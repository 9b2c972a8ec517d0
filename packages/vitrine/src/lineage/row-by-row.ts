/**
 * Which rows of the source a published row is made of: of one row of one table alone, or of rows of several, each of which belongs
 * to a value of the published key. Then a row that has not changed there gives what it gave before. Closed lists over
 * PostgreSQL's parse tree; what is not on them has a reason in words.
 */
import type { SelectStmt } from 'libpg-query'
import type { Source } from '../publication/register.ts'
import type { PublishedColumn } from '../publication/table.ts'
import type { SqlType } from '../sql/sql-type.ts'
import { type Known, NotRowByRow } from './row-expressions.ts'
import { type ColumnsOf, NOTHING, Query, Text } from './row-query.ts'
import { pathsFrom, type Reference, type Tie } from './ties.ts'

export interface RowByRow {
  /** Each table that the query names, with all columns that it reads of it. */
  readonly relations: readonly ColumnsOf[]
  /** Rows are those of this one table: by which alias. Null where they are made of more. */
  readonly alias: string | null
  /** Numbers and uuids of the published key that are columns of one table of the query; none where there is no such column. */
  readonly link: readonly string[]
  /** For each time that the query names a table, which values of the link its rows belong to. */
  readonly ties: readonly Tie[]
  /** Each must hold a key of its table, or the order of rows would be anybody's guess. */
  readonly unique: readonly ColumnsOf[]
}

const byTable = (references: readonly Reference[]): readonly ColumnsOf[] => {
  const found = new Map<string, Set<string>>()
  for (const { table, columns } of references) found.set(table, new Set([...(found.get(table) ?? []), ...columns]))
  return [...found].map(([table, columns]) => ({ table, columns: [...columns].sort() }))
}

const NUMBERS: readonly string[] = ['smallint', 'integer', 'bigint']
/** Whether they have the same values, whichever server looks at them. */
const isLink = (one: SqlType, other: Known['type']): boolean =>
  other !== null &&
  !one.array &&
  !other.array &&
  ((NUMBERS.includes(one.kind) && NUMBERS.includes(other.kind)) || (one.kind === 'uuid' && other.kind === 'uuid'))

/** What the query reads, or in words why its rows cannot be told one by one. `key` are the columns of the published key. */
export function rowByRow(
  query: SelectStmt,
  source: Source,
  key: readonly Pick<PublishedColumn, 'name' | 'type'>[],
): RowByRow | string {
  try {
    const text = new Text(source)
    const top = new Query(text, null)
    const outputs = top.read(query, true)
    const linked = key.flatMap(({ name, type }) => {
      const output = outputs.get(name) ?? NOTHING
      return output.column === null || !output.leads || !isLink(type, output.type)
        ? []
        : [{ name, column: output.column }]
    })
    const root = linked[0]?.column.reference
    const link = linked.filter(({ column }) => column.reference === root)
    return {
      relations: byTable(text.references),
      alias: top.isPlain ? (top.first?.alias ?? null) : null,
      link: link.map(({ name }) => name),
      ties: pathsFrom(
        text.references,
        text.equalities,
        link.map(({ column }) => column),
      ),
      unique: text.unique,
    }
  } catch (problem) {
    if (problem instanceof NotRowByRow) return problem.message
    throw problem
  }
}
