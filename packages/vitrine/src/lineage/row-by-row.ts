/**
 * Which source rows a published row is made of: one row of one table, or rows of several tables that each belong
 * to a value of the published key. If they have not changed, the published row has not either. Based on closed lists over
 * PostgreSQL's parse tree; for what is not listed, the reason is given in words.
 */
import type { SelectStmt } from 'libpg-query'
import type { Source } from '../publication/register.ts'
import type { PublishedColumn } from '../publication/table.ts'
import type { SqlType } from '../sql/sql-type.ts'
import { type KnownColumn, NotRowByRow } from './row-expressions.ts'
import { type ColumnsOf, RowQuery, Text, UNKNOWN_OUTPUT } from './row-query.ts'
import { pathsFrom, type TableMention, type Tie } from './ties.ts'

export interface RowByRow {
  /** Each table that the query names, with all columns that it reads of it. */
  readonly relations: readonly ColumnsOf[]
  /** The alias of the only table that rows are made of; null when they are made of several. */
  readonly alias: string | null
  /** The link: whole numbers and uuids of the published key that are columns of one table of the query; may be empty. */
  readonly link: readonly string[]
  /** For each mention of a table in the query: how its rows lead to values of the link. */
  readonly ties: readonly Tie[]
  /** Column sets by which rows are ordered. Each must contain a key of its table; otherwise the order is not defined. */
  readonly unique: readonly ColumnsOf[]
}

const byTable = (references: readonly TableMention[]): readonly ColumnsOf[] => {
  const found = new Map<string, Set<string>>()
  for (const { table, columns } of references) found.set(table, new Set([...(found.get(table) ?? []), ...columns]))
  return [...found].map(([table, columns]) => ({ table, columns: [...columns].sort() }))
}

const NUMBERS: readonly string[] = ['smallint', 'integer', 'bigint']
/** Whether two types have the same values, on any server. */
const isLink = (one: SqlType, other: KnownColumn['type']): boolean =>
  other !== null &&
  !one.array &&
  !other.array &&
  ((NUMBERS.includes(one.kind) && NUMBERS.includes(other.kind)) || (one.kind === 'uuid' && other.kind === 'uuid'))

/** What the query reads, or a text: why its rows do not depend on single source rows. `key`: the columns of the published key. */
export function rowByRow(
  query: SelectStmt,
  source: Source,
  key: readonly Pick<PublishedColumn, 'name' | 'type'>[],
): RowByRow | string {
  try {
    const text = new Text(source)
    const top = new RowQuery(text, null)
    const outputs = top.read(query, true)
    const linked = key.flatMap(({ name, type }) => {
      const output = outputs.get(name) ?? UNKNOWN_OUTPUT
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
