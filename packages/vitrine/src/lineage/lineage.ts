/**
 * Lineage: for each published column, the source columns it is made of and the treatments they went through, read off the
 * query's operation nodes. Whatever the analysis does not understand is a problem, never a guess: it fails closed.
 */
import {
  AggregateFunctionNode,
  AliasNode,
  ColumnNode,
  FunctionNode,
  IdentifierNode,
  type JoinNode,
  OnNode,
  type OperationNode,
  RawNode,
  ReferenceNode,
  SelectQueryNode,
  TableNode,
  type WithNode,
} from 'kysely'
import { own } from '../base/own.ts'
import { isRunInstant } from '../publication/instant.ts'
import { rawProblem, SAFE_FUNCTIONS } from '../publication/raw-sql.ts'
import type { Source } from '../publication/register.ts'
import { treatmentOf } from '../publication/treatment.ts'
import { isTreated, type KnownTables, type Lineage, LineageProblem, REGISTERED, treatedBy } from './origin.ts'

type OutputColumns = ReadonlyMap<string, Lineage>

/** What names mean at one place of a query: its FROM items, the queries around it, and the named subqueries. */
interface Scope {
  readonly items: Map<string, OutputColumns>
  readonly ctes: ReadonlyMap<string, OutputColumns>
  readonly outer: Scope | null
}

const refuse = (detail: string, remedy: string): never => {
  throw new LineageProblem(detail, remedy)
}

const NAME_COLUMNS = 'Name each column through `ref`, and build the expression with typed functions.'

const kinds = (names: string): ReadonlySet<string> => new Set(names.trim().split(/\s+/))

/** Nodes that name no column, whatever stands in them. */
const LEAVES = kinds(
  'ValueNode PrimitiveValueListNode OperatorNode DataTypeNode JSONPathNode JSONPathLegNode CollateNode',
)

/** Nodes whose lineage is that of the nodes in them. A kind that is in no list is refused. */
const COMPOSITES = kinds(`
  BinaryOperationNode UnaryOperationNode AndNode OrNode ParensNode TupleNode ValueListNode ListNode CastNode CaseNode
  WhenNode JSONReferenceNode JSONOperatorChainNode WhereNode HavingNode OnNode GroupByNode GroupByItemNode OrderByNode
  OrderByItemNode OverNode PartitionByNode PartitionByItemNode LimitNode OffsetNode
`)

const isNode = (value: unknown): value is OperationNode =>
  typeof value === 'object' && value !== null && 'kind' in value

/** The nodes right under a node: Kysely keeps them in its properties and in lists there. */
const partsOf = (node: OperationNode): readonly OperationNode[] => Object.values(node).flat().filter(isNode)

function aliasOf({ alias }: AliasNode): string {
  return IdentifierNode.is(alias) ? alias.name : refuse('an alias is raw SQL', 'Give the alias as a plain name.')
}

function requireHarmless(name: string): void {
  if (!SAFE_FUNCTIONS.has(name.toLowerCase()))
    refuse(`the function «${name}» is not known to be harmless`, NAME_COLUMNS)
}

/** A scope and those around it, from the inside out. */
function* enclosing(scope: Scope): Generator<Scope> {
  for (let at: Scope | null = scope; at !== null; at = at.outer) yield at
}

/** The analysis of one publication's queries against its register. */
export class LineageAnalysis {
  readonly #source: Source
  readonly #known: KnownTables

  constructor(source: Source, known: KnownTables = REGISTERED) {
    this.#source = source
    this.#known = known
  }

  /** The scope of a query, in which its columns are evaluated. Throws LineageProblem. */
  scopeOf(query: SelectQueryNode, outer: Scope | null = null): Scope {
    const scope: Scope = { items: new Map(), ctes: this.#ctes(query.with, outer), outer }
    for (const item of query.from?.froms ?? []) this.#addItem(item, scope, false)
    for (const join of query.joins ?? []) this.#addJoin(join, scope)
    this.#filter('the where clause', scope, query.where)
    this.#filter('the having clause', scope, query.having)
    this.#filter('group by', scope, query.groupBy)
    this.#filter('order by', scope, query.orderBy)
    this.#filter('distinct on', scope, ...(query.distinctOn ?? []))
    this.#filter('the limit', scope, query.limit, query.offset)
    const modifiers = [...(query.frontModifiers ?? []), ...(query.endModifiers ?? [])]
    if (modifiers.some((node) => node.modifier !== 'Distinct'))
      refuse('the query has a modifier', 'Remove the modifier.')
    if (query.top !== undefined || query.explain !== undefined)
      refuse('the query has a clause of another kind', 'Remove it.')
    return scope
  }

  #ctes(node: WithNode | undefined, outer: Scope | null): ReadonlyMap<string, OutputColumns> {
    const known = new Map(outer?.ctes ?? [])
    if (node?.recursive) refuse('recursive queries are not analysed', 'Rewrite the query without recursion.')
    for (const { name, expression } of node?.expressions ?? []) {
      if (name.columns !== undefined)
        refuse('a common table expression renames its columns', 'Name them inside the query.')
      const scope: Scope = { items: new Map(), ctes: new Map(known), outer }
      known.set(name.table.table.identifier.name, this.#subquery(expression, scope))
    }
    return known
  }

  #addJoin({ joinType, table, on }: JoinNode, scope: Scope): void {
    this.#addItem(table, scope, joinType.startsWith('Lateral'))
    if (on !== undefined && !OnNode.is(on)) refuse('a join uses columns by name', 'Join with `on` and both columns.')
    this.#filter('a join condition', scope, on)
  }

  #addItem(node: OperationNode, scope: Scope, lateral: boolean): void {
    const [item, alias] = AliasNode.is(node) ? [node.node, aliasOf(node)] : [node, null]
    if (TableNode.is(item)) {
      scope.items.set(alias ?? item.table.identifier.name, this.#tableColumns(item, scope))
      return
    }
    const around: Scope = lateral ? scope : { items: new Map(), ctes: scope.ctes, outer: scope.outer }
    const name = alias ?? refuse('a subquery has no alias', 'Give it one with `.as(…)`.')
    scope.items.set(name, this.#subquery(item, around))
  }

  #tableColumns({ table: { schema, identifier } }: TableNode, scope: Scope): OutputColumns {
    const { name } = identifier
    const cte = schema === undefined ? scope.ctes.get(name) : undefined
    if (cte !== undefined) return cte
    const table = own(this.#source.tables, name)
    if (table === undefined || (schema !== undefined && schema.name !== this.#source.schema)) {
      return refuse(`the table «${name}» is not ${this.#known.where}`, this.#known.table)
    }
    const origin = { table: name, treatments: [] }
    return new Map(Object.entries(table).map(([column, { privacy }]) => [column, [{ ...origin, column, privacy }]]))
  }

  /** The output columns of a subquery, with its set operations folded in by position. */
  #subquery(node: OperationNode, outer: Scope): OutputColumns {
    if (!SelectQueryNode.is(node)) return refuse(`a ${node.kind} stands where a query is expected`, NAME_COLUMNS)
    const scope = this.scopeOf(node, outer)
    const columns = (node.selections ?? []).map(({ selection }) => this.#output(selection, scope))
    for (const { expression } of node.setOperations ?? []) {
      const other = [...this.#subquery(expression, outer).values()]
      columns.forEach((column, index) => {
        column[1] = [...column[1], ...(other[index] ?? [])]
      })
    }
    return new Map(columns)
  }

  #output(node: OperationNode, scope: Scope): [string, Lineage] {
    if (AliasNode.is(node)) return [aliasOf(node), this.of(node.node, scope)]
    if (ReferenceNode.is(node) && ColumnNode.is(node.column)) return [node.column.column.name, this.of(node, scope)]
    return refuse('a subquery selects everything, or an expression without a name', 'Name each column of the subquery.')
  }

  #filter(where: string, scope: Scope, ...nodes: readonly (OperationNode | undefined)[]): void {
    for (const origin of nodes.flatMap((node) => (node === undefined ? [] : this.of(node, scope)))) {
      if (origin.privacy === 'indirect' || isTreated(origin)) continue
      refuse(
        `${where} looks at the ${origin.privacy} column ${origin.table}.${origin.column}`,
        'Choose rows by open or indirect columns, or by `present(…)`.',
      )
    }
  }

  #reference(table: string | null, column: string, scope: Scope): Lineage {
    for (const { items } of enclosing(scope)) {
      const found: Lineage[] = []
      for (const [alias, columns] of items) {
        if (table !== null && alias !== table) continue
        const lineage = columns.get(column)
        if (lineage !== undefined) found.push(lineage)
        else if (table !== null)
          return refuse(`the column «${table}.${column}» is not ${this.#known.where}`, this.#known.column)
      }
      if (found.length > 1)
        return refuse(`the column «${column}» is ambiguous`, 'Write the alias of its table before it.')
      if (found[0] !== undefined) return found[0]
    }
    return refuse(`the column «${table === null ? '' : `${table}.`}${column}» is not known here`, NAME_COLUMNS)
  }

  #all(nodes: readonly OperationNode[], scope: Scope): Lineage {
    return nodes.flatMap((node) => this.of(node, scope))
  }

  #raw(node: RawNode, scope: Scope): Lineage {
    if (isRunInstant(node)) return []
    const treatment = treatmentOf(node)
    const inner = this.#all(node.parameters, scope)
    if (treatment !== undefined) return treatedBy(inner, treatment)
    const items = [...enclosing(scope)].flatMap((at) => [...at.items])
    const isName = (word: string) => items.some(([alias, columns]) => alias === word || columns.has(word))
    for (const fragment of node.sqlFragments) {
      const problem = rawProblem(fragment, isName)
      if (problem !== null) refuse(`raw SQL may hide a column: ${problem}`, NAME_COLUMNS)
    }
    return inner
  }

  #aggregate(node: AggregateFunctionNode, scope: Scope): Lineage {
    requireHarmless(node.func)
    this.#filter('an aggregate', scope, node.orderBy, node.withinGroup)
    this.#filter('an aggregate filter', scope, node.filter)
    this.#filter('a window', scope, node.over)
    if (node.func.toLowerCase() !== 'count') return this.#all(node.aggregated, scope)
    const counted = node.aggregated.filter((argument) => argument.kind !== 'SelectAllNode')
    return treatedBy(this.#all(counted, scope), { name: 'count', detail: 'number' })
  }

  /** The origins of one expression in a scope. Throws LineageProblem. */
  of(node: OperationNode, scope: Scope): Lineage {
    if (LEAVES.has(node.kind)) return []
    if (COMPOSITES.has(node.kind)) return this.#all(partsOf(node), scope)
    if (ColumnNode.is(node)) return this.#reference(null, node.column.name, scope)
    if (ReferenceNode.is(node)) {
      if (!ColumnNode.is(node.column)) return refuse('an expression selects everything', 'Name each column.')
      return this.#reference(node.table?.table.identifier.name ?? null, node.column.column.name, scope)
    }
    if (RawNode.is(node)) return this.#raw(node, scope)
    if (FunctionNode.is(node)) {
      requireHarmless(node.func)
      return this.#all(node.arguments, scope)
    }
    if (AggregateFunctionNode.is(node)) return this.#aggregate(node, scope)
    if (SelectQueryNode.is(node)) return [...this.#subquery(node, scope).values()].flat()
    if (AliasNode.is(node)) return this.of(node.node, scope)
    return refuse(`a ${node.kind} is not analysed`, NAME_COLUMNS)
  }
}
