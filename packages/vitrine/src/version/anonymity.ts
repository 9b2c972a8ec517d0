/**
 * k-anonymity: some columns of a table show only combinations shared by at least `k` rows. Cells are suppressed on the way from a first staged
 * copy to the final table: an UPDATE would leave the old cells visible to readers with an older snapshot, because staged rows
 * are frozen. Before the switch, all groups are counted again.
 */
import { createHash } from 'node:crypto'
import { VitrineError } from '../base/errors.ts'
import { counted } from '../base/format.ts'
import type { Target } from '../catalogue/target.ts'
import type { CopyResult } from '../copy/copy.ts'
import type { Session } from '../postgres/connect.ts'
import type { TableShape } from '../publication/shape.ts'
import type { KAnonymity } from '../publication/table.ts'
import type { Suppressed } from '../record/outcome.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { buildTable, type Load } from './build.ts'
import { dropRelations } from './staging.ts'

/** Throws K_ANONYMITY when a group of a staged table has fewer than `k` rows. */
export async function requireGroups(
  session: Session,
  schema: string,
  table: string,
  { k, columns }: KAnonymity,
): Promise<void> {
  const [found] = await session.query<{ groups: number; rows: number }>(
    `select count(*)::float8 as groups, coalesce(sum(n), 0)::float8 as rows
     from (select count(*) as n from ${qualified(schema, table)} group by ${columns.map(identifier).join(', ')}) as g
     where n < ${k}`,
  )
  const { groups, rows } = found ?? { groups: 0, rows: 0 }
  if (groups === 0) return
  const detail = `${counted(groups, 'group')} of fewer than ${k} rows by ${columns.join(', ')}, ${counted(rows, 'row')} in all.`
  throw new VitrineError('K_ANONYMITY', { place: table, detail })
}

/**
 * SQL: each row of the first copy with whether its cells are hidden: those of groups with fewer than `k` rows. While the
 * hidden rows are fewer than `k` together, the next larger group is hidden as well: otherwise its size would identify a single hidden group.
 */
function hiddenSql(from: string, { k, columns }: KAnonymity): string {
  const of = (row: string) => columns.map((name) => `${row}.${identifier(name)}`).join(', ')
  return `
    select y.kept, y.absent, y.n < ${k} or (y.before > 0 and y.before < ${k}) as hidden
    from (
      select z.*, count(*) over (order by z.absent desc, z.n, ${of('(z.kept)')} groups between unbounded preceding and 1 preceding) as before
      from (
        select r as kept, num_nulls(${of('r')}) = ${columns.length} as absent, count(*) over (partition by ${of('r')}) as n
        from ${from} as r
      ) as z
    ) as y`
}

/** Name of the first copy, which holds the rows before suppression. */
export const firstCopyOf = (table: string): string => `vitrine_${createHash('md5').update(table).digest('hex')}`

/** Builds a table like `buildTable`, with small groups suppressed. `reading` is another, idle session on the target. */
export async function buildSuppressed(
  target: Target,
  reading: Session,
  shape: TableShape,
  schema: string,
  load: Load,
  anonymity: KAnonymity,
  copied: () => Promise<void>,
): Promise<CopyResult & { readonly writer: null; readonly suppressed: Suppressed }> {
  const name = firstCopyOf(shape.name)
  const first: TableShape = { ...shape, name, constraints: [], indexes: [] }
  const result = await buildTable(target, first, schema, load, copied)
  const hidden = hiddenSql(qualified(schema, name), anonymity)
  const cells = anonymity.columns.map((column) => `(x.kept).${identifier(column)}`).join(', ')
  const [suppressed] = await reading.query<Suppressed>(
    `select count(*)::float8 as rows, count(distinct row(${cells}))::float8 as groups
     from (${hidden}) as x where x.hidden and not x.absent`,
  )
  const values = shape.columns.map(({ name: column }) => {
    const value = `(x.kept).${identifier(column)}`
    return anonymity.columns.includes(column) ? `case when x.hidden then null else ${value} end` : value
  })
  await buildTable(target, shape, schema, {
    source: reading.client,
    reading: 'target',
    select: `select ${values.join(', ')} from (${hidden}) as x`,
    columns: shape.columns.map(({ name: column }) => column),
    rows: null,
    ...(load.signal === undefined ? {} : { signal: load.signal }),
  })
  await dropRelations(target, schema, (relation) => relation.name === name)
  return { ...result, writer: null, suppressed: suppressed ?? { rows: 0, groups: 0 } }
}
