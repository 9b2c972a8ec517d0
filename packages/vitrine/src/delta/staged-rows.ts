/** Names and fills the tables of the staging schema that hold changes. */
import { createHash } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import type { Target } from '../catalogue/target.ts'
import type { Blocks } from '../copy/blocks.ts'
import { copyRows } from '../copy/copy.ts'
import type { CopyRows } from '../copy/rows.ts'
import type { Session } from '../postgres/connect.ts'
import { stagingSchema } from '../publication/publication.ts'
import type { TableShape } from '../publication/shape.ts'
import { registerSql } from '../record/made.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { closeRelations } from '../version/carry-rights.ts'
import { boundsSql, createTableSql } from '../version/ddl.ts'

/** `changed`: new and changed rows; `gone`: keys of removed rows; `there`: keys that the source has, needed for a short time. */
export type StagedUse = 'changed' | 'gone' | 'there'

export const stagedName = (use: StagedUse, table: string): string =>
  `vitrine_${use}_${createHash('md5').update(table).digest('hex')}`

/** Whether a table of the staging schema has such a name. */
export const isOfChanges = (name: string): boolean => /^vitrine_(?:changed|gone|there)_[0-9a-f]{32}$/.test(name)

/** All such names of one published table. */
export const stagedNames = (table: string): readonly string[] =>
  (['changed', 'gone', 'there'] as const).map((use) => stagedName(use, table))

/**
 * Whether values broke a constraint (SQLSTATE class 23). Reading the table whole then reports where and how many. Throws any other
 * error.
 */
function isAboutValues(error: unknown): boolean {
  if (error instanceof VitrineError && error.sqlState?.startsWith('23') === true) return true
  throw error
}

export interface FillRequest {
  readonly target: Target
  /** In the run's snapshot. */
  readonly source: Session
  readonly signal: AbortSignal
  readonly progress: (bytes: number) => void
}

export interface Filled {
  readonly rows: number
  readonly bytes: number
}

/** Creates a table of the staging schema and fills it from the source. Returns its size, or in words why the published table must be read whole. */
export async function fillStaged(
  { source, target, signal, progress }: FillRequest,
  shape: TableShape,
  columns: readonly string[],
  select: string,
  rows: ((blocks: Blocks) => CopyRows) | null,
): Promise<Filled | string> {
  const { session, publication } = target
  const schema = stagingSchema(publication)
  await session.execute(`begin; ${createTableSql(schema, shape, 'unlogged table')}`)
  const into = `${qualified(schema, shape.name)} (${columns.map(identifier).join(', ')})`
  const copied = await copyRows({
    source: source.client,
    target: session.client,
    select,
    into,
    freeze: true,
    rows,
    signal,
    progress,
  })
  const bounds = boundsSql(schema, shape)
  const finish = [...(bounds === '' ? [] : [bounds]), `analyze ${qualified(schema, shape.name)}`].join('; ')
  const isRefused = await session.execute(finish).then(
    () => false,
    (error: unknown) => isAboutValues(error),
  )
  if (isRefused) {
    await session.execute('rollback')
    return 'a bound refuses a changed row'
  }
  await closeRelations(session, schema, [shape.name])
  await session.execute(`${registerSql(publication, schema, shape.name)}; commit`)
  return { rows: copied.written, bytes: copied.bytes }
}
