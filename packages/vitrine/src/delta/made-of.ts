/**
 * The SQL for published rows that come from several source tables: to which values of the published key each source row belongs
 * (by the paths of `lineage/ties.ts`), and the projection limited to the rows of some values. The columns of the published key
 * that are used for this are called the link.
 */
import { nodeOf, placeless } from '../lineage/node-fields.ts'
import { loadParser, parsedText } from '../lineage/parse.ts'
import type { RowByRow } from '../lineage/row-by-row.ts'
import type { Hop, Tie } from '../lineage/ties.ts'
import { placeOf, type Source } from '../publication/register.ts'
import type { PublishedColumn, PublishedTable } from '../publication/table.ts'
import { identifier, qualified } from '../sql/quote.ts'
import { hashOf } from './keys.ts'
import { isChanged } from './scan.ts'

/** Names in generated SQL that no publication uses. */
const ROWS = 'vitrine_rows'
const TOUCHED = 'vitrine_touched'

/** One path of a tie. */
interface Way {
  readonly tie: Tie
  readonly hops: readonly Hop[]
  /** The columns of the link in the table at the end of the path. */
  readonly ends: readonly string[]
}

export class MadeOf {
  readonly #register: Source
  readonly #link: readonly PublishedColumn[]
  readonly #read: RowByRow
  readonly #ways: readonly Way[]

  constructor(table: PublishedTable, register: Source, read: RowByRow) {
    this.#register = register
    this.#read = read
    this.#link = read.link.flatMap((name) => table.columns.filter((column) => column.name === name))
    this.#ways = read.ties.flatMap((tie) => (tie.paths ?? []).map((path) => this.#wayOf(tie, path)))
  }

  get link(): readonly string[] {
    return this.#link.map(({ name }) => name)
  }

  /** Tables whose every row may affect every published row. */
  get everywhere(): readonly string[] {
    return this.#read.ties.filter(({ paths }) => paths === null).map(({ reference }) => reference.table)
  }

  /** The table that has the columns of the link; null when there is none. */
  get root(): string | null {
    return this.#ways.find(({ hops, ends, tie }) => hops.length === 0 && ends === tie.link)?.tie.reference.table ?? null
  }

  /** Leaves out a last step that joins on the link's own column: with the same type, the column before it has the same value. */
  #wayOf(tie: Tie, path: readonly Hop[]): Way {
    const last = path.at(-1)
    const kindOf = (table: string, column: string) => this.#register.tables[table]?.[column]?.type.kind
    const isShort =
      last !== undefined &&
      tie.link.length === 1 &&
      last.equals === tie.link[0] &&
      kindOf(path.at(-2)?.table ?? tie.reference.table, last.column) === this.#link[0]?.type.kind &&
      kindOf(last.table, last.equals) === this.#link[0]?.type.kind
    return isShort ? { tie, hops: path.slice(0, -1), ends: [last.column] } : { tie, hops: path, ends: tie.link }
  }

  #place(table: string): string {
    return qualified(...placeOf(this.#register, table))
  }

  #values(alias: string, ends: readonly string[]): string {
    return this.#link
      .map(
        ({ type, name }, index) =>
          `cast(${alias}.${identifier(ends[index] ?? '')} as ${type.castTo}) as ${identifier(name)}`,
      )
      .join(', ')
  }

  /** SQL for the rows of a table (`rows`), and those that are new or changed since a snapshot (`changed`). */
  countSql(table: string, snapshot: string | null): string {
    const changed = snapshot === null ? '0' : `count(*) filter (where ${isChanged(snapshot, 'xmin')})`
    return `select count(*)::float8 as rows, ${changed}::float8 as changed from ${this.#place(table)} as r`
  }

  /** SQL for the values of the link that each row `r` of the way's first table belongs to. */
  #belongings({ tie, hops, ends }: Way): string {
    const joins = hops.map(({ column, table, equals }, index) => {
      const before = index === 0 ? 'r' : `r${index}`
      return ` join ${this.#place(table)} as r${index + 1} on r${index + 1}.${identifier(equals)} = ${before}.${identifier(column)}`
    })
    const end = hops.length === 0 ? 'r' : `r${hops.length}`
    return `select ${this.#values(end, ends)} from ${this.#place(tie.reference.table)} as r${joins.join('')}`
  }

  get #isLinked(): string {
    return this.#link.map(({ name }) => `k.${identifier(name)} is not null`).join(' and ')
  }

  /**
   * SQL for the bucket of a row that has the link's columns under that alias. A number's own bits cost less than a hash, and
   * consecutive numbers share a bucket because their rows mostly are neighbours.
   */
  bucketSql(alias: string, buckets: number): string {
    const [first, more] = this.#link
    const value = `${alias}.${identifier(first?.name ?? '')}::int8`
    const mixed =
      more === undefined && first?.type.kind !== 'uuid'
        ? `((${value} >> 5) # (${value} >> 25) # (${value} >> 45))`
        : hashOf(this.#link, alias, 0)
    return `(${mixed} & ${buckets - 1})`
  }

  /**
   * For each way, SQL for the sums per bucket over the rows that belong to its values. `factor` keeps two mentions of one table
   * apart, because their SQL may be the same.
   */
  sumsSql(buckets: number): readonly { readonly sql: string; readonly factor: bigint }[] {
    return this.#ways.map((way) => {
      const hashes = `select ${this.bucketSql('k', buckets)} as bucket, ${hashOf(this.#link, 'k', 1)} as h from (${this.#belongings(way)}) as k where ${this.#isLinked}`
      return {
        sql: `select string_agg(concat(bucket, ':', mixed), ',') as sums from (select bucket, sum(h) as mixed from (${hashes}) as s group by 1) as g`,
        factor: factorOf(this.#read.ties.indexOf(way.tie)),
      }
    })
  }

  /** SQL for the values that rows changed since a snapshot belong to, one query per way from a changed table; at most `most` values each. */
  touchedSql(snapshot: string, changed: ReadonlySet<string>, most: number): readonly string[] {
    return this.#ways
      .filter(({ tie }) => changed.has(tie.reference.table))
      .map((way) => `${this.#valuesOf(`${this.#belongings(way)} where ${isChanged(snapshot, 'xmin')}`)} limit ${most}`)
  }

  /** SQL for all values in some buckets; null when there is none to ask. */
  inBucketsSql(buckets: number, differing: readonly number[]): string | null {
    const root = this.#ways.find(({ hops, ends, tie }) => hops.length === 0 && ends === tie.link)
    if (root === undefined || differing.length === 0) return null
    return `${this.#valuesOf(this.#belongings(root))} and ${this.bucketSql('k', buckets)} = any ('{${differing.join(',')}}'::bigint[])`
  }

  /** The values are texts, so that the driver does not round them. */
  #valuesOf(belongings: string): string {
    const values = this.#link.map(({ name }) => `k.${identifier(name)}::text as ${identifier(name)}`)
    return `select distinct ${values.join(', ')} from (${belongings}) as k where ${this.#isLinked}`
  }

  /** SQL condition: the row belongs to a touched value. */
  #isTouched(alias: string, hops: readonly Hop[], ends: readonly string[]): string {
    const [hop, ...rest] = hops
    if (hop === undefined) {
      const values = this.#link.map(
        ({ type }, index) => `cast(${alias}.${identifier(ends[index] ?? '')} as ${type.castTo})`,
      )
      return `(${values.join(', ')}) in (select ${this.#link.map(({ name }) => identifier(name)).join(', ')} from ${TOUCHED})`
    }
    const next = `${ROWS}_${rest.length}`
    return `${alias}.${identifier(hop.column)} in (select ${next}.${identifier(hop.equals)} from ${this.#place(hop.table)} as ${next} where ${this.#isTouched(next, rest, ends)})`
  }

  /** The subquery that replaces one mention of a table. */
  #narrowed(tie: Tie, written: string): string {
    const ways = this.#ways.filter((way) => way.tie === tie)
    const condition = ways.map(({ hops, ends }) => this.#isTouched(ROWS, hops, ends)).join(' or ')
    const columns = [...tie.reference.columns].map((column) => `${ROWS}.${identifier(column)}`).join(', ')
    const alias = tie.reference.isAliased ? '' : ` as ${identifier(tie.reference.alias)}`
    return `(select ${columns} from ${written} as ${ROWS} where ${condition})${alias}`
  }

  /** Names of the transaction's settings that hold the touched values, one per column of the link: no value appears in the SQL. */
  get settings(): readonly string[] {
    return this.#link.map((_, index) => `${TOUCHED.replace('_', '.')}_${index}`)
  }

  /** The lists as parameters, in the order of `settings`. */
  get listsSql(): string {
    return this.#link.map(({ type }, index) => `$${index + 1}::${type.castTo}[]`).join(', ')
  }

  /** `number` gives the planner an estimate, because it knows nothing about the content of a setting. */
  #touched(number: number): string {
    const lists = this.#link.map(
      ({ type }, index) => `cast(current_setting('${this.settings[index]}') as ${type.castTo}[]) as v${index}`,
    )
    const values = this.#link.map(({ name }, index) => `t.v${index}[i] as ${identifier(name)}`)
    return `select ${values.join(', ')} from (select ${lists.join(', ')} offset 0) as t cross join generate_series(1, ${number}) as i`
  }

  /**
   * The query `sql`, limited in each table to the rows of the touched values: so many, in `settings`. The result is parsed again,
   * and without the limits it must be the same query, whose lineage was proved; null otherwise.
   */
  async narrowedText(sql: string, touched: number): Promise<string | null> {
    const ties = this.#read.ties.filter(({ paths }) => paths !== null)
    let rest = Buffer.from(sql)
    const parts: string[] = []
    for (const tie of ties.toSorted((a, b) => b.reference.location - a.reference.location)) {
      const after = rest.subarray(tie.reference.location).toString()
      const [written = ''] = NAME.exec(after) ?? []
      parts.unshift(this.#narrowed(tie, written), after.slice(written.length))
      rest = rest.subarray(0, tie.reference.location)
    }
    const narrowed = `with ${TOUCHED} as materialized (${this.#touched(touched)}) ${[rest.toString(), ...parts].join('')}`
    const parser = await loadParser()
    try {
      const { withClause: _, ...tree } = parsedText(parser, narrowed)
      return placeless(widened(tree)) === placeless(widened(parsedText(parser, sql))) ? narrowed : null
    } catch {
      return null
    }
  }
}

/** A different odd number for each mention of a table: odd, so that multiplying loses no bits. */
const factorOf = (naming: number): bigint => BigInt.asUintN(64, 0x9e37_79b9_7f4a_7c15n * BigInt(2 * naming + 1))

/** A qualified table name in SQL. */
const NAME = /^(?:"(?:[^"]|"")*"|[^\s."(),]+)\s*\.\s*(?:"(?:[^"]|"")*"|[^\s."(),]+)/u

/** The parse tree with our subqueries replaced by their tables again, and its fields sorted. */
function widened(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(widened)
  if (typeof tree !== 'object' || tree === null) return tree
  const { RangeSubselect: query, RangeVar: table } = nodeOf(tree)
  const inner = nodeOf(nodeOf(query?.subquery).SelectStmt?.fromClause?.[0]).RangeVar
  if (inner?.alias?.aliasname === ROWS) return widened({ RangeVar: { ...inner, alias: query?.alias } })
  if (table !== undefined) {
    const { alias, ...others } = table
    return { RangeVar: ordered({ ...others, alias: alias?.aliasname === others.relname ? undefined : alias }) }
  }
  return ordered(tree)
}

const ordered = (fields: object) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, widened(value)]),
  )
