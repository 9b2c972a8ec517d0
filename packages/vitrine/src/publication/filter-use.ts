/** A dashboard filter inside a question in SQL: where it applies, and which published column it compares. */
import { type Expression, ExpressionWrapper, type OperationNode, RawNode, type SqlBool } from 'kysely'

export interface FilterUse {
  /** The key of the filter. */
  readonly filter: string
  readonly table: string
  readonly column: string
}

const uses = new WeakMap<OperationNode, FilterUse>()

/** The filter that a node stands for. */
export const filterUseOf = (node: OperationNode): FilterUse | undefined => uses.get(node)

/** A condition that is true until somebody sets the filter. */
export function filterCondition(use: FilterUse, expression: Expression<unknown>): Expression<SqlBool> {
  const node = RawNode.create(['', ''], [expression.toOperationNode()])
  uses.set(node, Object.freeze(use))
  return new ExpressionWrapper<unknown, never, SqlBool>(node)
}
