/**
 * Figures that move implausibly from one version to the next: the share of a category, or of true and false, among a table's
 * rows. A rule that goes wrong in silence shows here first, as when every status becomes the same. Warnings never stop a
 * run; they are recorded and told.
 */
import type { Limits } from '../base/limits.ts'
import { literal } from '../publication/select-text.ts'
import { identifier } from '../publication/shape.ts'
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

/** One group of a column's rows: what it is called, and what tells it in SQL, by the alias of its version. */
interface Group {
  readonly name: string
  conditionIn(alias: string): string
}

/** A watched column and its groups, known beforehand, so that one scan counts all groups of all columns. */
export interface Figure {
  readonly column: string
  readonly groups: readonly Group[]
}

interface Share {
  readonly name: string
  readonly before: number
  readonly now: number
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

function groupsOf({ name, value }: PublishedColumn, key: string | null): readonly Group[] {
  const column = (alias: string) => `${alias}.${identifier(name)}`
  const closed = value.kind === 'computed' ? value.computed.values : null
  const named: readonly Group[] =
    closed === null
      ? [
          { name: '«false»', conditionIn: (alias) => `not ${column(alias)}` },
          { name: '«true»', conditionIn: column },
        ]
      : closed.map((item) => ({
          name: `«${item}»`,
          conditionIn: (alias) => `${column(alias)} = ${literal(item)}`,
        }))
  // Where two versions are joined by their key, a row that one of them lacks has no value there, and no key either.
  const present = (alias: string) => (key === null ? '' : ` and ${alias}.${identifier(key)} is not null`)
  return [...named, { name: 'no value', conditionIn: (alias) => `${column(alias)} is null${present(alias)}` }]
}

/** The figures of a table that are watched, among the columns named; `key` joins the two versions, or they are apart. */
export const watchedFigures = (
  table: PublishedTable,
  among: ReadonlySet<string>,
  key: string | null,
): readonly Figure[] =>
  watched(table)
    .filter(({ name }) => among.has(name))
    .map((column) => ({ column: column.name, groups: groupsOf(column, key) }))

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

/** The figures that moved implausibly; `before` and `now` have the rows of each group of each figure, one after another. */
export function implausibleFigures(
  figures: readonly Figure[],
  before: readonly number[],
  now: readonly number[],
  limits: Limits,
): readonly FigureWarning[] {
  let at = 0
  return figures.flatMap(({ column, groups }) => {
    const first = at
    at += groups.length
    const shares = groups.map(({ name }, index) => ({
      name,
      before: before[first + index] ?? 0,
      now: now[first + index] ?? 0,
    }))
    return judge(column, shares, limits)
  })
}
