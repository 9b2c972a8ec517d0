/**
 * Figures that move implausibly from one version to the next: the share of a category, or of true and false, among a table's
 * rows. A rule that goes wrong in silence shows here first, as when every status becomes the same. Warnings never stop a
 * run; they are recorded and told.
 */
import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import { identifier, qualified } from '../publication/shape.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'

export interface FigureWarning {
  readonly column: string
  /** Names a category of the definition's own closed list, never a value that only rows hold. */
  readonly text: string
}

/** Columns whose values are known beforehand: closed lists and booleans. */
function watched(table: PublishedTable): readonly PublishedColumn[] {
  return table.columns.filter(({ type, value }) => {
    if (type.array) return false
    return type.kind === 'boolean' || (value.kind === 'computed' && value.computed.values !== null)
  })
}

interface Share {
  readonly value: string | null
  readonly before: number
  readonly now: number
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
const named = (value: string | null): string => (value === null ? 'no value' : `«${value}»`)

function judge(column: string, shares: readonly Share[], limits: Limits): readonly FigureWarning[] {
  const total = (pick: (share: Share) => number) => shares.reduce((sum, share) => sum + pick(share), 0)
  const [before, now] = [total((share) => share.before), total((share) => share.now)]
  if (before < limits.shrinkFloorRows || now < limits.shrinkFloorRows) return []
  const held = shares.filter((share) => share.now > 0)
  const sole = held[0]
  if (sole !== undefined && held.length === 1 && shares.filter((share) => share.before > 0).length > 1) {
    return [{ column, text: `every row has ${named(sole.value)}, which was ${percent(sole.before / before)} of them` }]
  }
  return shares
    .filter((share) => Math.abs(share.now / now - share.before / before) > limits.figureShare)
    .map(({ value, before: was, now: is }) => ({
      column,
      text: `${named(value)} went from ${percent(was / before)} to ${percent(is / now)} of the rows`,
    }))
}

/** Compares the shares of every watched column in two versions of a table. Columns that the older one lacks are passed over. */
export async function implausibleFigures(
  target: Session,
  table: PublishedTable,
  current: string,
  previous: string,
  limits: Limits,
): Promise<readonly FigureWarning[]> {
  const present = await target.query<{ name: string }>(
    `select a.attname as name from pg_catalog.pg_attribute a
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [qualified(previous, table.name)],
  )
  const names = new Set(present.map(({ name }) => name))
  const warnings: FigureWarning[] = []
  for (const column of watched(table)) {
    if (!names.has(column.name)) continue
    const name = identifier(column.name)
    const shares = await target.query<Share>(
      `select value, sum(before)::float8 as before, sum(now)::float8 as now
       from (select ${name}::text as value, count(*) as before, 0 as now from ${qualified(previous, table.name)} group by 1
             union all
             select ${name}::text, 0, count(*) from ${qualified(current, table.name)} group by 1) as counted
       group by value order by value nulls last`,
    )
    warnings.push(...judge(column.name, shares, limits))
  }
  return warnings
}
