/**
 * Lineage: for each column of a query, the source columns it is made of and the treatments they went through, read off
 * PostgreSQL's own parse tree. Columns that choose or order rows are checked as well. Whatever is not understood is refused.
 */
import type { FuncCall, JoinExpr, RangeSubselect, RangeVar, SelectStmt, WithClause } from 'libpg-query'
import { nameIn, unreadReason } from '../publication/register.ts'
import type { Mark, Treatment } from '../publication/treatment.ts'
import { checkEnds } from './ends.ts'
import { CLOCKS, FUNCTIONS, SETS } from './known-sql.ts'
import { requireSureMask } from './mask.ts'
import { CLAUSES, markerOf, type NodeReader, namesOf, nodeOf, PLACES, the, UNDERSTOOD } from './node-fields.ts'
import { isTreated, type KnownNames, type Lineage, treatedBy } from './origin.ts'
import { refuse } from './query-rules.ts'
import { addRows, aliasOf } from './row-function.ts'
import {
  addItem,
  allOf,
  bareColumn,
  inside,
  itemsAdded,
  loosened,
  makeNullable,
  once,
  type QueryOutput,
  qualifiedColumn,
  renamed,
  type Scope,
  together,
} from './scope.ts'
import { treat } from './treated.ts'

/** More rounds than any recursive query needs until its origins are complete. */
const MOST_ROUNDS = 32

const COUNTED: Treatment = Object.freeze({ name: 'count' })

export class Resolver implements NodeReader {
  /** Every column that any part of the query names, by table. */
  readonly #reads: Map<string, Set<string>>
  readonly #known: KnownNames
  readonly #marks: readonly Mark[]
  readonly #tell: (treated: Lineage) => void

  /** `tell` is called for every treatment, wherever it stands in the query. */
  constructor(
    known: KnownNames,
    marks: readonly Mark[],
    reads = new Map<string, Set<string>>(),
    tell: (treated: Lineage) => void = () => undefined,
  ) {
    this.#known = known
    this.#marks = marks
    this.#reads = reads
    this.#tell = tell
  }

  /** The output columns of a query, each resolved on demand. Throws LineageProblem. */
  outputsOf(query: SelectStmt): readonly (() => Lineage)[] {
    if (query.op !== 'SETOP_NONE') refuse('union')
    const scope = this.#clauses(query, null)
    const outputs = (query.targetList ?? []).map((target) => once(() => this.#target(target, scope)))
    checkEnds(this, query, scope, () => outputs.map((output) => output()))
    return outputs.map((output) => () => output().lineage)
  }

  part(type: string, value: unknown, scope: Scope): void {
    this.#fields(type, value, scope)
  }

  /** Handles every field as the table of uses says; a field without a use is refused. */
  #fields(type: string, node: unknown, scope: Scope): Lineage {
    const uses = UNDERSTOOD.get(type) ?? refuse('node', [type])
    // sound because a node of the parser is an object.
    return Object.entries(node as object).flatMap(([field, value]): Lineage => {
      const use = uses.get(field) ?? null
      if ((PLACES as readonly string[]).includes(field)) return []
      if (typeof use === 'function') return use(this, value, scope)
      if (use === null) return refuse('field', [type, field])
      return use.includes(String(value)) ? [] : refuse('value', [field, String(value)])
    })
  }

  flow(nodes: unknown, scope: Scope): Lineage {
    if (nodes === undefined) return []
    if (Array.isArray(nodes)) return nodes.flatMap((node) => this.flow(node, scope))
    const { ColumnRef: column } = nodeOf(nodes)
    if (column !== undefined) return this.#column(namesOf(column.fields), scope)
    return this.#made(nodes, scope).map((origin) => ({ ...origin, isColumn: false, isNullable: true }))
  }

  #made(node: unknown, scope: Scope): Lineage {
    const { FuncCall: call, SelectStmt: query, SQLValueFunction: value } = nodeOf(node)
    const [, clock] = /^SVFOP_(.*(?:DATE|TIME).*?)(?:_N)?$/.exec(value?.op ?? '') ?? []
    if (clock !== undefined) refuse('clock', [clock.toLowerCase()])
    if (call !== undefined) return this.#call(call, scope)
    if (query !== undefined) return allOf(this.#query(query, scope))
    const [type = 'node without a type', fields] = Object.entries(nodeOf(node))[0] ?? []
    return CLAUSES.has(type) ? refuse('node', [type]) : this.#fields(type, fields, scope)
  }

  choose(clause: string, nodes: unknown, scope: Scope): void {
    this.usable(clause, this.flow(nodes, scope))
  }

  usable(clause: string, lineage: Lineage): void {
    for (const origin of lineage) {
      if (origin.privacy === 'indirect' || isTreated(origin)) continue
      refuse('chooses', [clause, origin.privacy, `${origin.table}.${origin.column}`])
    }
  }

  #column(names: readonly (string | undefined)[], scope: Scope): Lineage {
    const [first, second, third] = names
    if (first === undefined || names.includes(undefined)) return refuse('everything')
    if (third !== undefined) refuse('three parts', [third])
    const found = second === undefined ? bareColumn(scope, first) : qualifiedColumn(scope, first, second)
    for (const { table, column } of found ?? []) {
      if (this.#known.source.tables[table]?.[column]?.type.kind === 'opaque') refuse('opaque', [`${table}.${column}`])
      this.#reads.get(table)?.add(column)
    }
    return found ?? refuse('column', [`${first}.${second}`, this.#known.where], this.#known.columnRemedy)
  }

  #call(call: FuncCall, scope: Scope): Lineage {
    const marker = markerOf(call)
    const mark = marker === null ? undefined : this.#marks[marker]
    if (mark !== undefined) return this.#treated(mark, call.args ?? [], scope)
    const names = namesOf(call.funcname)
    const name = names.join('.')
    const own = name.replace(/^pg_catalog\./, '')
    const isSet = SETS.has(own)
    if (CLOCKS.has(own) || (own === 'age' && call.args?.length === 1)) refuse('clock', [own])
    if (!isSet && !FUNCTIONS.has(own) && !Object.hasOwn(this.#known.source.functions, name)) refuse('function', [name])
    this.part('FuncCall', call, scope)
    const given = this.flow([...(call.args ?? []), ...(call.agg_within_group ? (call.agg_order ?? []) : [])], scope)
    if (isSet) this.usable('the number of rows', given)
    return own === 'count' ? treat(given, COUNTED) : given
  }

  #treated({ treatment, fault }: Mark, parts: readonly unknown[], scope: Scope): Lineage {
    if (fault !== null) refuse('treatment', [treatment.name, fault])
    if (treatment.name !== 'masked') {
      const made = treat(this.flow(parts, scope), treatment)
      this.#tell(made)
      return made
    }
    const [condition, ...values] = parts
    requireSureMask(condition, (column) => this.flow(column, scope), this.#marks)
    const decided = treatedBy(this.flow(condition, scope), treatment)
    return [...decided, ...values.flatMap((value) => treat(this.flow(value, scope), treatment))]
  }

  #query(query: SelectStmt, outer: Scope): readonly QueryOutput[] {
    if (query.op === 'SETOP_NONE') {
      const scope = this.#clauses(query, outer)
      const outputs = query.valuesLists === undefined ? this.#targets(query, scope) : this.#values(query, scope)
      checkEnds(this, query, scope, () => outputs)
      return outputs
    }
    this.part('SelectStmt', query, outer)
    const scope = inside(outer, this.#subqueries(query.withClause, outer))
    const [left, right] = [query.larg, query.rarg].map((side) => (side === undefined ? [] : this.#query(side, scope)))
    const outputs = together([left ?? [], right ?? []])
    // Duplicates are removed: every column then decides which rows are kept.
    if (query.op !== 'SETOP_UNION' || query.all !== true) this.usable('a set operation', allOf(outputs))
    checkEnds(this, query, inside(null, scope.subqueries), () => outputs)
    return outputs
  }

  #values({ valuesLists = [] }: SelectStmt, scope: Scope): readonly QueryOutput[] {
    return together(
      valuesLists.map((row) =>
        (nodeOf(row).List?.items ?? []).map((item, index) => ({
          name: `column${index + 1}`,
          lineage: this.flow(item, scope),
        })),
      ),
    )
  }

  #targets({ targetList = [] }: SelectStmt, scope: Scope): readonly QueryOutput[] {
    return targetList.map((target) => this.#target(target, scope))
  }

  #target(node: unknown, scope: Scope): QueryOutput {
    const target = the('ResTarget', node)
    this.part('ResTarget', target, scope)
    const { name, val } = target
    const column = namesOf(nodeOf(val).ColumnRef?.fields).at(-1)
    return { name: name ?? column ?? null, lineage: this.flow(val, scope) }
  }

  /** The scope in which the columns of a query are looked for. */
  #clauses(query: SelectStmt, outer: Scope | null): Scope {
    const scope = inside(outer, this.#subqueries(query.withClause, outer))
    this.part('SelectStmt', query, scope)
    for (const item of query.fromClause ?? []) this.#from(item, scope)
    this.choose('the where clause', query.whereClause, scope)
    this.choose('the having clause', query.havingClause, scope)
    for (const window of query.windowClause ?? []) {
      this.part('WindowDef', nodeOf(window).WindowDef ?? {}, scope)
    }
    return scope
  }

  #subqueries(clause: WithClause | undefined, outer: Scope | null): ReadonlyMap<string, readonly QueryOutput[]> {
    const known = new Map(outer?.subqueries)
    if (clause !== undefined) this.part('WithClause', clause, inside(outer))
    for (const node of clause?.ctes ?? []) {
      const named = the('CommonTableExpr', node)
      const { ctename: name = '', ctequery, aliascolnames } = named
      const seen = new Map(known)
      const scope = inside(outer, seen)
      this.part('CommonTableExpr', named, scope)
      if (known.has(name) || Object.hasOwn(this.#known.source.tables, name)) refuse('named twice', [name])
      const query = nodeOf(ctequery).SelectStmt ?? refuse('statement')
      const outputs = (of: SelectStmt) => renamed(this.#query(of, scope), namesOf(aliascolnames))
      const { larg } = clause?.recursive === true ? query : {}
      const repeated =
        larg &&
        this.#repeated(
          name,
          seen,
          () => outputs(larg).map(loosened),
          () => outputs(query),
        )
      known.set(name, repeated ?? outputs(query))
    }
    return known
  }

  /** A recursive subquery: resolved again until a round adds no origin. */
  #repeated(
    name: string,
    seen: Map<string, readonly QueryOutput[]>,
    first: () => readonly QueryOutput[],
    all: () => readonly QueryOutput[],
  ) {
    let found = first()
    for (let round = 0; round < MOST_ROUNDS; round++) {
      seen.set(name, found)
      const next = all().map(loosened)
      if (JSON.stringify(next) === JSON.stringify(found)) return next
      found = next
    }
    return refuse('endless', [name])
  }

  #from(node: unknown, scope: Scope): void {
    const { JoinExpr: join, RangeVar: table, RangeFunction: rows, RangeSubselect: query } = nodeOf(node)
    if (join !== undefined) this.#join(join, scope)
    else if (table !== undefined) this.#table(table, scope)
    else if (rows !== undefined) addRows(this, rows, scope, Object.keys(this.#known.source.functions))
    else if (query !== undefined) this.#subselect(query, scope)
    else refuse('node', [Object.keys(nodeOf(node))[0] ?? 'relation'])
  }

  #subselect(range: RangeSubselect, scope: Scope): void {
    this.part('RangeSubselect', range, scope)
    const { lateral, subquery, alias } = range
    const { name, columns } = aliasOf(this, alias, scope)
    const seen = lateral ? scope : inside(scope.outer, scope.subqueries)
    addItem(scope, name, renamed(this.#query(the('SelectStmt', subquery), seen), namesOf(columns)), true)
  }

  #join(join: JoinExpr, scope: Scope): void {
    this.part('JoinExpr', join, scope)
    const left = itemsAdded(scope, () => this.#from(join.larg, scope))
    const right = itemsAdded(scope, () => this.#from(join.rarg, scope))
    this.choose('a join condition', join.quals, scope)
    if (join.jointype === 'JOIN_LEFT' || join.jointype === 'JOIN_FULL') makeNullable(scope, right)
    if (join.jointype === 'JOIN_RIGHT' || join.jointype === 'JOIN_FULL') makeNullable(scope, left)
  }

  #table(range: RangeVar, scope: Scope): void {
    this.part('RangeVar', range, scope)
    const { schemaname, relname = '' } = range
    const { name, columns } = aliasOf(this, range.alias ?? { aliasname: relname }, scope)
    if (columns !== undefined) refuse('renamed columns', [name])
    const subquery = schemaname === undefined ? scope.subqueries.get(relname) : undefined
    if (subquery === undefined) addItem(scope, name, ...this.#registered(relname, schemaname))
    else addItem(scope, name, subquery, true)
  }

  /** The columns of a table, and whether they are all that it has. */
  #registered(relname: string, schemaname: string | undefined): readonly [readonly QueryOutput[], boolean] {
    const { source, where, tableRemedy, isQualified } = this.#known
    const name = nameIn(source.schema, schemaname ?? source.schema, relname)
    const table = Object.hasOwn(source.tables, name) ? source.tables[name] : undefined
    const isThere = schemaname !== undefined || !isQualified
    if (table === undefined || !isThere) return refuse('table', [relname, where], tableRemedy)
    if (!this.#reads.has(name)) this.#reads.set(name, new Set())
    const outputs = Object.entries(table).map(([column, { privacy, isNullable }]) => ({
      name: column,
      lineage: [{ table: name, column, privacy, treatments: [], isColumn: true, isNullable }],
    }))
    // The table may have unregistered columns, so that a bare name could be one of them.
    return [outputs, unreadReason(table) === undefined && source.drift === 'stop']
  }
}
