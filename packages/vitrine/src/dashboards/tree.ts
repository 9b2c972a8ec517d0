/** What the parse tree of a question tells of its answer: its columns, its order, how many rows it may have. */
import type { SelectStmt } from 'libpg-query'
import { type AnyNode, namesOf, nodeOf } from '../lineage/node-fields.ts'

export interface Answer {
  readonly columns: readonly string[]
  /** Those of `columns` that are a published column that may be NULL, as it is. */
  readonly nullable: readonly string[]
  readonly isOrdered: boolean
  /** At most so many; null where nothing limits them. */
  readonly rows: number | null
  /** Whether its rows are groups, and whether `having` leaves some out. */
  readonly grouped: 'no figure' | 'all groups' | 'some groups' | 'one group'
}

const AGGREGATES = /^(?:count|sum|avg|min|max|bool_and|bool_or|every|mode|percentile_\w+|array_agg|string_agg)$/
const CLOCKS =
  /\b(?:now|current_date|current_time(?:stamp)?|localtime(?:stamp)?|(?:clock|statement|transaction)_timestamp|timeofday)\b/i

/** Every node of a tree, from the outside in; `into` says whether to look inside. */
function* nodesIn(tree: unknown, into: (node: AnyNode) => boolean = () => true): Generator<AnyNode> {
  if (typeof tree !== 'object' || tree === null) return
  if (Array.isArray(tree)) {
    for (const item of tree) yield* nodesIn(item, into)
    return
  }
  const node = nodeOf(tree)
  yield node
  if (into(node)) for (const part of Object.values(tree)) yield* nodesIn(part, into)
}

const callOf = ({ FuncCall: call }: AnyNode) => namesOf(call?.funcname).at(-1) ?? ''

/** Whether a text asks for the time of now, its quoted parts left aside. */
export const asksForNow = (sql: string): boolean => CLOCKS.test(sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, ' '))

/** `silent` is called with each column that may be NULL and that is summed as it is. */
export function answerOf(tree: SelectStmt, nullable: ReadonlySet<string>, silent: (name: string) => void): Answer {
  for (const node of nodesIn(tree)) {
    if (callOf(node) !== 'sum' || node.FuncCall?.agg_filter !== undefined) continue
    for (const part of nodesIn(node.FuncCall?.args, ({ CoalesceExpr, CaseExpr }) => !(CoalesceExpr ?? CaseExpr))) {
      const name = namesOf(part.ColumnRef?.fields).at(-1)
      if (name !== undefined && nullable.has(name)) silent(name)
    }
  }
  const targets = (tree.targetList ?? []).map((target) => {
    const { name, val } = nodeOf(target).ResTarget ?? {}
    const column = namesOf(nodeOf(val).ColumnRef?.fields).at(-1)
    return { name: name ?? column ?? '', mayBeNull: column !== undefined && nullable.has(column), val }
  })
  const hasGroups = (tree.groupClause ?? []).length > 0
  const isFigure = (node: AnyNode) => AGGREGATES.test(callOf(node)) && node.FuncCall?.over === undefined
  const isOne = !hasGroups && targets.length > 0 && targets.every(({ val }) => [...nodesIn(val)].some(isFigure))
  const limit = nodeOf(tree.limitCount).A_Const?.ival?.ival
  return {
    columns: targets.map(({ name }) => name),
    nullable: targets.flatMap(({ name, mayBeNull }) => (mayBeNull ? [name] : [])),
    isOrdered: (tree.sortClause ?? []).length > 0,
    rows: isOne ? 1 : (limit ?? null),
    grouped: isOne
      ? 'one group'
      : !hasGroups
        ? 'no figure'
        : tree.havingClause === undefined
          ? 'all groups'
          : 'some groups',
  }
}
