/**
 * What is proved about the staged rows before the switch: as many rows as were read, no table that lost more than allowed,
 * no e-mail address in a text. Not-null, lengths, keys and references are enforced by the tables themselves.
 */

import { type Problem, VitrineError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import type { PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { isTextual } from '../sql/sql-type.ts'

/** The shortest e-mail address, `a@b.cd`: columns shorter than that cannot hold one. */
const SHORTEST_ADDRESS = 6
const ADDRESS = '[^[:space:]@]+@[^[:space:]@]+[.][[:alpha:]]{2,}'

/** Columns that could hold any text, in a list or an object too; those of a closed list cannot. As SQL that gives text. */
function watchedColumns(table: PublishedTable): readonly { readonly name: string; readonly text: string }[] {
  return table.columns.flatMap(({ name, type, value }) => {
    const column = identifier(name)
    const closed = value.kind === 'computed' && value.computed.values !== null
    const holdsText = isTextual(type) || type.kind === 'jsonb'
    if (closed || !holdsText || (type.length ?? SHORTEST_ADDRESS) < SHORTEST_ADDRESS) return []
    return [{ name, text: isTextual(type) && !type.array ? column : `${column}::text` }]
  })
}

/** Counts the staged rows and looks for e-mail addresses, in one scan. Throws COUNT_MISMATCH or PRIVACY_VIOLATION. */
export async function verifyRows(
  target: Session,
  schema: string,
  table: PublishedTable,
  written: number,
): Promise<void> {
  const watched = watchedColumns(table)
  const checks = watched.map(({ text }, index) => {
    // The plain search for @ spares the expression on nearly every row.
    return `, count(*) filter (where position('@' in ${text}) > 0 and ${text} ~ '${ADDRESS}')::text as check_${index}`
  })
  const [row] = await target.query<Record<string, string>>(
    `select count(*)::text as rows ${checks.join('')} from ${qualified(schema, table.name)}`,
  )
  if (Number(row?.['rows']) !== written) {
    throw new VitrineError('COUNT_MISMATCH', {
      place: table.name,
      detail: `${written} rows were written, ${row?.['rows']} are there.`,
    })
  }
  const problems: Problem[] = watched.flatMap(({ name }, index) => {
    const rows = Number(row?.[`check_${index}`] ?? 0)
    return rows === 0
      ? []
      : [{ place: `${table.name}.${name}`, detail: `${rows} row${rows === 1 ? '' : 's'} hold an e-mail address` }]
  })
  if (problems.length > 0) throw new VitrineError('PRIVACY_VIOLATION', { place: table.name, problems })
}

/** Throws TABLE_SHRANK when a table lost more than the allowed share of its rows, or all of them. */
export function guardShrink(tables: readonly { name: string; before: number; after: number }[], limits: Limits): void {
  const problems: Problem[] = []
  for (const { name, before, after } of tables) {
    const lost = before - after
    const tooMuch = before >= limits.shrinkFloorRows && lost > before * limits.shrinkShare
    if (tooMuch || (before > 0 && after === 0)) {
      problems.push({
        place: name,
        detail: `${before} rows before, ${after} now; ${Math.round(limits.shrinkShare * 100)} % may go`,
      })
    }
  }
  if (problems.length > 0) throw new VitrineError('TABLE_SHRANK', { problems })
}
