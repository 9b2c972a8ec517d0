/** The text that a run sends for a table, with the transaction of each row as one field more: proved to be that text and nothing else. */
import { VitrineError } from '../base/errors.ts'
import { placeless } from '../lineage/node-fields.ts'
import { loadParser, parsedText } from '../lineage/parse.ts'
import { type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'

/** What the field is called. */
export const XMIN = 'vitrine_xmin'

/** Throws INTERNAL where the two texts differ in more than their last field. */
export async function textWithXmin(
  table: PublishedTable,
  projection: Projection,
  instant: Date,
  inputTypes: readonly number[] | undefined,
  alias: string,
): Promise<string> {
  const parser = await loadParser()
  const { sql } = projectionOf(table, { instant }, inputTypes, null, { alias, name: XMIN })
  const [plain, more] = [parsedText(parser, projection.sql), parsedText(parser, sql)]
  const without = { ...more, targetList: more.targetList?.slice(0, -1) }
  if (placeless(without) !== placeless(plain)) throw new VitrineError('INTERNAL', { place: table.name })
  return sql
}
