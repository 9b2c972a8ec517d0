/**
 * Finds figures that moved implausibly since the last version: the share of a category, or of true and false, among a table's
 * rows. This reveals a rule that fails silently, such as when every status becomes the same. Warnings never stop a
 * run; they are recorded and reported.
 */

import type { Limits } from '../base/limits.ts'
import type { Session } from '../postgres/connect.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import type { FigureWarning, MovedShare } from '../record/outcome.ts'
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
export interface WatchedFigure {
  readonly column: string
  readonly groups: readonly Group[]
}

/** The rows of a column that hold one value: their condition in SQL, and the value. */
interface Group {
  readonly value: MovedShare['value']
  readonly condition: string
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

function movedText({ value, before, now }: MovedShare): string {
  const name = value === null ? 'no value' : `«${value}»`
  return now === 1
    ? `every row has ${name}, which was ${percent(before)} of them`
    : `${name} went from ${percent(before)} to ${percent(now)} of the rows`
}

/** All groups are known before, so that one scan can count them for all columns. */
function groupsOf({ name, value }: PublishedColumn): readonly Group[] {
  const column = identifier(name)
  const closed = value.kind === 'computed' ? value.computed.values : null
  const named =
    closed === null
      ? [
          { value: false, condition: `not ${column}` },
          { value: true, condition: column },
        ]
      : closed.map((value) => ({ value, condition: `${column} = ${literal(value)}` }))
  return [...named, { value: null, condition: `${column} is null` }]
}

/** The figures of a table that are watched, among the columns named. */
export const watchedFigures = (table: PublishedTable, among: ReadonlySet<string>): readonly WatchedFigure[] =>
  watched(table)
    .filter(({ name }) => among.has(name))
    .map((column) => ({ column: column.name, groups: groupsOf(column) }))

/** `counts` has the rows of each group. */
function judge(column: string, counts: readonly MovedShare[], limits: Limits): readonly FigureWarning[] {
  const total = (pick: (group: MovedShare) => number) => counts.reduce((sum, group) => sum + pick(group), 0)
  const [before, now] = [total((group) => group.before), total((group) => group.now)]
  if (before < limits.shrinkFloorRows || now < limits.shrinkFloorRows) return []
  const shares = counts.map((group) => ({ ...group, before: group.before / before, now: group.now / now }))
  const wasMixed = counts.filter((group) => group.before > 0).length > 1
  const sole = wasMixed ? shares.filter((share) => share.now === 1) : []
  const moved = shares.filter((share) => Math.abs(share.now - share.before) > limits.figureShare)
  return (sole.length > 0 ? sole : moved).map((share) => ({ column, text: movedText(share), moved: share }))
}

/** The figures whose shares of the rows moved implausibly from one version to the next. One scan of each. */
export async function implausibleFigures(
  target: Session,
  figures: readonly WatchedFigure[],
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
    const counts = groups.map(({ value }) => {
      const group = { value, before: found?.before[at] ?? 0, now: found?.now[at] ?? 0 }
      at += 1
      return group
    })
    return judge(column, counts, limits)
  })
}
