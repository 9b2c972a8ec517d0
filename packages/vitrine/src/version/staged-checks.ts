/**
 * What is proved about the staged rows before the switch: as many rows as were read, no table that lost more than allowed,
 * none of the patterns of values that SQL can express. Not-null, lengths, keys and references are enforced by the tables
 * themselves.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { held, type Pattern } from '../publication/pattern.ts'
import { type PublishedTable, watchedPatterns } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { isTextual } from '../sql/sql-type.ts'

interface Search extends Pick<Pattern, 'told'> {
  readonly column: string
  readonly condition: string
}

/** What is searched once more, by PostgreSQL: values that came by another way than the source are seen here too. */
const searchesOf = (table: PublishedTable): readonly Search[] =>
  table.columns.flatMap((column) => {
    const name = identifier(column.name)
    const text = isTextual(column.type) && !column.type.array ? name : `${name}::text`
    return watchedPatterns(column).flatMap(({ told, sql }) =>
      sql === null ? [] : [{ column: column.name, told, condition: sql(text) }],
    )
  })

/** Counts the staged rows of a table, which may stand under another name, and searches them, in one scan. Throws COUNT_MISMATCH or PRIVACY_VIOLATION. */
export async function verifyRows(
  target: Session,
  schema: string,
  table: PublishedTable,
  written: number,
  relation = table.name,
): Promise<void> {
  const searches = searchesOf(table)
  const checks = searches.map(
    ({ condition }, index) => `, count(*) filter (where ${condition})::text as check_${index}`,
  )
  const [row] = await target.query<Record<string, string>>(
    `select count(*)::text as rows ${checks.join('')} from ${qualified(schema, relation)}`,
  )
  if (Number(row?.['rows']) !== written) {
    throw new VitrineError('COUNT_MISMATCH', {
      place: table.name,
      detail: `${written} rows were written, ${row?.['rows']} are there.`,
    })
  }
  const problems: Problem[] = searches.flatMap(({ column, told }, index) => {
    const rows = Number(row?.[`check_${index}`] ?? 0)
    return rows === 0 ? [] : [{ place: `${table.name}.${column}`, detail: held(rows, told) }]
  })
  if (problems.length > 0) throw new VitrineError('PRIVACY_VIOLATION', { place: table.name, problems })
}

/** Throws TABLE_SHRANK when a table lost more than the allowed share of its rows, or all of them. `before` has those of the published version. */
export function guardShrink(
  staged: readonly { readonly table: { readonly name: string }; readonly rows: number }[],
  before: ReadonlyMap<string, number>,
  { shrinkFloorRows, shrinkShare }: Limits,
): void {
  const problems = staged.flatMap(({ table: { name }, rows }): readonly Problem[] => {
    const had = before.get(name) ?? 0
    const tooMuch = had >= shrinkFloorRows && had - rows > had * shrinkShare
    if (!tooMuch && !(had > 0 && rows === 0)) return []
    const detail = `${had} rows before, ${rows} now; ${Math.round(shrinkShare * 100)} % may go`
    return [{ place: name, detail }]
  })
  if (problems.length > 0) throw new VitrineError('TABLE_SHRANK', { problems })
}

/** Throws SOURCE_EMPTY when no table that is read from the source has a row: a first publication of nothing shrinks nothing. */
export function guardEmpty(staged: readonly { readonly rows: number }[]): void {
  if (staged.length > 0 && staged.every(({ rows }) => rows === 0)) throw new VitrineError('SOURCE_EMPTY')
}
