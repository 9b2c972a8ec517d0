/**
 * Figures that move implausibly from one version to the next: the share of a category, or of true and false, among a table's
 * rows. A rule that goes wrong in silence shows here first, as when every status becomes the same. Warnings never stop a
 * run; they are recorded and told.
 */

import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { FigureWarning } from '../record/outcome.ts'
import { identifier, literal } from '../sql/quote.ts'

/** Columns whose values are known beforehand: closed lists and booleans. */
function watched(table: PublishedTable): readonly PublishedColumn[] {
  return table.columns.filter(({ type, value }) => {
    if (type.array) return false
    return type.kind === 'boolean' || (value.kind === 'computed' && value.computed.values !== null)
  })
}

/** One table of two versions, by its qualified names. */
export interface Versions {
  readonly now: string
  readonly before: string
}

/** A watched column and its groups. */
export interface Figure {
  readonly column: string
  readonly groups: readonly Group[]
}

/** One group of a column's rows: what tells it in SQL, and what it is called. */
interface Group {
  readonly name: string
  readonly condition: string
}

interface Share {
  readonly name: string
  readonly before: number
  readonly now: number
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

/** Known beforehand, so that one scan counts all groups of all columns. */
function groupsOf({ name, value }: PublishedColumn): readonly Group[] {
  const column = identifier(name)
  const closed = value.kind === 'computed' ? value.computed.values : null
  const named =
    closed === null
      ? [
          { name: '«false»', condition: `not ${column}` },
          { name: '«true»', condition: column },
        ]
      : closed.map((item) => ({ name: `«${item}»`, condition: `${column} = ${literal(item)}` }))
  return [...named, { name: 'no value', condition: `${column} is null` }]
}

/** The figures of a table that are watched, among the columns named. */
export const watchedFigures = (table: PublishedTable, among: ReadonlySet<string>): readonly Figure[] =>
  watched(table)
    .filter(({ name }) => among.has(name))
    .map((column) => ({ column: column.name, groups: groupsOf(column) }))

function judge(column: string, shares: readonly Share[], limits: Limits): readonly FigureWarning[] {
  const total = (pick: (share: Share) => number) => shares.reduce((sum, share) => sum + pick(share), 0)
  const [before, now] = [total((share) => share.before), total((share) => share.now)]
  if (before < limits.shrinkFloorRows || now < limits.shrinkFloorRows) return []
  const held = shares.filter((share) => share.now > 0)
  const sole = held[0]
  if (sole !== undefined && held.length === 1 && shares.filter((share) => share.before > 0).length > 1) {
    return [{ column, text: `every row has ${sole.name}, which was ${percent(sole.before / before)} of them` }]
  }
  return shares
    .filter((share) => Math.abs(share.now / now - share.before / before) > limits.figureShare)
    .map(({ name, before: was, now: is }) => ({
      column,
      text: `${name} went from ${percent(was / before)} to ${percent(is / now)} of the rows`,
    }))
}

/** The figures whose shares of the rows moved implausibly from one version to the next. One scan of each. */
export async function implausibleFigures(
  target: Session,
  figures: readonly Figure[],
  { now, before }: Versions,
  limits: Limits,
): Promise<readonly FigureWarning[]> {
  if (figures.length === 0) return []
  const counts = figures.flatMap(({ groups }) => groups.map(({ condition }) => `count(*) filter (where ${condition})`))
  const counted = (version: string) => `(select array[${counts.join(', ')}]::float8[] from ${version})`
  const [found] = await target.query<{ before: readonly number[]; now: readonly number[] }>(
    `select ${counted(before)} as before, ${counted(now)} as now`,
  )
  let at = 0
  return figures.flatMap(({ column, groups }) => {
    const shares = groups.map((group) => {
      const share = { name: group.name, before: found?.before[at] ?? 0, now: found?.now[at] ?? 0 }
      at += 1
      return share
    })
    return judge(column, shares, limits)
  })
}
