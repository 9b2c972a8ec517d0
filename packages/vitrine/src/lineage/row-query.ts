/**
 * One query (or subquery) of a text that may be read row by row: what its names mean, which columns must be equal for a row to
 * appear, and which of its results identify rows of a table.
 */
import type { JoinExpr, RangeSubselect, RangeVar, SelectStmt } from 'libpg-query'
import { nameIn, type Source } from '../publication/register.ts'
import { namesOf, nodeOf } from './node-fields.ts'
import { isExact, type KnownColumn, not, RowExpressions, type Surroundings, TIME_KINDS } from './row-expressions.ts'
import type { ColumnOf, Equality, TableMention } from './ties.ts'

/** A table, and columns of it. */
export interface ColumnsOf {
  /** As the register names it. */
  readonly table: string
  readonly columns: readonly string[]
}

export interface RowOutput extends KnownColumn {
  /** The table column, when it is a plain one. */
  readonly column: ColumnOf | null
  /** A result row with some value is made only of rows of the table with that value. */
  readonly leads: boolean
}
type Outputs = ReadonlyMap<string, RowOutput>

export const UNKNOWN_OUTPUT: RowOutput = { type: null, isTime: false, column: null, leads: false }

const CLAUSES: Readonly<Record<string, string>> = {
  windowClause: 'it looks at other rows',
  withClause: 'it has a named subquery',
  limitCount: 'it takes some of the rows',
  limitOffset: 'it takes some of the rows',
}
const KNOWN: ReadonlySet<string> = new Set(
  'targetList fromClause whereClause groupClause havingClause sortClause distinctClause limitOption op'.split(' '),
)

/** What the queries of one text have in common. */
export class Text {
  readonly source: Source
  readonly references: TableMention[] = []
  readonly equalities: Equality[] = []
  readonly unique: ColumnsOf[] = []

  constructor(source: Source) {
    this.source = source
  }
}

/** One query, inside another or not. */
export class RowQuery implements Surroundings {
  readonly #text: Text
  readonly #outer: RowQuery | null
  readonly #expressions = new RowExpressions(this)
  readonly #items = new Map<string, TableMention | Outputs>()
  /** Tables in its own FROM, without those of subqueries. */
  readonly #direct: TableMention[] = []
  #hasSubqueries = false
  #ownReads = 0
  #outerReads = 0
  #isGathering = false
  gathered = false
  grouped = false

  constructor(text: Text, outer: RowQuery | null) {
    this.#text = text
    this.#outer = outer
  }

  get isPlain(): boolean {
    return this.#direct.length === 1 && !this.#hasSubqueries && !this.gathered && !this.grouped
  }

  get first(): TableMention | undefined {
    return this.#direct[0]
  }

  /** Its outputs by name. `isTop` strips the casts to the declared types. */
  read(query: SelectStmt, isTop: boolean): Outputs {
    for (const clause of Object.keys(query)) {
      if (!KNOWN.has(clause)) not(CLAUSES[clause] ?? `its ${clause} cannot be told row by row`)
    }
    const { targetList = [], fromClause = [], whereClause, groupClause = [], havingClause, sortClause = [] } = query
    if (query.op !== 'SETOP_NONE' || query.limitOption !== 'LIMIT_OPTION_DEFAULT') not('it is more than one query')
    const own = fromClause.flatMap((node) => this.#from(node))
    const { walk } = this.#expressions
    walk(whereClause)
    this.#equal(whereClause, own)
    const targets = targetList.map((target) => nodeOf(target).ResTarget ?? {})
    walk(targets.map(({ val }) => val))
    walk(havingClause)
    walk(groupClause)
    const named = new Set(targets.map(({ name }) => name))
    // In ORDER BY, a bare name may mean an output column.
    walk(sortClause.filter((by) => !named.has(namesOf(nodeOf(nodeOf(by).SortBy?.node).ColumnRef?.fields).join('.'))))
    const keys = this.#keys(query)
    return new Map(
      targets.flatMap(({ name, val }): readonly (readonly [string, RowOutput])[] => {
        const bare = isTop ? (nodeOf(val).TypeCast?.arg ?? val) : val
        const output = this.#outputOf(bare)
        const known = name ?? namesOf(nodeOf(bare).ColumnRef?.fields).at(-1)
        const isKey = keys === null ? !this.gathered : keys.some((key) => isSame(key, output.column))
        return known === undefined ? [] : [[known, { ...output, leads: output.leads && isKey }]]
      }),
    )
  }

  /** The columns by which rows are grouped; null when they are not. */
  #keys({ groupClause, distinctClause, sortClause = [] }: SelectStmt): readonly ColumnOf[] | null {
    const by = groupClause ?? distinctClause
    if (by === undefined) return null
    this.grouped = true
    const keys = by.map((node) => {
      // DISTINCT without ON holds one empty node.
      if (Object.keys(nodeOf(node)).length === 0) not('it selects distinct rows')
      const { column, ...known } = this.#outputOf(node)
      if (column === null || !isExact(known)) not('it groups rows by something that is no plain column')
      return column as ColumnOf // sound because `not` throws.
    })
    if (distinctClause !== undefined) {
      if (groupClause !== undefined) not('it groups rows twice')
      this.#total([...keys, ...this.#columnsOf(sortClause)])
    }
    return keys
  }

  #outputOf(node: unknown): RowOutput {
    const column = nodeOf(node).ColumnRef
    return column === undefined
      ? { ...UNKNOWN_OUTPUT, isTime: this.#expressions.isTime(node) }
      : this.#find(column.fields).output
  }

  /** Those among expressions, or orders by them, that are columns. */
  #columnsOf(nodes: readonly unknown[]): readonly ColumnOf[] {
    return nodes.flatMap((node) => {
      const { SortBy: by } = nodeOf(node)
      if (by?.sortby_dir === 'SORTBY_USING') not('it orders rows by an operator')
      const fields = nodeOf(by?.node ?? node).ColumnRef?.fields
      // A bare name may mean an output column, which is another value.
      const column = fields?.length === 2 ? this.#find(fields).output.column : null
      return column === null || column === undefined ? [] : [column]
    })
  }

  ordered(by: readonly unknown[]): void {
    this.#total(this.#columnsOf(by))
  }

  /** Demands that these columns define the order completely. */
  #total(by: readonly ColumnOf[]): void {
    if (this.#items.size !== this.#direct.length) not('it orders rows of a subquery')
    const told = new Set(this.#text.references.filter((reference) => !this.#direct.includes(reference)))
    for (const reference of this.#direct) {
      const pinned = this.#text.equalities.flatMap(({ from, to }) =>
        from.reference === reference && to.length === 1 && to.every((column) => told.has(column.reference))
          ? [from]
          : [],
      )
      const columns = [...by, ...pinned].filter((column) => column.reference === reference).map(({ column }) => column)
      this.#text.unique.push({ table: reference.table, columns: [...new Set(columns)] })
      told.add(reference)
    }
  }

  /** The tables of an item of FROM, including nested ones. */
  #from(node: unknown): readonly TableMention[] {
    const { RangeVar: table, RangeSubselect: query, JoinExpr: join } = nodeOf(node)
    if (table !== undefined) return [this.#table(table)]
    if (query !== undefined) return this.#derived(query)
    return join === undefined ? not('it reads rows that a function gives') : this.#join(join)
  }

  #table({ schemaname, relname, alias, location, inh }: RangeVar): TableMention {
    if (inh !== true) not('it reads a table without those that inherit from it')
    if (schemaname === undefined || relname === undefined) return not('it names a table without its schema')
    const table = nameIn(this.#text.source.schema, schemaname, relname)
    if (this.#text.source.tables[table] === undefined) not('its table is not registered')
    if (alias?.colnames !== undefined) not('the columns of its table are renamed')
    const name = alias?.aliasname ?? relname
    const reference = {
      ...{ table, alias: name, isAliased: alias !== undefined, location: location ?? 0 },
      columns: new Set<string>(),
    }
    this.#items.set(name, reference)
    this.#direct.push(reference)
    this.#text.references.push(reference)
    return reference
  }

  #derived({ subquery, alias }: RangeSubselect): readonly TableMention[] {
    this.#hasSubqueries = true
    const query = nodeOf(subquery).SelectStmt ?? not('it has a subquery that is no query')
    const names = namesOf(alias?.colnames)
    const before = this.#text.references.length
    if (query.valuesLists !== undefined) {
      this.#expressions.walk(query.valuesLists)
      this.#items.set(alias?.aliasname ?? '', new Map(names.map((name) => [name ?? '', UNKNOWN_OUTPUT])))
      return []
    }
    if (names.length > 0) not('the columns of a subquery are renamed')
    this.#items.set(alias?.aliasname ?? '', new RowQuery(this.#text, this).read(query, false))
    return this.#text.references.slice(before)
  }

  #join({ jointype, larg, rarg, quals, ...others }: JoinExpr): readonly TableMention[] {
    if (others.alias !== undefined || others.isNatural === true || others.usingClause !== undefined) {
      not('it joins tables by names')
    }
    const [left, right] = [this.#from(larg), this.#from(rarg)]
    this.#expressions.walk(quals)
    const both = [...left, ...right]
    if (jointype === 'JOIN_INNER') this.#equal(quals, both)
    // A left join keeps all rows of its left side: its condition restricts only the right side.
    else if (jointype === 'JOIN_LEFT') this.#equal(quals, right)
    else not('it has a right or a full join')
    return both
  }

  /** Records the equalities that rows of `own` must satisfy to appear. */
  #equal(condition: unknown, own: readonly TableMention[]): void {
    const { BoolExpr: terms, A_Expr: term } = nodeOf(condition)
    if (terms?.boolop === 'AND_EXPR') for (const each of terms.args ?? []) this.#equal(each, own)
    if (term?.kind !== 'AEXPR_OP' || namesOf(term.name).join('.') !== '=') return
    const sides = [term.lexpr, term.rexpr].map((side) => {
      const parts = nodeOf(side).CoalesceExpr?.args ?? [side]
      return parts.map((part) => this.#outputOf(part))
    })
    for (const [[from, ...more] = [], to = []] of [sides, sides.toReversed()]) {
      const columns = to.flatMap(({ column }) => (column === null ? [] : [column]))
      if (from?.column === null || from?.leads !== true || more.length > 0 || columns.length !== to.length) continue
      // sound because it has just been looked at.
      if (own.includes((from.column as ColumnOf).reference)) {
        this.#text.equalities.push({ from: from.column as ColumnOf, to: columns })
      }
    }
  }

  subquery(query: SelectStmt): void {
    if (this.#isGathering) not('it gathers what a subquery gives')
    this.#hasSubqueries = true
    new RowQuery(this.#text, this).read(query, false)
  }

  gathers(work: () => void): void {
    this.gathered = true
    const outside = this.#outerReads
    const before = this.#ownReads
    this.#isGathering = true
    work()
    this.#isGathering = false
    // PostgreSQL assigns an aggregate to the innermost query of whose columns it uses one; `count(*)` to its own.
    if (this.#outerReads > outside && this.#ownReads === before) not('it gathers rows of the query around it')
  }

  column(fields: unknown): RowOutput {
    const { output, query } = this.#find(fields)
    if (query === this) this.#ownReads++
    else this.#outerReads++
    return output
  }

  #find(fields: unknown): { readonly output: RowOutput; readonly query: RowQuery } {
    const [alias, name, ...more] = namesOf(fields).length === 1 ? [null, ...namesOf(fields)] : namesOf(fields)
    if (name === undefined || more.length > 0) not('a column of it is not one of its tables')
    for (let query: RowQuery | null = this; query !== null; query = query.#outer) {
      if (alias === null && query.#items.size !== 1) not('a column of it does not say of which table it is')
      const item = alias === null ? [...query.#items.values()][0] : query.#items.get(alias ?? '')
      if (item !== undefined) return { output: query.#columnOf(item, name ?? ''), query }
    }
    return not('a column of it is not one of its tables')
  }

  #columnOf(item: TableMention | Outputs, name: string): RowOutput {
    if (!('table' in item)) return item.get(name) ?? not(`its subquery has no column ${name}`)
    const { type } =
      this.#text.source.tables[item.table]?.[name] ?? not(`the register does not know the column ${name}`)
    item.columns.add(name)
    const isTime = TIME_KINDS.has(type.kind) && !type.array
    return { type, isTime, column: { reference: item, column: name }, leads: true }
  }
}

const isSame = (one: ColumnOf, other: ColumnOf | null): boolean =>
  one.reference === other?.reference && one.column === other.column
