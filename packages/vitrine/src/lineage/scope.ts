/** What names mean at one place of a query: its FROM items, the queries around it, and the named subqueries. */
import type { Lineage } from './origin.ts'
import { refuse } from './query-rules.ts'

/** One output column of a query. `name` is null for an unnamed expression: PostgreSQL invents its name. */
export interface QueryOutput {
  readonly name: string | null
  readonly lineage: Lineage
}

/** What was resolved is not resolved again for each clause that may mean it. */
export function once(resolve: () => QueryOutput): () => QueryOutput {
  let output: QueryOutput | null = null
  return () => (output ??= resolve())
}

export const allOf = (outputs: readonly QueryOutput[]): Lineage => outputs.flatMap(({ lineage }) => lineage)

/** The outputs with the first ones renamed. */
export function renamed(
  outputs: readonly QueryOutput[],
  given: readonly (string | undefined)[],
): readonly QueryOutput[] {
  if (given.length > outputs.length) refuse('width')
  return outputs.map((output, index) => ({ ...output, name: given[index] ?? output.name }))
}

/** An output of a recursive query: not a plain column, may be NULL, each origin once. */
export function loosened({ name, lineage }: QueryOutput): QueryOutput {
  const origins = lineage.map((origin) => ({ ...origin, isColumn: false, isNullable: true }))
  const each = new Map(origins.map((origin) => [JSON.stringify(origin), origin] as const))
  return { name, lineage: [...each].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin) }
}

/** Whether it is one plain personal column. */
const isPersonalColumn = ([origin, more]: Lineage): boolean =>
  origin?.privacy === 'personal' && origin.isColumn && more === undefined

/** The outputs of a UNION: rows of several parts, under the names of the first. */
export function together([first = [], ...others]: readonly (readonly QueryOutput[])[]): readonly QueryOutput[] {
  if (others.some(({ length }) => length !== first.length)) refuse('width')
  return first.map(({ name }, index) => {
    const parts = [first, ...others].map((part) => part[index]?.lineage ?? [])
    // Mixed with a constant, a count of distinct values would reveal whether a person has that value.
    const isColumn = parts.length === 1 || parts.every(isPersonalColumn)
    return { name, lineage: parts.flat().map((origin) => ({ ...origin, isColumn: origin.isColumn && isColumn })) }
  })
}

/** An item of FROM. */
export interface FromItem {
  readonly columns: ReadonlyMap<string, Lineage>
  /** False when it may have unknown columns. */
  readonly isWhole: boolean
}

export interface Scope {
  readonly items: Map<string, FromItem>
  readonly subqueries: ReadonlyMap<string, readonly QueryOutput[]>
  readonly outer: Scope | null
}

/** A scope inside a query that does not see the query's own FROM. */
export const inside = (outer: Scope | null, subqueries = outer?.subqueries ?? new Map()): Scope => ({
  items: new Map(),
  subqueries,
  outer,
})

/** The visible FROM items, innermost first. Each alias appears once. */
function* visible(scope: Scope): Generator<readonly [string, FromItem]> {
  for (let at: Scope | null = scope; at !== null; at = at.outer) yield* at.items
}

/** Adds an item under its alias; columns with the same name become one with all their origins. */
export function addItem(scope: Scope, alias: string, outputs: readonly QueryOutput[], isWhole: boolean): void {
  for (const [other] of visible(scope)) if (other === alias) refuse('alias twice', [alias])
  const columns = new Map<string, Lineage>()
  for (const { name, lineage } of outputs) {
    if (name !== null) columns.set(name, [...(columns.get(name) ?? []), ...lineage])
  }
  scope.items.set(alias, { columns, isWhole: isWhole && outputs.every(({ name }) => name !== null) })
}

/** The aliases that some work adds. */
export function itemsAdded({ items }: Scope, work: () => void): readonly string[] {
  const before = new Set(items.keys())
  work()
  return [...items.keys()].filter((alias) => !before.has(alias))
}

/** Marks the columns of items to which an outer join may add no row. */
export function makeNullable({ items }: Scope, aliases: readonly string[]): void {
  for (const alias of aliases) {
    const { columns = new Map<string, Lineage>(), isWhole = false } = items.get(alias) ?? {}
    const nullable = [...columns].map(
      ([name, lineage]) => [name, lineage.map((origin) => ({ ...origin, isNullable: true }))] as const,
    )
    items.set(alias, { columns: new Map(nullable), isWhole })
  }
}

/** A column by the alias of its table; undefined where that table has no such column. */
export function qualifiedColumn(scope: Scope, alias: string, column: string): Lineage | undefined {
  for (const [name, { columns }] of visible(scope)) if (name === alias) return columns.get(column)
  return refuse('unknown alias', [alias])
}

/** System columns, which every table has. */
const SYSTEM = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid', 'oid'])

/** Whether a bare name may mean a column. */
export const mayBeColumn = (scope: Scope, name: string): boolean =>
  [...visible(scope)].some(([, { columns, isWhole }]) => !isWhole || columns.has(name))

/** A column by its bare name, if only one column can be meant. */
export function bareColumn(scope: Scope, column: string): Lineage {
  const found: Lineage[] = []
  for (const [alias, { columns, isWhole }] of visible(scope)) {
    if (!isWhole) refuse('bare partly', [column, alias])
    const lineage = columns.get(column)
    if (lineage !== undefined) found.push(lineage)
  }
  const [only, more] = found
  if (only === undefined || more !== undefined || SYSTEM.has(column)) return refuse('bare name', [column])
  return only
}
