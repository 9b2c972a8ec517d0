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
