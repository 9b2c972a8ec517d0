/** Writes a Kysely query as one text without parameters; tables get the schema, if one is given. */
import {
  type CommonTableExpressionNameNode,
  IdentifierNode,
  PostgresQueryCompiler,
  type QueryId,
  type ReferenceNode,
  type RootOperationNode,
  type TableNode,
} from 'kysely'
import { literal } from '../sql/quote.ts'

const QUERY_ID: QueryId = Object.freeze({ queryId: 'vitrine' })

export class LiteralCompiler extends PostgresQueryCompiler {
  readonly tables = new Set<string>()
  readonly #schema: string | null
  readonly #subqueries = new Set<string>()

  constructor(schema: string | null) {
    super()
    this.#schema = schema
  }

  /** Throws TypeError for a value that has no literal. */
  text(node: RootOperationNode): string {
    const { sql, parameters } = this.compileQuery(node, QUERY_ID)
    if (parameters.length > 0) throw new TypeError('the query still has parameters after compilation')
    return sql
  }

  protected override visitTable(node: TableNode): void {
    const {
      schema,
      identifier: { name },
    } = node.table
    if (schema === undefined && !this.#subqueries.has(name)) {
      this.tables.add(name)
      // With a schema, a table of the same name elsewhere on the search path cannot take its place.
      if (this.#schema !== null) {
        this.visitNode(IdentifierNode.create(this.#schema))
        this.append('.')
      }
    }
    super.visitTable(node)
  }

  protected override visitCommonTableExpressionName(node: CommonTableExpressionNameNode): void {
    this.#subqueries.add(node.table.table.identifier.name)
    super.visitCommonTableExpressionName(node)
  }

  /** Columns are written with the alias of their table, which has no schema. */
  protected override visitReference({ table, column }: ReferenceNode): void {
    if (table !== undefined) {
      this.visitNode(table.table)
      this.append('.')
    }
    this.visitNode(column)
  }

  protected override appendValue(value: unknown): void {
    this.append(literal(value))
  }

  protected override appendImmediateValue(value: unknown): void {
    this.append(literal(value))
  }
}
