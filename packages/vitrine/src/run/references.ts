/**
 * References between tables in a run. When only some tables are read again, a reference to or from a carried table
 * may break; then the carried table is read again as well, from the same instant, and this is reported.
 */

import { shapeOf } from '../publication/shape.ts'
import type { PublishedTable } from '../publication/table.ts'
import { qualified } from '../sql/quote.ts'
import { brokenReferences, referencesOf, type StagedReference } from '../version/build.ts'
import type { Stream } from './run-sessions.ts'
import { type StageContext, type StagedTable, stageTables } from './stage.ts'

/** Reads the chosen tables from the source and carries the others, adding tables until all references hold. */
export async function stageWithReferences(
  chosen: readonly PublishedTable[],
  streams: readonly Stream[],
  context: StageContext,
): Promise<readonly StagedTable[]> {
  const { target, release } = context
  const { session, publication } = target
  const staged = new Map<string, StagedTable>()
  const keep = (tables: readonly StagedTable[]) => {
    for (const entry of tables) staged.set(entry.table.name, entry)
  }
  const others = publication.tables.filter((table) => !chosen.includes(table))
  const nothing = () => Promise.resolve()
  if (others.length > 0) {
    const [first] = streams
    // sound because a publication without tables is refused, and there is at least one stream otherwise.
    const carrying: Stream = { number: 0, source: await context.openTarget(), target: (first as Stream).target }
    keep(await stageTables(others, true, [carrying], context, nothing))
  }
  let wanted = [...chosen]
  while (wanted.length > 0) {
    keep(await stageTables(wanted, false, streams, context, others.length === 0 ? release : nothing))
    wanted = others.length === 0 ? [] : await tablesToInclude([...staged.values()], context)
    for (const { name } of wanted) await session.execute(`drop table ${qualified(context.staging, name)}`)
  }
  if (others.length > 0) await release()
  return publication.tables.flatMap(({ name }) => staged.get(name) ?? [])
}

/** Carried tables at one end of a broken reference whose other end was read again. */
async function tablesToInclude(staged: readonly StagedTable[], context: StageContext): Promise<PublishedTable[]> {
  const carried = new Map(staged.filter((entry) => entry.carried).map(({ table }) => [table.name, table]))
  const include = new Set<PublishedTable>()
  for (const reference of stagedReferences(staged, context)) {
    const ends = [reference.table, reference.constraint.references ?? '']
    const other = ends.map((name) => carried.get(name)).find((table) => table !== undefined)
    if (other === undefined || ends.every((name) => carried.has(name))) continue
    const rows = await brokenReferences(context.target.session, context.staging, reference)
    if (rows === 0) continue
    include.add(other)
    context.observer({
      kind: 'notice',
      text: `${other.name} is included: ${rows} reference${rows === 1 ? '' : 's'} between ${ends.join(' and ')} would break without it`,
    })
  }
  return [...include]
}

/** The references between staged tables that are still to be declared: those between kept tables stand, and were checked with the changes. */
export function stagedReferences(
  staged: readonly StagedTable[],
  { target, staging }: StageContext,
): readonly StagedReference[] {
  const isKept = (name: string | null) => staged.some(({ table, way }) => table.name === name && way === 'delta')
  return referencesOf(staged.map(({ table }) => shapeOf(table, { ...target.publication, schema: staging }))).filter(
    ({ table, constraint }) => !isKept(table) || !isKept(constraint.references),
  )
}
