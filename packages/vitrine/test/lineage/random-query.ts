/**
 * Random queries over three small tables, written as a careless or a cunning person would: names that stand for two things,
 * parts that are seldom used, columns behind columns. Each is made from a number, and can be made again.
 */
import { MARKER } from '../../src/publication/select-text.ts'

/** The columns of each table; those of `contact` that are not registered are the last two. */
export const TABLES = { person: ['a', 'b', 'upper'], team: ['a', 'b'], contact: ['i', 'a', 'b'] } as const
type Table = keyof typeof TABLES
const NAMES = ['a', 'b', 'upper', 'i'] as const
/** In the text that is analysed: `present`, the only treatment of these queries. */
const PRESENT = `${MARKER}0(`

interface Item {
  readonly alias: string
  readonly columns: readonly string[]
  /** Columns by which rows may be chosen. */
  readonly open: readonly string[]
}
interface Select {
  readonly sql: string
  readonly columns: readonly string[]
}
type Scopes = readonly (readonly Item[])[]

export interface RandomQuery {
  readonly personal: ReadonlySet<string>
  /** With markers, and with what they stand for. */
  readonly markedSql: string
  readonly sql: string
}

export function randomQuery(seed: number): RandomQuery {
  const generator = new Generator(seed)
  const markedSql = `select m.a as a, m.b as b from (${generator.select(generator.depth, [], [], 2).sql}) as m(a, b)`
  return { personal: generator.personal, markedSql, sql: writtenOut(markedSql) }
}

/** Each marker holds one balanced argument. */
function writtenOut(text: string): string {
  const at = text.lastIndexOf(PRESENT)
  if (at < 0) return text
  let [end, open] = [at + PRESENT.length, 1]
  for (; open > 0; end++) open += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0
  const part = text.slice(at + PRESENT.length, end - 1)
  return writtenOut(`${text.slice(0, at)}(coalesce(cast((${part}) as text), '') <> '')${text.slice(end)}`)
}

class Generator {
  #state: number
  #names = 0
  #cost = 0
  readonly depth: number
  readonly personal: ReadonlySet<string>
  // Every query has tastes of its own: with all oddities in each, none would ever be accepted.
  readonly #careless: number
  readonly #odd: number
  readonly #unique: number

  constructor(seed: number) {
    this.#state = seed
    this.depth = this.#pick([1, 1, 2, 2, 3])
    this.#careless = this.#pick([0, 0, 2, 10])
    this.#odd = this.#pick([0, 0, 3, 10])
    this.#unique = this.#pick([100, 100, 85, 40])
    const columns = Object.entries(TABLES).flatMap(([table, names]) => names.map((name) => `${table}.${name}`))
    const share = this.#pick([0, 30, 50])
    this.personal = new Set(columns.filter((name) => /contact\.[ab]/.test(name) || this.#chance(share)))
  }

  /** mulberry32. */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T // sound because no list here is empty.
  }
  #chance(percent: number): boolean {
    return this.#below(100) < percent
  }
  #alias(): string {
    return this.#chance(this.#unique)
      ? `z${this.#names++}`
      : this.#pick(['p', 't', 'person', 'team', 'a', 'upper', 'q'])
  }

  /** A column that may be seen there, or a name that looks like one. */
  #column(scopes: Scopes, chooses: boolean): string {
    const items = scopes.flat()
    if (items.length === 0) return "'k'"
    const { alias, columns, open } = this.#pick(this.#chance(70) && scopes[0]?.length ? scopes[0] : items)
    if (this.#chance(this.#odd)) {
      return this.#pick([
        ...[...columns, ...NAMES],
        ...[
          `${alias}::text`,
          `${alias}.ctid::text`,
          `${alias}.upper`,
          `s.person.a`,
          `(${alias}).a`,
          `${alias}.*`,
          `(${alias}.*)::text`,
          `upper(${alias}::text)`,
        ],
      ])
    }
    const careful = chooses && !this.#chance(this.#careless)
    if (careful && open.length === 0) return "'k'"
    return `${alias}.${this.#pick(careful ? open : columns)}`
  }

  #expression(scopes: Scopes, named: readonly Item[], depth: number, chooses = false): string {
    const e = () => this.#expression(scopes, named, depth - 1, chooses)
    const sub = (width = 1) => this.select(depth - 1, scopes, named, width).sql
    if (depth <= 0 || this.#chance(35)) return this.#column(scopes, chooses)
    const name = `w${this.#names++}`
    const forms: readonly (() => string)[] = [
      () => `upper(${e()})`,
      () => `coalesce(${e()}, ${e()})`,
      () => `(${e()} || ${e()})`,
      () => `case when ${this.#condition(scopes, named, depth - 1)} then ${e()} else ${e()} end`,
      () => `cast(${PRESENT}${this.#column(scopes, false)}) as text)`,
      () => `nullif(${e()}, ${e()})`,
      () => `${this.#pick(['greatest', 'least', 'concat'])}(${e()}, ${e()})`,
      () =>
        this.#pick([`cast(${e()} as varchar)`, `(${e()})::text`, `(${e()} collate "C")`, `split_part(${e()}, 'v', 2)`]),
      () => `(jsonb_build_object('k', ${e()}, 'l', ${e()}) ->> '${this.#pick(['k', 'l'])}')`,
      () => `(to_jsonb(array[${e()}, ${e()}]) ->> 0)`,
      () => `(array[${e()}, ${e()}])[${this.#pick(['1', '2', '1:2'])}]::text`,
      () => `cast(row(${e()}, ${e()}) as text)`,
      () => `cast(${this.#condition(scopes, named, depth - 1)} as text)`,
      () => `(select max(x.y) from (${sub()}) as x(y))`,
      () => `array_to_string(array(${sub()}), ',')`,
      () => `(select cast(count(${this.#pick(['', 'distinct '])}x.y) as text) from (${sub()}) as x(y))`,
      () => `(select string_agg(x.y, ',' order by x.z) from (${sub(2)}) as x(y, z))`,
      () => `(select max(x.y) filter (where x.z = 'v1') from (${sub(2)}) as x(y, z))`,
      () => `(select mode() within group (order by x.y) from (${sub()}) as x(y))`,
      () => `(select jsonb_agg(x.y) ->> 0 from (${sub()}) as x(y))`,
      () => `(select max(x.y) from (values (${e()}), (${e()})) as x(y))`,
      () => `(select max(x.y) from jsonb_array_elements_text(jsonb_build_array('k', ${e()})) as x(y))`,
      () =>
        `(with ${name}(y) as ${this.#pick(['', 'materialized '])}(${sub()}) select max(g.y || h.y) from ${name} as g, ${name} as h)`,
    ]
    return this.#pick(forms)()
  }

  #condition(scopes: Scopes, named: readonly Item[], depth: number): string {
    const e = () => this.#expression(scopes, named, Math.min(depth, 1), true)
    const sub = () => this.select(depth - 1, scopes, named, 1).sql
    const simple: readonly (() => string)[] = [
      () => `${e()} ${this.#pick(['=', '<>', '<', 'like', 'is distinct from'])} ${e()}`,
      () => `${PRESENT}${this.#column(scopes, false)})`,
      () => `(${e()} in ('v1', 'v2') or ${e()} is null)`,
      () => `not ${e()} between 'v0' and ${e()}`,
      () => `${e()} = any (array['v1', ${e()}])`,
      () => `(${e()}, ${e()}) <> (${e()}, 'v1')`,
      () => `(${e()} = ${e()}) is ${this.#pick(['true', 'not true', 'unknown'])}`,
    ]
    const nested: readonly (() => string)[] = [
      () => `${this.#pick(['', 'not '])}exists (${sub()})`,
      () => `${e()} ${this.#pick(['in', 'not in', '<= all', '= any'])} (${sub()})`,
    ]
    return this.#pick(depth > 0 && this.#chance(35) ? nested : simple)()
  }

  #item(depth: number, scopes: Scopes, named: readonly Item[], own: readonly Item[]): Item & { readonly sql: string } {
    const alias = this.#alias()
    const at = (sql: string, columns: readonly string[], open: readonly string[] = []) => ({
      sql,
      alias,
      columns,
      open,
    })
    const kind = this.#below(100)
    if (depth > 0 && kind < 25) {
      const lateral = this.#chance(40)
      const { sql, columns } = this.select(
        depth - 1,
        lateral ? [own, ...scopes] : [[], ...scopes],
        named,
        1 + this.#below(3),
      )
      return at(`${lateral ? 'lateral ' : ''}(${sql}) as ${alias}`, columns, columns.slice(0, 1))
    }
    if (named.length > 0 && kind < 45) {
      const { alias: name, columns, open } = this.#pick(named)
      return at(`${name} as ${alias}`, columns, open)
    }
    const e = () => this.#column([own, ...scopes], this.#chance(80))
    if (kind < 49) return at(`lateral (values ('a', ${e()}), ('b', 'k')) as ${alias}(a, b)`, ['a', 'b'], ['a'])
    if (kind < 52) return at(`unnest(array['k', ${e()}]) as ${alias}(a)`, ['a'])
    if (kind < 55) return at(`generate_series(1, length(${e()})) as ${alias}(b)`, ['b::text'])
    if (kind < 57) return at(`string_to_table(${e()}, 'v') as ${alias}(a)`, ['a'])
    if (kind < 59) return at(`lateral jsonb_each_text(jsonb_build_object('k', ${e()})) as ${alias}(a, b)`, ['a', 'b'])
    const table = this.#chance(12) ? 'contact' : this.#pick<Table>(['person', 'person', 'team'])
    const columns = TABLES[table]
    const open = columns.filter((name) => !this.personal.has(`${table}.${name}`))
    const renamed = this.#chance(this.#odd) ? '(b, a)' : ''
    const bare = this.#chance(10) && renamed === ''
    return { ...at(bare ? table : `${table} as ${alias}${renamed}`, columns, open), alias: bare ? table : alias }
  }

  #core(depth: number, scopes: Scopes, named: readonly Item[], width: number): Select & { readonly seen: Scopes } {
    const own: Item[] = []
    let from = ''
    for (let left = 1 + this.#below(3); left > 0; left--) {
      const item = this.#item(depth, scopes, named, own)
      own.push(item)
      const on = () => this.#condition([own, ...scopes], named, 0)
      if (from === '') from = item.sql
      else if (this.#chance(30)) from += `, ${item.sql}`
      else if (this.#chance(this.#odd)) from += this.#pick([` natural join ${item.sql}`, ` join ${item.sql} using (a)`])
      else from += ` ${this.#pick(['join', 'left join', 'left join', 'right join'])} ${item.sql} on ${on()}`
    }
    const seen = [own, ...scopes]
    const columns: string[] = []
    const grouped = this.#chance(8)
    const targets = Array.from({ length: width }, () => {
      const name = this.#pick(NAMES)
      const e = grouped
        ? `${this.#pick(['max', 'min'])}(${this.#column(seen, false)})`
        : this.#chance(10)
          ? this.#pick([() => this.#over(seen, named), () => `unnest(array['k', ${this.#column(seen, false)}])`])()
          : this.#expression(seen, named, depth)
      columns.push(name)
      return this.#chance(this.#odd) ? e : `${e} as ${name}`
    })
    const every = width === 1 || !this.#chance(8) ? '' : `distinct ${this.#chance(60) ? '' : 'on (1) '}`
    let sql = `select ${every}${targets.join(', ')} from ${from}`
    if (this.#chance(45)) sql += ` where ${this.#condition(seen, named, depth)}`
    const by = () => this.#column(seen, true)
    if (grouped && this.#chance(70)) {
      sql += ` group by ${this.#pick([by, by, () => `grouping sets ((${by()}), (${by()}, ${by()}), ())`, () => `rollup (${by()})`])()}`
    }
    if (grouped && this.#chance(30)) sql += ` having ${this.#condition([], named, 0)}`
    return { sql, columns, seen }
  }

  #over(seen: Scopes, named: readonly Item[]): string {
    const e = () => this.#expression(seen, named, 0, true)
    return this.#pick([
      `first_value(${this.#column(seen, false)}) over (partition by ${e()} order by ${e()})`,
      `cast(rank() over (order by ${e()}) as text)`,
      `lag(${this.#column(seen, false)}) over (order by ${e()} desc nulls last)`,
      `max(${this.#column(seen, false)}) over (order by ${e()} rows between 1 preceding and current row)`,
      `string_agg(${this.#column(seen, false)}, ',') over (partition by ${e()})`,
    ])
  }

  select(depth: number, scopes: Scopes, outer: readonly Item[], width: number): Select {
    const deep = ++this.#cost > 9 ? 0 : depth
    let [sql, named] = ['', outer]
    if (deep > 0 && this.#chance(15)) {
      const alias = this.#chance(80) ? `w${this.#names++}` : this.#pick(['person', 'team', 'w0'])
      const inner = this.select(deep - 1, scopes, named, 1 + this.#below(3))
      sql = `with ${alias} as (${inner.sql}) `
      named = [...named, { alias, columns: inner.columns, open: inner.columns.slice(0, 1) }]
    }
    const { sql: first, columns, seen } = this.#core(deep, scopes, named, width)
    sql += first
    const union = deep > 0 && this.#chance(15)
    if (union)
      sql += ` ${this.#pick(['union all', 'union all', 'union', 'except', 'intersect all'])} ${this.#core(deep - 1, scopes, named, width).sql}`
    if (!this.#chance(30)) return { sql, columns }
    const e = () => this.#expression(seen, named, 0, true)
    sql += ` order by ${union ? this.#pick([columns[0], '1']) : this.#pick([e(), e(), `${e()} desc`, columns[0], '1', this.#pick(NAMES)])}`
    return { sql: this.#chance(75) ? `${sql} limit 1${this.#chance(20) ? ' offset 1' : ''}` : sql, columns }
  }
}
