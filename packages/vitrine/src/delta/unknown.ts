/**
 * In how many rows of a table something is unknown, where only what changed of it was read: the published rows do not say why, so
 * its rule is asked about the inputs of every row, and none of them is sent on.
 */
import type { Secret } from '../base/secret.ts'
import type { Target } from '../catalogue/target.ts'
import type { Blocks } from '../copy/blocks.ts'
import { type CopyResult, copyRows } from '../copy/copy.ts'
import { RowRewriter } from '../copy/row-rewrite.ts'
import type { CopyRows } from '../copy/rows.ts'
import type { Session } from '../postgres/connect.ts'
import { stagingSchema } from '../publication/publication.ts'
import type { Projection } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import type { TableOrigin } from '../record/origin.ts'
import { identifier, qualified } from '../sql/quote.ts'
import type { Changes } from './changes.ts'

type Unknown = CopyResult['unknown']

interface UnknownRequest {
  readonly target: Target
  /** In the run's snapshot. */
  readonly source: Session
  readonly table: PublishedTable
  readonly projection: Projection
  readonly key: Secret | null
  readonly signal: AbortSignal
}

/** Why a table is read whole whose rules are not what they should be. */
export const LOOKS_BEYOND = 'a rule of it looks at more than its inputs: at the time, at chance or at the environment'

/**
 * Of the kept rows with their changes, whose rules saw `changed`. In words why the table is read whole after all. `changes` are
 * staged: one of their tables is named, and gets no row.
 */
export async function unknownOf(
  request: UnknownRequest,
  base: TableOrigin,
  changes: Changes,
  changed: readonly CopyRows[],
): Promise<Unknown | string> {
  if (changed.some(({ looksBeyond }) => looksBeyond)) return LOOKS_BEYOND
  const before = base.unknown ?? null
  if (before !== null && changes.changedRows + changes.goneRows === 0) return before
  if (request.table.unknown === null) return {}
  if (before !== null && Object.keys(before).length === 0)
    return Object.fromEntries(changed.flatMap(({ unknown }) => [...unknown]))
  const { unknown, looksBeyond } = await countUnknown(request, changes)
  return looksBeyond ? LOOKS_BEYOND : unknown
}

function countUnknown(request: UnknownRequest, changes: Changes): Promise<CopyResult> {
  const { target, source, table, projection, key, signal } = request
  const { computations, inputFields, hiddenFields, passed } = projection
  const shared = passed.slice(0, inputFields - hiddenFields).map(({ name }) => name)
  const fields = [...Array.from({ length: hiddenFields }, (_, index) => `input_${index + 1}`), ...shared]
  const asked = {
    ...projection,
    computations: computations.filter(({ computation }) => computation === table.unknown?.computation),
    passed: [],
    computed: [],
  }
  return copyRows({
    source: source.client,
    target: target.session.client,
    select: `select ${fields.map((field) => `r.${identifier(field)}`).join(', ')} from (${projection.sql}) as r`,
    into: qualified(stagingSchema(target.publication), changes.changed ?? changes.gone ?? ''),
    freeze: false,
    rows: (blocks: Blocks) => new RowRewriter(table, asked, key, blocks, true),
    signal,
  })
}
