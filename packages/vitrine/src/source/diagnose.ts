/**
 * Says which column of a refused table was wrong and in how many rows, by counting on the source in the run's snapshot.
 * Called only after the target refused rows: it names and counts, it never reads a value.
 */

import type { Problem } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import type { Session } from '../postgres/connect.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier } from '../sql/quote.ts'

/** What the target can refuse of a column: a condition, and what it means. */
function checksOf({ name, type, isNullable, minimum }: PublishedColumn): readonly (readonly [string, string])[] {
  const column = identifier(name)
  const length = type.array ? null : type.length
  return [
    ...(isNullable ? [] : [[`${column} is null`, 'no value in a not-null column'] as const]),
    ...(length === null ? [] : [[`char_length(${column}) > ${length}`, `more than ${length} characters`] as const]),
    ...(minimum === null ? [] : [[`${column} < ${minimum}`, `less than ${minimum}`] as const]),
  ]
}

/** One problem for each column with refused values. Empty when the cause is another. Runs in the open snapshot. */
export async function diagnoseRefusedRows(source: Session, table: PublishedTable): Promise<readonly Problem[]> {
  const projection = projectionOf(table)
  const checks = projection.passed.flatMap((column) =>
    checksOf(column).map(([condition, says]) => ({ place: `${table.name}.${column.name}`, condition, says })),
  )
  if (checks.length === 0) return []
  const counts = checks.map(({ condition }) => `count(*) filter (where ${condition})`)
  const [row] = await source.query<{ counts: readonly number[] }>(
    `select json_build_array(${counts.join(', ')}) as counts from (${projection.sql}) as rows_read`,
  )
  return checks.flatMap(({ place, says }, index) => {
    const rows = row?.counts[index] ?? 0
    return rows === 0 ? [] : [{ place, detail: `${counted(rows, 'row')}: ${says}` }]
  })
}
