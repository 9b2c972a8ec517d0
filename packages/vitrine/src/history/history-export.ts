/**
 * Writes the ledger of one history table as a CSV file: a header, then one line per day, oldest first. It is what
 * `history-import.ts` reads. Keys that follow from the day are left out. Called by the command `history export`.
 */

import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import { requireApproved } from '../migration/approval.ts'
import { dayColumnOf, figuresOf, type HistoryTable } from '../publication/history.ts'
import type { Publication } from '../publication/publication.ts'
import { shapeOf } from '../publication/shape.ts'
import { isHistoryShape, ledgerSelect } from '../record/ledger.ts'
import { identifier, literal } from '../sql/quote.ts'
import { csvLine } from './csv.ts'

/** Days read at once. */
const PAGE = 1_000

/** The history table of that name. Throws TABLE_UNKNOWN with the existing names. */
export function historyNamed({ histories }: Publication, name: string): HistoryTable {
  const table = histories.find((candidate) => candidate.name === name)
  if (table !== undefined) return table
  const names = histories.map((candidate) => candidate.name).join(', ')
  const detail = names === '' ? 'The publication has no history table.' : `The history tables are ${names}.`
  throw new VitrineError('TABLE_UNKNOWN', { place: name, detail })
}

/**
 * The file, line by line, each with its end. Dates are YYYY-MM-DD, instants ISO 8601, numbers with a point, a missing
 * figure is an empty field. Throws TABLE_UNKNOWN, and what `requireApproved` throws.
 */
export async function* exportHistory(target: Target, name: string): AsyncGenerator<string> {
  const { session, publication } = target
  const table = historyNamed(publication, name)
  await requireApproved(target)
  const day = dayColumnOf(table).name
  const columns = [day, ...figuresOf(table).map((column) => column.name)]
  yield csvLine(columns)
  const shape = shapeOf(table, publication)
  if (!isHistoryShape(shape)) throw new VitrineError('INTERNAL', { place: name })
  // JSON writes dates and numbers in the same way under all settings of the session.
  const fields = columns.map((column) => `j.figures ->> ${literal(column)}`).join(', ')
  const rows = `select array[${fields}] as fields
    from (${ledgerSelect(shape, publication.schema, null)}) t cross join lateral (select to_jsonb(t.*) as figures) j
    where $1::date is null or t.${identifier(day)} > $1::date order by t.${identifier(day)} limit ${PAGE}`
  for (let last: string | null = null; ; ) {
    const page: { fields: (string | null)[] }[] = await session.query(rows, [last])
    for (const line of page) yield csvLine(line.fields)
    last = page.at(-1)?.fields[0] ?? null
    if (page.length < PAGE) return
  }
}
