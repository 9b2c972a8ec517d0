/** A function in FROM: the names of its columns, and whether they are all known. */
import type { Alias, RangeFunction } from 'libpg-query'
import { FUNCTIONS, SETS } from './known-sql.ts'
import { type NodeReader, namesOf, nodeOf, the } from './node-fields.ts'
import { refuse } from './query-rules.ts'
import { addItem, type Scope } from './scope.ts'

export interface GivenNames {
  readonly name: string
  /** Column names of the alias, in order; undefined when it gives none. */
  readonly columns: unknown
}

export function aliasOf(reader: NodeReader, alias: Alias | undefined, scope: Scope): GivenNames {
  if (alias?.aliasname === undefined) return refuse('no alias')
  reader.part('Alias', alias, scope)
  return { name: alias.aliasname, columns: alias.colnames }
}

/** Functions whose rows have the columns `key` and `value`. */
const EACH = /^jsonb?_each(?:_text)?$/

/** Adds the rows of one call. `declared`: functions of the register, which may give rows of any columns. */
export function addRows(reader: NodeReader, range: RangeFunction, scope: Scope, declared: readonly string[]): void {
  reader.part('RangeFunction', range, scope)
  const [list, more] = range.functions ?? []
  const [node, definitions = {}] = nodeOf(list).List?.items ?? []
  const call = nodeOf(node).FuncCall
  if (call === undefined || more !== undefined || Object.keys(definitions).length > 0) refuse('rows')
  const lineage = reader.flow(node, scope)
  reader.usable('the number of rows', lineage)
  const defined = (range.coldeflist ?? []).map((each) => {
    const column = the('ColumnDef', each)
    reader.part('ColumnDef', column, scope)
    return column.colname ?? null
  })
  const { name, columns } = aliasOf(reader, range.alias, scope)
  const own = namesOf(call.funcname).at(-1) ?? ''
  const width = own === 'unnest' ? (call.args?.length ?? 1) : 1
  // For several arrays, PostgreSQL invents the names.
  const usual = EACH.test(own) ? ['key', 'value'] : width > 1 ? new Array<null>(width).fill(null) : [name]
  const natural = [...(defined.length > 0 ? defined : usual), ...(range.ordinality ? ['ordinality'] : [])]
  const given = namesOf(columns)
  const names = [...natural, ...given.slice(natural.length).map(() => null)].map((known, at) => given[at] ?? known)
  // A function of the register may return a composite type, whose columns are not known here.
  const text = JSON.stringify(call)
  const isKnown = (SETS.has(own) || FUNCTIONS.has(own)) && given.length <= natural.length
  const isForeign = declared.some((each) => text.includes(`"sval":"${each.split('.').at(-1)}"`))
  const outputs = names.map((column) => ({ name: column, lineage }))
  addItem(scope, name, outputs, isKnown && !isForeign)
}
