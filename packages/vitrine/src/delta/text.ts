/** The query of a table with each row's xmin as an extra last field, checked to be otherwise the same query. */
import { VitrineError } from '../base/errors.ts'
import { placeless } from '../lineage/node-fields.ts'
import { loadParser, parsedText } from '../lineage/parse.ts'
import { type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'

/** Name of the extra field. */
export const XMIN = 'vitrine_xmin'

/** Throws INTERNAL when the two queries differ in more than their last field. */
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
