/**
 * The nodes of PostgreSQL's parse tree that are understood, and what becomes of each of their fields. Typed by the parser's
 * own types: a field that a new parser adds does not compile until somebody has decided about it, and what is not here is
 * refused when it is met.
 */
import type * as pg from 'libpg-query'
import { MARKER } from '../publication/select-text.ts'
import { OPERATORS, TYPES } from './known-sql.ts'
import type { Lineage } from './origin.ts'
import { refuse } from './query-rules.ts'
import type { Scope } from './scope.ts'

/** The nodes that are understood. The parser's own union of all nodes costs the compiler a minute. */
// biome-ignore format: a list of names.
interface Nodes {
  A_ArrayExpr: pg.A_ArrayExpr; A_Const: pg.A_Const; A_Expr: pg.A_Expr; A_Indices: pg.A_Indices; A_Indirection: pg.A_Indirection
  Alias: pg.Alias; BoolExpr: pg.BoolExpr; BooleanTest: pg.BooleanTest; CaseExpr: pg.CaseExpr; CaseWhen: pg.CaseWhen
  CoalesceExpr: pg.CoalesceExpr; CollateClause: pg.CollateClause; ColumnDef: pg.ColumnDef; ColumnRef: pg.ColumnRef; CommonTableExpr: pg.CommonTableExpr; FuncCall: pg.FuncCall
  GroupingSet: pg.GroupingSet; JoinExpr: pg.JoinExpr; List: pg.List; MinMaxExpr: pg.MinMaxExpr; NamedArgExpr: pg.NamedArgExpr
  NullTest: pg.NullTest; RangeFunction: pg.RangeFunction; RangeSubselect: pg.RangeSubselect; RangeVar: pg.RangeVar; ResTarget: pg.ResTarget
  RowExpr: pg.RowExpr; SelectStmt: pg.SelectStmt; SortBy: pg.SortBy; SubLink: pg.SubLink; TypeCast: pg.TypeCast
  TypeName: pg.TypeName; WindowDef: pg.WindowDef; WithClause: pg.WithClause
}
type NodeName = keyof Nodes

/** A node of the tree: one of its names is there. */
export type AnyNode = { readonly [T in NodeName]?: Nodes[T] } & {
  readonly String?: pg.String
  readonly SQLValueFunction?: pg.SQLValueFunction
  readonly ParamRef?: pg.ParamRef
}
export const nodeOf = (value: unknown): AnyNode => (value ?? {}) as AnyNode // sound because a name that is not there is undefined.

/** The node of that type; refuses any other. */
export const the = <T extends NodeName>(type: T, value: unknown): Nodes[T] =>
  // sound because a node has the fields of its name.
  (nodeOf(value)[type] as Nodes[T] | undefined) ?? refuse('node', [type])

/** What the table below needs from the resolver. */
export interface NodeReader {
  /** The columns behind expressions, which flow into the value around them. */
  flow(nodes: unknown, scope: Scope): Lineage
  /** Expressions that choose or order rows. */
  choose(clause: string, nodes: unknown, scope: Scope): void
  /** Refuses rows to be chosen by what must not be seen. */
  usable(clause: string, lineage: Lineage): void
  /** A part that the tree holds without its node type. */
  part(type: NodeName, fields: unknown, scope: Scope): void
}

type Use = (reader: NodeReader, value: unknown, scope: Scope) => Lineage
const flows: Use = (reader, value, scope) => reader.flow(value, scope)
const does =
  (work: (...given: Parameters<Use>) => unknown): Use =>
  (...given) => {
    work(...given)
    return []
  }
const chooses = (clause: string): Use => does((reader, value, scope) => reader.choose(clause, value, scope))
const part = (type: NodeName): Use => does((reader, value, scope) => reader.part(type, value, scope))
/** No column can stand in it. */
const inert: Use = () => []
/** Read by the resolver's method for that node. */
const own: Use = () => []

/** The strings of a list of names; anything else in it, such as a star, is undefined. */
export const namesOf = (nodes: unknown): readonly (string | undefined)[] =>
  (Array.isArray(nodes) ? nodes : []).map((node) => nodeOf(node).String?.sval)

/** The number of the treatment that a call stands for. */
export function markerOf({ funcname }: pg.FuncCall): number | null {
  const [name, more] = namesOf(funcname)
  return more === undefined && name?.startsWith(MARKER) === true ? Number(name.slice(MARKER.length)) : null
}

/** A name of PostgreSQL's own, written with its schema or without. */
const known = (rule: 'operator' | 'type', names: ReadonlySet<string>): Use =>
  does((_, value) => {
    const [name, schema] = [...namesOf(value)].reverse()
    const isOurs = schema === undefined || schema === 'pg_catalog'
    if (!isOurs || name === undefined || !names.has(name)) refuse(rule, [[...namesOf(value)].join('.')])
  })
const numbers: Use = does((_, value) => {
  if (!(value as readonly unknown[]).every((node) => nodeOf(node).A_Const !== undefined))
    refuse('type', ['of a computed size'])
})

/** Where a node stands in the text. */
export const PLACES = ['location', 'rexpr_list_start', 'rexpr_list_end', 'list_start', 'list_end'] as const
/** A JSON string cannot hold unescaped quotation marks, so this matches field names only. */
const PLACED = new RegExp(`,"(?:${PLACES.join('|')})":-?\\d+|"(?:${PLACES.join('|')})":-?\\d+,?`, 'g')
export const placeless = (tree: unknown): string => JSON.stringify(tree).replace(PLACED, '')

/** Fields that PostgreSQL's analyser fills in, never its parser. If one occurs, it is refused like any unknown field. */
type Analysed =
  | ('xpr' | 'casetype' | 'casecollid' | 'coalescetype' | 'coalescecollid' | 'minmaxtype' | 'minmaxcollid')
  | ('inputcollid' | 'row_typeid' | 'subLinkId' | 'typeOid' | 'argisrow' | 'rtindex' | 'cterecursive' | 'cterefcount')
  | ('ctecolnames' | 'ctecoltypes' | 'ctecoltypmods' | 'ctecolcollations')

/** Null: refused. A list: the allowed values of an enumeration. */
type FieldUse<V> = Use | null | ([V] extends [string] ? readonly V[] : never)
type Uses<T extends NodeName> = {
  readonly [F in Exclude<keyof Nodes[T], Analysed | (typeof PLACES)[number]>]-?: FieldUse<NonNullable<Nodes[T][F]>>
}

/** Nodes that are not expressions: the method of the node around them reads them. */
export const CLAUSES: ReadonlySet<string> = new Set(
  'Alias ColumnDef CommonTableExpr GroupingSet JoinExpr RangeFunction RangeSubselect RangeVar ResTarget TypeName WindowDef WithClause'.split(
    ' ',
  ),
)

// biome-ignore format: one line for each node, so that the table can be read as one.
const USES = {
  A_ArrayExpr: { elements: flows },
  A_Const: { isnull: inert, ival: inert, fval: inert, boolval: inert, sval: inert, bsval: inert },
  A_Expr: {
    kind: ['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_OP_ALL', 'AEXPR_DISTINCT', 'AEXPR_NOT_DISTINCT', 'AEXPR_NULLIF', 'AEXPR_IN',
      'AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_SIMILAR', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN', 'AEXPR_BETWEEN_SYM',
      'AEXPR_NOT_BETWEEN_SYM'],
    name: known('operator', OPERATORS), lexpr: flows, rexpr: flows,
  },
  A_Indices: { is_slice: inert, lidx: flows, uidx: flows },
  A_Indirection: { arg: flows, indirection: flows },
  Alias: { aliasname: own, colnames: own },
  BoolExpr: { boolop: ['AND_EXPR', 'OR_EXPR', 'NOT_EXPR'], args: flows },
  BooleanTest: {
    booltesttype: ['IS_TRUE', 'IS_NOT_TRUE', 'IS_FALSE', 'IS_NOT_FALSE', 'IS_UNKNOWN', 'IS_NOT_UNKNOWN'], arg: flows,
  },
  CaseExpr: { arg: flows, args: flows, defresult: flows },
  CaseWhen: { expr: flows, result: flows },
  CoalesceExpr: { args: flows },
  CollateClause: { arg: flows, collname: inert },
  ColumnDef: {
    colname: own, typeName: part('TypeName'), is_local: inert, compression: null, inhcount: null, is_not_null: null, is_from_type: null,
    storage: null, storage_name: null, raw_default: null, cooked_default: null, identity: null, identitySequence: null,
    generated: null, collClause: null, collOid: null, constraints: null, fdwoptions: null,
  },
  ColumnRef: { fields: own },
  CommonTableExpr: {
    ctename: own, aliascolnames: own, ctequery: own, search_clause: null, cycle_clause: null,
    ctematerialized: ['CTEMaterializeDefault', 'CTEMaterializeAlways', 'CTEMaterializeNever'],
  },
  FuncCall: {
    funcname: own, args: own, agg_order: chooses('an aggregate'), agg_filter: chooses('an aggregate filter'),
    over: part('WindowDef'), agg_within_group: own, agg_star: inert, agg_distinct: inert, func_variadic: inert,
    funcformat: ['COERCE_EXPLICIT_CALL', 'COERCE_SQL_SYNTAX'],
  },
  GroupingSet: { kind: inert, content: own },
  JoinExpr: {
    jointype: ['JOIN_INNER', 'JOIN_LEFT', 'JOIN_RIGHT', 'JOIN_FULL'], larg: own, rarg: own, quals: own, isNatural: null,
    usingClause: null, join_using_alias: null, alias: null,
  },
  List: { items: flows },
  MinMaxExpr: { op: ['IS_GREATEST', 'IS_LEAST'], args: flows },
  NamedArgExpr: { arg: flows, name: inert, argnumber: inert },
  NullTest: { arg: flows, nulltesttype: ['IS_NULL', 'IS_NOT_NULL'] },
  RangeFunction: { lateral: inert, ordinality: inert, is_rowsfrom: null, functions: own, alias: own, coldeflist: own },
  RangeSubselect: { lateral: own, subquery: own, alias: own },
  RangeVar: { catalogname: null, schemaname: own, relname: own, inh: inert, relpersistence: inert, alias: own },
  ResTarget: { name: own, indirection: null, val: own },
  RowExpr: { args: flows, row_format: ['COERCE_EXPLICIT_CALL', 'COERCE_IMPLICIT_CAST'], colnames: null },
  SelectStmt: {
    distinctClause: own, targetList: own, fromClause: own, whereClause: own, groupClause: own, groupDistinct: inert,
    havingClause: own, windowClause: own, valuesLists: own, sortClause: own, limitOffset: own, limitCount: own,
    withClause: own, all: own, larg: own, rarg: own, intoClause: null, lockingClause: null,
    limitOption: ['LIMIT_OPTION_DEFAULT', 'LIMIT_OPTION_COUNT'],
    op: ['SETOP_NONE', 'SETOP_UNION', 'SETOP_INTERSECT', 'SETOP_EXCEPT'],
  },
  SortBy: {
    node: flows, sortby_dir: ['SORTBY_DEFAULT', 'SORTBY_ASC', 'SORTBY_DESC'], useOp: null,
    sortby_nulls: ['SORTBY_NULLS_DEFAULT', 'SORTBY_NULLS_FIRST', 'SORTBY_NULLS_LAST'],
  },
  SubLink: {
    subLinkType: ['EXISTS_SUBLINK', 'ANY_SUBLINK', 'ALL_SUBLINK', 'EXPR_SUBLINK', 'ARRAY_SUBLINK'],
    testexpr: flows, operName: known('operator', OPERATORS), subselect: flows,
  },
  TypeCast: { arg: flows, typeName: part('TypeName') },
  TypeName: {
    names: known('type', TYPES), setof: null, pct_type: null, typmods: numbers, typemod: inert, arrayBounds: inert,
  },
  WindowDef: {
    name: inert, refname: inert, partitionClause: chooses('a window'), orderClause: chooses('a window'),
    frameOptions: inert, startOffset: chooses('a window'), endOffset: chooses('a window'),
  },
  WithClause: { ctes: own, recursive: inert },
} satisfies { readonly [T in NodeName]?: Uses<T> }

/** The uses by node type and field, for names that may be unknown. */
export const UNDERSTOOD: ReadonlyMap<string, ReadonlyMap<string, Use | readonly string[] | null>> = new Map(
  Object.entries(USES).map(([type, uses]) => [type, new Map(Object.entries(uses))]),
)
