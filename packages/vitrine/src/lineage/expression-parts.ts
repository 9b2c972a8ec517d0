/** Nodes of a query whose lineage is that of their parts, each with the parts to look at. A kind that is not here is refused. */
import type { AliasNode, BinaryOperationNode, ListNode, OperationNode } from 'kysely'

type Parts = (node: OperationNode) => readonly (OperationNode | undefined)[]
// Casts below are sound because each function is looked up by the kind of its node.
export const COMPOSITES: Readonly<Record<string, Parts>> = {
  BinaryOperationNode: (node) => {
    const { leftOperand, operator, rightOperand } = node as BinaryOperationNode
    return [leftOperand, operator, rightOperand]
  },
  UnaryOperationNode: (node) => [(node as OperationNode & { operand: OperationNode }).operand],
  AndNode: (node) => [(node as OperationNode & Pair).left, (node as OperationNode & Pair).right],
  OrNode: (node) => [(node as OperationNode & Pair).left, (node as OperationNode & Pair).right],
  ParensNode: (node) => [(node as OperationNode & { node: OperationNode }).node],
  TupleNode: (node) => (node as OperationNode & { values: readonly OperationNode[] }).values,
  ValueListNode: (node) => (node as OperationNode & { values: readonly OperationNode[] }).values,
  ListNode: (node) => (node as ListNode).items,
  AliasNode: (node) => [(node as AliasNode).node],
  JSONReferenceNode: (node) => [(node as OperationNode & { reference: OperationNode }).reference],
}
interface Pair {
  readonly left: OperationNode
  readonly right: OperationNode
}
