/** What the parse tree of a query tells of its answer: its columns, their order, how many rows it may have, how large groups are. */
import type { SelectStmt } from 'libpg-query'
import { type AnyNode, namesOf, nodeOf } from './node-fields.ts'

export interface AnswerFacts {
  readonly columns: readonly string[]
  /** Those of `columns` that are a plain table column which may be NULL. */
  readonly nullable: readonly string[]
  readonly isOrdered: boolean
  /** The most rows that it can have; null when nothing limits them. */
  readonly rows: number | null
  /** The minimum of rows in each group; null when rows are not groups, or list what is in one, infinity when all rows form one group. */
  readonly smallest: number | null
}

/** Aggregates that give a figure. */
const AGGREGATES = /^(?:count|sum|avg|min|max|bool_and|bool_or|every|mode|percentile_\w+)$/
/** Those that give the values of all rows, or of any. */
const LISTS = /^(?:string_agg|any_value|(?:\w+_)?(?:array|object)_agg|jsonb?_agg|range_agg|range_intersect_agg)$/
const CLOCKS = /^(?:now|timeofday|(?:clock|statement|transaction)_timestamp)$/
/** Texts that PostgreSQL reads as the current time or day. */
const MOVING = /^\s*(?:now|today|tomorrow|yesterday)\b/i

/** Every node of a tree, from the outside in; `into` says whether to look inside. */
function nodesIn(
  tree: unknown,
  into: (node: AnyNode) => boolean = () => true,
  found: AnyNode[] = [],
): readonly AnyNode[] {
  if (typeof tree !== 'object' || tree === null) return found
  const node = nodeOf(tree)
  const isList = Array.isArray(tree)
  if (!isList) found.push(node)
  if (isList || into(node)) for (const part of Object.values(tree)) nodesIn(part, into, found)
  return found
}

const callOf = ({ FuncCall: call }: AnyNode) => namesOf(call?.funcname).at(-1) ?? ''

/** Whether a query uses the current time, under any name. */
export const asksForNow = (tree: SelectStmt): boolean =>
  nodesIn(tree).some(
    (node) =>
      'SQLValueFunction' in node ||
      CLOCKS.test(callOf(node)) ||
      (callOf(node) === 'age' && node.FuncCall?.args?.length === 1) ||
      MOVING.test(node.A_Const?.sval?.sval ?? ''),
  )

/** The columns whose NULL makes an expression NULL: not those in a condition, a coalesce or a count. */
function handedOn(tree: unknown): readonly string[] {
  if (Array.isArray(tree)) return tree.flatMap(handedOn)
  if (typeof tree !== 'object' || tree === null) return []
  const node = nodeOf(tree)
  const { CaseExpr: chosen, CoalesceExpr: given, ColumnRef: column } = node
  if (column !== undefined)
    return namesOf(column.fields)
      .slice(-1)
      .filter((name) => name !== undefined)
  if (given !== undefined || callOf(node) === 'count') return []
  const results = chosen?.args?.map((when) => nodeOf(when).CaseWhen?.result)
  return results === undefined ? Object.values(tree).flatMap(handedOn) : handedOn([...results, chosen?.defresult])
}

/** Also the names that subqueries give to columns that may be NULL. */
function nullableNames(tree: SelectStmt, columns: ReadonlySet<string>): ReadonlySet<string> {
  const names = new Set(columns)
  for (let size = -1; size < names.size; ) {
    size = names.size
    for (const { ResTarget: target } of nodesIn(tree)) {
      const { name, val } = target ?? {}
      if (name !== undefined && handedOn(val).some((column) => names.has(column))) names.add(name)
    }
  }
  return names
}

/** The nullable columns that are summed directly: there an unknown value counts as zero. */
export function sumsOf(tree: SelectStmt, nullable: ReadonlySet<string>): readonly string[] {
  const names = nullableNames(tree, nullable)
  const sums = nodesIn(tree).filter((node) => callOf(node) === 'sum' && node.FuncCall?.agg_filter === undefined)
  return [...new Set(sums.flatMap((node) => handedOn(node.FuncCall?.args)))].filter((name) => names.has(name))
}

/** The minimum that `having count(*) >= n`, alone or joined by *and*, guarantees. */
function smallestGroup(having: unknown): number {
  const { BoolExpr: joined, A_Expr: compared } = nodeOf(having)
  if (joined?.boolop === 'AND_EXPR') return Math.max(1, ...(joined.args ?? []).map(smallestGroup))
  const [operator] = namesOf(compared?.name)
  const least = nodeOf(compared?.rexpr).A_Const?.ival?.ival ?? 0
  const counts = callOf(nodeOf(compared?.lexpr)) === 'count' && nodeOf(compared?.lexpr).FuncCall?.agg_star === true
  return counts && (operator === '>=' || operator === '>') ? least + (operator === '>' ? 1 : 0) : 1
}

/** `nullable`: the names of columns that may be NULL. */
export function answerOf(tree: SelectStmt, nullable: ReadonlySet<string>): AnswerFacts {
  const targets = (tree.targetList ?? []).map((target) => {
    const { name, val } = nodeOf(target).ResTarget ?? {}
    const column = namesOf(nodeOf(val).ColumnRef?.fields).at(-1)
    return { name: name ?? column ?? '', mayBeNull: column !== undefined && nullable.has(column), val }
  })
  const hasGroups = (tree.groupClause ?? []).length > 0
  const isFigure = (node: AnyNode) => AGGREGATES.test(callOf(node)) && node.FuncCall?.over === undefined
  const isList = nodesIn(tree).some((node) => LISTS.test(callOf(node)))
  const isOne =
    !hasGroups &&
    targets.length > 0 &&
    // A subquery counts rows of its own.
    targets.every(({ val }) => nodesIn(val, ({ SubLink }) => SubLink === undefined).some(isFigure))
  return {
    columns: targets.map(({ name }) => name),
    nullable: targets.flatMap(({ name, mayBeNull }) => (mayBeNull ? [name] : [])),
    isOrdered: (tree.sortClause ?? []).length > 0,
    rows: isOne ? 1 : (nodeOf(tree.limitCount).A_Const?.ival?.ival ?? null),
    smallest: isList ? null : isOne ? Infinity : hasGroups ? smallestGroup(tree.havingClause ?? {}) : null,
  }
}
