/**
 * Says which column of a refused table was wrong and in how many rows, by counting on the source in the run's snapshot.
 * Called only after the target refused rows: it names and counts, it never reads a value.
 */

import type { Problem } from '../base/errors.ts'
import type { Session } from '../postgres/connect.ts'
import { projectionOf } from '../publication/select-text.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier } from '../sql/quote.ts'

interface Check {
  readonly column: PublishedColumn
  readonly condition: string
  readonly says: string
}

function checksOf(column: PublishedColumn): readonly Check[] {
  const name = identifier(column.name)
  const checks: Check[] = []
  if (!column.isNullable) checks.push({ column, condition: `${name} is null`, says: 'no value in a not-null column' })
  if (column.type.length !== null && !column.type.array) {
    const condition = `char_length(${name}) > ${column.type.length}`
    checks.push({ column, condition, says: `more than ${column.type.length} characters` })
  }
  if (column.minimum !== null) {
    checks.push({ column, condition: `${name} < ${column.minimum}`, says: `less than ${column.minimum}` })
  }
  return checks
}

/** One problem for each column with refused values. Empty when the cause is another. Runs in the open snapshot. */
export async function diagnoseRefusedRows(source: Session, table: PublishedTable): Promise<readonly Problem[]> {
  const projection = projectionOf(table)
  const checks = projection.passed.flatMap(checksOf)
  if (checks.length === 0) return []
  const counts = checks.map(({ condition }, index) => `count(*) filter (where ${condition})::text as check_${index}`)
  const [row] = await source.query<Record<string, string>>(
    `select ${counts.join(', ')} from (${projection.sql}) as rows_read`,
  )
  return checks.flatMap(({ column, says }, index) => {
    const rows = Number(row?.[`check_${index}`] ?? 0)
    return rows === 0
      ? []
      : [{ place: `${table.name}.${column.name}`, detail: `${rows} row${rows === 1 ? '' : 's'}: ${says}` }]
  })
}
