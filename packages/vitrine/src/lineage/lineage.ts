/**
 * Lineage: for each published column, the source columns it is made of and the treatments they went through, read off the
 * query's operation nodes. Whatever the analysis does not understand is a problem, never a guess: it fails closed.
 */
import type {
  AggregateFunctionNode,
  AliasNode,
  CaseNode,
  CastNode,
  ColumnNode,
  CommonTableExpressionNode,
  FunctionNode,
  GroupByItemNode,
  IdentifierNode,
  JoinNode,
  OnNode,
  OperationNode,
  OrderByItemNode,
  OverNode,
  PartitionByItemNode,
  RawNode,
  ReferenceNode,
  SelectQueryNode,
  SetOperationNode,
  TableNode,
  WithNode,
} from 'kysely'
import { isRunInstant } from '../publication/instant.ts'
import { rawProblem, SAFE_FUNCTIONS } from '../publication/raw-sql.ts'
import type { Source } from '../publication/register.ts'
import { type Treatment, treatmentOf } from '../publication/treatment.ts'
import { COMPOSITES } from './expression-parts.ts'
import { isTreated, type KnownTables, type Lineage, LineageProblem, REGISTERED } from './origin.ts'

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

/** The analysis of one publication's queries against its register. */
export class LineageAnalysis {
  readonly #source: Source
  readonly #known: KnownTables

  constructor(source: Source, known: KnownTables = REGISTERED) {
    this.#source = source
    this.#known = known
  }

  /** The scope of a table's own query, in which its columns are evaluated. Throws LineageProblem. */
  scopeOf(query: SelectQueryNode): Scope {
    return this.#scope(query, null)
  }

  /** The origins of one expression in a scope. Throws LineageProblem. */
  of(node: OperationNode, scope: Scope): Lineage {
    return this.#expression(node, scope)
  }

  #scope(query: SelectQueryNode, outer: Scope | null): Scope {
    const ctes = this.#ctes(query.with, outer)
    const scope: Scope = { items: new Map(), ctes, outer }
    for (const item of query.from?.froms ?? []) this.#addItem(item, scope, false)
    for (const join of query.joins ?? []) this.#addJoin(join, scope)
    this.#filter(query.where?.where, scope, 'the where clause')
    this.#filter(query.having?.having, scope, 'the having clause')
    // sound because GroupByNode.items are GroupByItemNode and OrderByNode.items are OrderByItemNode in Kysely 0.28.
    for (const item of query.groupBy?.items ?? []) this.#filter((item as GroupByItemNode).groupBy, scope, 'group by')
    for (const item of query.orderBy?.items ?? []) this.#filter((item as OrderByItemNode).orderBy, scope, 'order by')
    for (const node of query.distinctOn ?? []) this.#filter(node, scope, 'distinct on')
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
    for (const cte of node?.expressions ?? []) {
      const { name, expression } = cte satisfies CommonTableExpressionNode
      if (name.columns !== undefined)
        refuse('a common table expression renames its columns', 'Name them inside the query.')
      const scope: Scope = { items: new Map(), ctes: new Map(known), outer }
      known.set(name.table.table.identifier.name, this.#subquery(expression, scope))
    }
    return known
  }

  #addJoin(join: JoinNode, scope: Scope): void {
    const lateral = join.joinType.startsWith('Lateral')
    this.#addItem(join.table, scope, lateral)
    if (join.on === undefined) return
    if (join.on.kind !== 'OnNode') refuse('a join uses columns by name', 'Join with `on` and both columns.')
    this.#filter((join.on as OnNode).on, scope, 'a join condition') // sound because its kind was just compared.
  }

  #addItem(node: OperationNode, scope: Scope, lateral: boolean): void {
    let item = node
    let alias: string | null = null
    if (node.kind === 'AliasNode') {
      const aliased = node as AliasNode // sound because its kind was just compared.
      item = aliased.node
      if (aliased.alias.kind !== 'IdentifierNode') refuse('an alias is raw SQL', 'Give the alias as a plain name.')
      alias = (aliased.alias as IdentifierNode).name // sound because its kind was just compared.
    }
    if (item.kind === 'TableNode') {
      const table = item as TableNode // sound because its kind was just compared.
      const name = table.table.identifier.name
      scope.items.set(alias ?? name, this.#tableColumns(table, scope))
      return
    }
    if (alias === null) refuse('a subquery has no alias', 'Give it one with `.as(…)`.')
    const around: Scope = lateral ? scope : { items: new Map(), ctes: scope.ctes, outer: scope.outer }
    // sound because a missing alias was refused just above.
    scope.items.set(alias as string, this.#subquery(item, around))
  }

  #tableColumns(node: TableNode, scope: Scope): OutputColumns {
    const name = node.table.identifier.name
    const schema = node.table.schema?.name
    const cte = schema === undefined ? scope.ctes.get(name) : undefined
    if (cte !== undefined) return cte
    const table = this.#source.tables[name]
    if (table === undefined || (schema !== undefined && schema !== this.#source.schema)) {
      return refuse(`the table «${name}» is not ${this.#known.where}`, this.#known.table)
    }
    const own = { table: name, treatments: [] }
    return new Map(Object.entries(table).map(([column, { privacy }]) => [column, [{ ...own, column, privacy }]]))
  }

  /** The output columns of a subquery, with its set operations folded in by position. */
  #subquery(node: OperationNode, outer: Scope): OutputColumns {
    if (node.kind !== 'SelectQueryNode') return refuse(`a ${node.kind} stands where a query is expected`, NAME_COLUMNS)
    const query = node as SelectQueryNode // sound because its kind was just compared.
    const scope = this.#scope(query, outer)
    const columns = (query.selections ?? []).map(({ selection }) => this.#output(selection, scope))
    for (const operation of query.setOperations ?? []) {
      const other = [...this.#subquery((operation satisfies SetOperationNode).expression, outer).values()]
      columns.forEach((column, index) => {
        column[1] = [...column[1], ...(other[index] ?? [])]
      })
    }
    return new Map(columns)
  }

  #output(node: OperationNode, scope: Scope): [string, Lineage] {
    if (node.kind === 'AliasNode') {
      const { node: inner, alias } = node as AliasNode // sound because its kind was just compared.
      if (alias.kind !== 'IdentifierNode') refuse('an alias is raw SQL', 'Give the alias as a plain name.')
      return [(alias as IdentifierNode).name, this.#expression(inner, scope)] // sound because its kind was just compared.
    }
    if (node.kind === 'ReferenceNode') {
      const { column } = node as ReferenceNode // sound because its kind was just compared.
      if (column.kind === 'ColumnNode') return [column.column.name, this.#expression(node, scope)]
    }
    return refuse('a subquery selects everything, or an expression without a name', 'Name each column of the subquery.')
  }

  #filter(node: OperationNode | undefined, scope: Scope, where: string): void {
    if (node === undefined) return
    for (const origin of this.#expression(node, scope)) {
      const usable = origin.privacy === 'indirect' || isTreated(origin)
      if (!usable) {
        refuse(
          `${where} looks at the ${origin.privacy} column ${origin.table}.${origin.column}`,
          'Choose rows by open or indirect columns, or by `present(…)`.',
        )
      }
    }
  }

  #reference(table: string | null, column: string, scope: Scope): Lineage {
    for (let at: Scope | null = scope; at !== null; at = at.outer) {
      const found: Lineage[] = []
      for (const [alias, columns] of at.items) {
        if (table !== null && alias !== table) continue
        const lineage = columns.get(column)
        if (lineage !== undefined) found.push(lineage)
        else if (table !== null) {
          return refuse(`the column «${table}.${column}» is not ${this.#known.where}`, this.#known.column)
        }
      }
      if (found.length > 1)
        return refuse(`the column «${column}» is ambiguous`, 'Write the alias of its table before it.')
      if (found[0] !== undefined) return found[0]
    }
    return refuse(`the column «${table === null ? '' : `${table}.`}${column}» is not known here`, NAME_COLUMNS)
  }

  #all(nodes: readonly (OperationNode | undefined)[], scope: Scope): Lineage {
    return nodes.flatMap((node) => (node === undefined ? [] : this.#expression(node, scope)))
  }

  #raw(node: RawNode, scope: Scope): Lineage {
    if (isRunInstant(node)) return []
    const treatment = treatmentOf(node)
    const inner = this.#all(node.parameters, scope)
    if (treatment !== undefined) {
      return inner.map((origin) => ({ ...origin, treatments: [...origin.treatments, treatment] }))
    }
    const isName = (word: string): boolean => {
      for (let at: Scope | null = scope; at !== null; at = at.outer) {
        for (const [alias, columns] of at.items) if (alias === word || columns.has(word)) return true
      }
      return false
    }
    for (const fragment of node.sqlFragments) {
      const problem = rawProblem(fragment, isName)
      if (problem !== null) refuse(`raw SQL may hide a column: ${problem}`, NAME_COLUMNS)
    }
    return inner
  }

  #over(node: OverNode | undefined, scope: Scope): void {
    // sound because PartitionByNode.items are PartitionByItemNode and OrderByNode.items OrderByItemNode in Kysely 0.28.
    for (const item of node?.partitionBy?.items ?? []) {
      this.#filter((item as PartitionByItemNode).partitionBy, scope, 'a window')
    }
    for (const item of node?.orderBy?.items ?? []) this.#filter((item as OrderByItemNode).orderBy, scope, 'a window')
  }

  #aggregate(node: AggregateFunctionNode, scope: Scope): Lineage {
    if (!SAFE_FUNCTIONS.has(node.func.toLowerCase()))
      refuse(`the function «${node.func}» is not known to be harmless`, NAME_COLUMNS)
    for (const order of [node.orderBy, node.withinGroup]) {
      for (const item of order?.items ?? []) this.#filter((item as OrderByItemNode).orderBy, scope, 'an aggregate') // sound as in #over.
    }
    this.#filter(node.filter?.where, scope, 'an aggregate filter')
    this.#over(node.over, scope)
    if (node.func.toLowerCase() !== 'count') return this.#all(node.aggregated, scope)
    const counted = node.aggregated.filter((argument) => argument.kind !== 'SelectAllNode')
    const treatment: Treatment = { name: 'count', detail: 'number' }
    return this.#all(counted, scope).map((origin) => ({ ...origin, treatments: [...origin.treatments, treatment] }))
  }

  #function(node: FunctionNode, scope: Scope): Lineage {
    if (!SAFE_FUNCTIONS.has(node.func.toLowerCase()))
      refuse(`the function «${node.func}» is not known to be harmless`, NAME_COLUMNS)
    return this.#all(node.arguments, scope)
  }

  /** One case a kind of node. Casts in it are sound because the switch compares `kind`, by which Kysely tells nodes apart. */
  #expression(node: OperationNode, scope: Scope): Lineage {
    switch (node.kind) {
      case 'ReferenceNode': {
        const { table, column } = node as ReferenceNode
        if (column.kind !== 'ColumnNode') return refuse('an expression selects everything', 'Name each column.')
        return this.#reference(table?.table.identifier.name ?? null, column.column.name, scope)
      }
      case 'ColumnNode':
        return this.#reference(null, (node as ColumnNode).column.name, scope)
      case 'RawNode':
        return this.#raw(node as RawNode, scope)
      case 'FunctionNode':
        return this.#function(node as FunctionNode, scope)
      case 'AggregateFunctionNode':
        return this.#aggregate(node as AggregateFunctionNode, scope)
      case 'SelectQueryNode':
        return [...this.#subquery(node, scope).values()].flat()
      case 'CaseNode': {
        const choice = node as CaseNode
        const branches = (choice.when ?? []).flatMap((branch) => [branch.condition, branch.result])
        return this.#all([choice.value, ...branches, choice.else], scope)
      }
      case 'CastNode':
        return this.#all([(node as CastNode).expression, (node as CastNode).dataType], scope)
      case 'ValueNode':
      case 'PrimitiveValueListNode':
      case 'OperatorNode':
      case 'DataTypeNode':
      case 'JSONPathNode':
      case 'JSONPathLegNode':
        return []
      default:
        return this.#composite(node, scope)
    }
  }

  /** Nodes whose lineage is that of their parts: operators, lists, parentheses, paths into JSON. */
  #composite(node: OperationNode, scope: Scope): Lineage {
    const parts = COMPOSITES[node.kind]
    if (parts === undefined) return refuse(`a ${node.kind} is not analysed`, NAME_COLUMNS)
    return this.#all(parts(node), scope)
  }
}
