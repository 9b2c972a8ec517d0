/** The ends of a query: the clauses that may name columns of its output, by name or by position, and its limits. */
import type { SelectStmt } from 'libpg-query'
import { type NodeReader, namesOf, nodeOf, the } from './node-fields.ts'
import { refuse } from './query-rules.ts'
import { allOf, mayBeColumn, type QueryOutput, type Scope } from './scope.ts'

/** A name in a clause may mean an output column or one of FROM: both are examined. */
function chooseBy(
  reader: NodeReader,
  clause: string,
  node: unknown,
  scope: Scope,
  outputs: () => readonly QueryOutput[],
): void {
  const { ColumnRef: column, A_Const: constant } = nodeOf(node)
  const [name, more] = namesOf(column?.fields)
  const isBare = name !== undefined && more === undefined
  const position = constant === undefined ? null : (constant.ival?.ival ?? 0)
  const list = isBare || position !== null ? outputs() : []
  if (isBare && list.some((output) => output.name === null)) refuse('unnamed', [clause])
  const meant = list.filter((output, index) => (isBare && output.name === name) || index + 1 === position)
  if (position !== null && meant.length === 0) refuse('constant', [clause])
  reader.usable(clause, allOf(meant))
  const isOutput = meant.length > 0 && !(isBare && mayBeColumn(scope, name))
  if (!isOutput) reader.choose(clause, node, scope)
}

export function checkEnds(
  reader: NodeReader,
  query: SelectStmt,
  scope: Scope,
  outputs: () => readonly QueryOutput[],
): void {
  const by = (clause: string, node: unknown) => chooseBy(reader, clause, node, scope, outputs)
  const grouped = (node: unknown): void => {
    const { GroupingSet: set, RowExpr: row } = nodeOf(node)
    if (set !== undefined) reader.part('GroupingSet', set, scope)
    const inner = set === undefined ? row?.args : (set.content ?? [])
    if (inner === undefined) by('group by', node)
    else inner.forEach(grouped)
  }
  query.groupClause?.forEach(grouped)
  for (const sort of query.sortClause ?? []) {
    const { node, ...how } = the('SortBy', sort)
    reader.part('SortBy', how, scope)
    by('order by', node)
  }
  for (const node of query.distinctClause ?? []) {
    if (Object.keys(node).length > 0) by('distinct on', node)
    else reader.usable('distinct', allOf(outputs()))
  }
  for (const limit of [query.limitCount, query.limitOffset]) {
    if (limit !== undefined && nodeOf(limit).A_Const?.ival === undefined) refuse('limit')
  }
}
