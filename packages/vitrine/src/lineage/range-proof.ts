/**
 * Proves from the parse tree that a query can be read by ranges of one relation: each row of the query belongs to one row
 * of that relation, so that a condition on the physical place of that row divides the query's rows. Called by `run/ranges.ts`.
 */
import type { Node, SelectStmt } from 'libpg-query'
import { VitrineError } from '../base/errors.ts'
import { rangeSql } from '../publication/range.ts'
import { nameIn, type Source } from '../publication/register.ts'
import { type Moment, type Projection, projectionOf } from '../publication/select-text.ts'
import type { PublishedTable } from '../publication/table.ts'
import { AGGREGATES, FUNCTIONS, SETS } from './known-sql.ts'
import { type AnyNode, namesOf, nodeOf, placeless } from './node-fields.ts'
import { loadParser, type Parser, parsedText } from './parse.ts'

/** A relation in FROM by whose ranges the query can be read. */
export interface Root {
  readonly alias: string
  /** By its name in the register. */
  readonly table: string
  /** The tables that each range reads as a whole, one entry for each time. */
  readonly besides: readonly string[]
}

/** Visits every node below, outer ones first; `enter` says whether to visit what is inside. */
function walk(tree: unknown, enter: (node: AnyNode) => boolean): void {
  if (Array.isArray(tree)) for (const item of tree) walk(item, enter)
  else if (typeof tree === 'object' && tree !== null && enter(nodeOf(tree)))
    for (const part of Object.values(tree)) walk(part, enter)
}

interface Named {
  readonly relations: readonly { readonly schema: string; readonly name: string }[]
  readonly aliases: ReadonlySet<string>
}

/** The tables in FROM: of one query only, or also of its subqueries. */
function namedIn(tree: unknown, inside: boolean): Named {
  const relations: { schema: string; name: string }[] = []
  const aliases = new Set<string>()
  walk(tree, ({ RangeVar: table, RangeSubselect: query, RangeFunction: rows, SelectStmt: select }) => {
    // A name without a schema is a named subquery (WITH): our texts name the schema of every table.
    if (table?.relname !== undefined && table.schemaname !== undefined)
      relations.push({ schema: table.schemaname, name: table.relname })
    const alias = (table ?? query ?? rows)?.alias?.aliasname ?? table?.relname
    if (alias !== undefined) aliases.add(alias)
    return inside || select === undefined
  })
  return { relations, aliases }
}

/** The queries directly inside one. */
function queriesIn(query: SelectStmt): readonly SelectStmt[] {
  const found: SelectStmt[] = []
  walk(query, ({ SelectStmt: inner }) => {
    if (inner !== undefined) found.push(inner)
    return inner === undefined
  })
  return found
}

/** Whether a query uses columns of the queries around it: it then runs for each of their rows. */
function isCorrelated(query: SelectStmt): boolean {
  const { aliases } = namedIn(query, true)
  let found = false
  walk(query, ({ ColumnRef: column }) => {
    const [alias, name] = namesOf(column?.fields)
    if (name !== undefined && alias !== undefined && !aliases.has(alias)) found = true
    return true
  })
  return found
}

/** Relations that a query reads as a whole, whatever its own rows are. */
const readWhole = (query: SelectStmt): Named['relations'] =>
  isCorrelated(query) ? queriesIn(query).flatMap(readWhole) : namedIn(query, true).relations

/** Whether a call may be an aggregate or a window function; an unknown function may be. */
const mayGather = ({ FuncCall: call }: AnyNode): boolean => {
  if (call === undefined) return false
  const { funcname, over, agg_star, agg_order, agg_filter, agg_distinct, agg_within_group } = call
  const [name = '', schema = 'pg_catalog'] = [...namesOf(funcname)].reverse()
  const isPlain = schema === 'pg_catalog' && (FUNCTIONS.has(name) || SETS.has(name)) && !AGGREGATES.has(name)
  return !isPlain || [over, agg_star, agg_order, agg_filter, agg_distinct, agg_within_group].some((part) => part)
}

/**
 * Whether an aggregate inside a subquery may belong to a query around it. PostgreSQL assigns an aggregate to the innermost query
 * of whose columns it uses one, and to its own query when it uses none.
 */
function reachesOut(query: SelectStmt): boolean {
  const { aliases } = namedIn(query, false)
  let found = false
  walk(query, (node) => {
    if (node.SelectStmt !== undefined) return false
    if (!mayGather(node)) return true
    const columns: (readonly (string | undefined)[])[] = []
    walk(node, ({ ColumnRef: column }) => {
      if (column !== undefined) columns.push(namesOf(column.fields))
      return true
    })
    const isOwn = columns.some(([alias = '', name]) => name !== undefined && aliases.has(alias))
    if (columns.length > 0 && !isOwn) found = true
    return true
  })
  return found || queriesIn(query).some(reachesOut)
}

/** Whether each row of the query is made of one row of each relation in FROM, and of no other row of the query. */
function isRowByRow(query: SelectStmt): boolean {
  const wholes = [
    query.distinctClause,
    query.groupClause,
    query.havingClause,
    query.windowClause,
    query.valuesLists,
    query.limitCount,
    query.limitOffset,
    // No reader can rely on the order of rows, but an ORDER BY is respected all the same.
    query.sortClause,
  ]
  if (query.op !== 'SETOP_NONE' || wholes.some((clause) => clause !== undefined)) return false
  let gathers = false
  walk(query, (node) => {
    gathers ||= mayGather(node)
    return node.SelectStmt === undefined
  })
  return !gathers && !queriesIn(query).some(reachesOut)
}

/** By join type, the sides that contribute a row to each result row. */
const PRESERVED: Readonly<Record<string, readonly ('larg' | 'rarg')[]>> = {
  JOIN_INNER: ['larg', 'rarg'],
  JOIN_LEFT: ['larg'],
  JOIN_RIGHT: ['rarg'],
}

/** The relations of FROM that contribute a row to each row of the query. */
function preserved(node: Node): readonly NonNullable<AnyNode['RangeVar']>[] {
  const { RangeVar: table, JoinExpr: join } = nodeOf(node)
  if (table !== undefined) return [table]
  if (join === undefined) return []
  return (PRESERVED[join.jointype ?? ''] ?? []).flatMap((side) => {
    const inner = join[side]
    return inner === undefined ? [] : preserved(inner)
  })
}

/** The relations by whose ranges a query can be read; empty when that is not proved. */
export function rootsOf(parser: Parser, { sql }: Pick<Projection, 'sql'>, { schema }: Source): readonly Root[] {
  const query = parsedText(parser, sql)
  if (!isRowByRow(query)) return []
  const nameOf = (relation: Named['relations'][number]) => nameIn(schema, relation.schema, relation.name)
  const here = namedIn(query, false).relations
  const inside = queriesIn(query).flatMap(readWhole)
  return (query.fromClause ?? []).flatMap(preserved).flatMap(({ alias, schemaname, relname }): readonly Root[] => {
    if (schemaname === undefined || relname === undefined) return []
    const table = nameOf({ schema: schemaname, name: relname })
    const others = [...here, ...inside].map(nameOf)
    others.splice(others.indexOf(table), 1)
    return [{ alias: alias?.aliasname ?? relname, table, besides: others }]
  })
}

/** With its clauses in one order. */
const ordered = (query: SelectStmt) => Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1))

/** Splits the last term off a condition; `only` when it is the whole condition. */
function withoutLast({ whereClause, ...rest }: SelectStmt, only: boolean): readonly [SelectStmt, unknown] {
  const terms = only ? [] : (nodeOf(whereClause).BoolExpr?.args ?? [])
  const [first, ...others] = terms.slice(0, -1)
  if (first === undefined) return [rest, whereClause]
  const left = others.length === 0 ? first : { BoolExpr: { boolop: 'AND_EXPR' as const, args: [first, ...others] } }
  return [{ ...rest, whereClause: left }, terms.at(-1)]
}

/**
 * The texts of a proved projection, one per range; `firstBlocks` are the limits between ranges.
 * Each text is parsed again, and must equal the proved one except for the condition of the range. Otherwise throws INTERNAL.
 */
export async function rangedTexts(
  table: PublishedTable,
  projection: Projection,
  { alias, firstBlocks }: { readonly alias: string; readonly firstBlocks: readonly number[] },
  moment: Moment | null,
  inputTypes?: readonly number[],
): Promise<readonly string[]> {
  const parser = await loadParser()
  const proved = parsedText(parser, projection.sql)
  const only = proved.whereClause === undefined
  return [0, ...firstBlocks].map((from, index) => {
    const range = { alias, from, to: firstBlocks[index] ?? null }
    const { sql } = projectionOf(table, moment, inputTypes, range)
    const condition = parsedText(parser, `select where (${rangeSql(range)})`).whereClause
    const [rest, last] = withoutLast(parsedText(parser, sql), only)
    if (placeless(ordered(rest)) !== placeless(ordered(proved)) || placeless(last) !== placeless(condition))
      throw new VitrineError('INTERNAL', { place: table.name, detail: 'A range would not read what was proved.' })
    return sql
  })
}
