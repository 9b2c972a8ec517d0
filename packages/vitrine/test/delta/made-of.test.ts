/**
 * Published rows that are made of rows of several tables: random queries over a root, its children, theirs, links and a lookup
 * table, whose rows come, go, move between parents and change while nights are run. After each night the published rows are
 * those of a full night, to the byte. A case is one table in one night that took it as a delta.
 */

import fc from 'fast-check'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { VERSIONS } from '../../../../test/database.ts'
import { EVERYTHING } from '../../../../test/thoroughness.ts'
import {
  bigint,
  compute,
  count,
  from,
  integer,
  open,
  type PublishedTable,
  register,
  rows,
  sql,
  text,
} from '../../src/index.ts'
import { Nights } from './nights.ts'

const CASES = Number(process.env['DELTA_CASES'] ?? (EVERYTHING ? 2_000 : 40))
const SEED = Number(process.env['DELTA_SEED'] ?? 1)
const TABLES = 10
const TURNS = 30

const source = register('public', {
  root: { id: open.bigint, code: open.text.nullable, boss: open.bigint.nullable, label: open.text },
  child: { id: open.bigint, root_id: open.bigint.nullable, n: open.integer, label: open.text },
  grand: { id: open.bigint, child_id: open.bigint, n: open.integer },
  link: { id: open.bigint, root_id: open.bigint, grand_id: open.bigint.nullable },
  lookup: { code: open.text, label: open.text },
})

const SQL = [
  `create table root (id bigint primary key, code text, boss bigint, label text not null);
   create table child (id bigint primary key, root_id bigint, n integer not null, label text not null);
   create table grand (id bigint primary key, child_id bigint not null, n integer not null);
   create table link (id bigint primary key, root_id bigint not null, grand_id bigint);
   create table lookup (code text primary key, label text not null)`,
  `insert into root select g * 4294967297, 'c' || g % 7, nullif(g % 5, 0) * 4294967297, 'root ' || g from generate_series(1, 40) g;
   insert into child select g, nullif(1 + g % 45, 9) * 4294967297, g % 4, 'child ' || g % 6 from generate_series(1, 90) g;
   insert into grand select g, 1 + g % 95, g % 3 from generate_series(1, 120) g;
   insert into link select g, (1 + g % 40) * 4294967297, nullif(g % 130, 7) from generate_series(1, 60) g;
   insert into lookup select 'c' || g, 'looked ' || g from generate_series(0, 5) g`,
]

interface Part {
  /** Joined under the name of the part, unless it is null. */
  readonly from: string | null
  readonly on: string
  readonly value: string
  /** A part that must stand before it. */
  readonly after?: string
}
const PARTS: Readonly<Record<string, Part>> = {
  grouped: {
    from: '(select c.root_id, cast(count(*) as integer) as number, max(c.label) as most from public.child as c where c.n > 0 group by c.root_id)',
    on: 'grouped.root_id = e.id',
    value: "coalesce(grouped.number, 0) || coalesce(grouped.most, '')",
  },
  last: {
    from: '(select distinct on (c.root_id) c.root_id, c.id, c.label from public.child as c order by c.root_id, c.n desc, c.id)',
    on: 'last.root_id = e.id',
    value: 'last.label',
  },
  chain: {
    from: '(select g.child_id, sum(g.n) as number from public.grand as g group by g.child_id)',
    on: 'chain.child_id = last.id',
    value: 'chain.number',
    after: 'last',
  },
  looked: { from: 'public.lookup', on: 'looked.code = e.code', value: 'looked.label' },
  boss: { from: 'public.root', on: 'boss.id = e.boss', value: 'boss.label' },
  direct: {
    from: '(select distinct on (l.root_id) l.root_id, g.child_id from public.link as l join public.grand as g on g.id = l.grand_id order by l.root_id, l.id)',
    on: 'direct.root_id = e.id',
    value: 'direct.child_id',
  },
  either: {
    from: 'public.child',
    on: 'either.id = coalesce(direct.child_id, 1 + e.id / 4294967297)',
    value: 'either.label',
    after: 'direct',
  },
  second: {
    from: 'public.child',
    on: 'coalesce(direct.child_id, last.id) = second.id',
    value: 'second.label',
    after: 'either',
  },
  beside: {
    from: "lateral (select string_agg(c.label, ',' order by c.id) as list from public.child as c where e.id = c.root_id)",
    on: 'true',
    value: 'beside.list',
  },
  counted: { from: null, on: '', value: '(select count(*) from public.link as l where l.root_id = e.id)' },
  deep: {
    from: null,
    on: '',
    value:
      '(select max(g.n) from public.child as c left join public.grand as g on g.child_id = c.id and g.n < 2 where c.root_id = e.id)',
  },
  all: { from: null, on: '', value: '(select count(*) from public.lookup)' },
}
const CONDITIONS: readonly (string | null)[] = [
  null,
  null,
  'exists (select from public.child as c where c.root_id = e.id and c.n > 1)',
  "e.code <> 'c3' and not exists (select from public.link as l where l.root_id = e.id and l.grand_id is null)",
]

const roots = () => source.selectFrom('root as e')
type Roots = ReturnType<typeof roots>

interface Drawn {
  readonly parts: readonly string[]
  readonly condition: number
  readonly shape: number
}
const drawnTable: fc.Arbitrary<Drawn> = fc.record({
  parts: fc.subarray(Object.keys(PARTS), { minLength: 1, maxLength: 4 }),
  condition: fc.nat(CONDITIONS.length - 1),
  shape: fc.nat(5),
})

/** In their order, with those that must stand before them. */
function withNeeded(parts: readonly string[]): readonly string[] {
  const all = new Set(parts)
  if (all.has('second')) all.add('last')
  for (const name of Object.keys(PARTS).toReversed()) {
    const { after } = PARTS[name] ?? {}
    if (all.has(name) && after !== undefined) all.add(after)
  }
  return Object.keys(PARTS).filter((name) => all.has(name))
}

function joined(parts: readonly string[], condition: string | null): Roots {
  const query = withNeeded(parts).reduce((before, name) => {
    const { from: body = null, on = '' } = PARTS[name] ?? {}
    if (body === null) return before
    const item = sql`${sql.raw(body)}`.as(sql.raw(`"${name}"`))
    // sound because what is read of it is written as a text.
    return before.leftJoin(item as never, (join) => join.on(sql<boolean>`${sql.raw(on)}`)) as unknown as Roots
  }, roots())
  return condition === null ? query : query.where(sql<boolean>`${sql.raw(condition)}`)
}

const written = (value: string) => text(sql<string | null>`cast(${sql.raw(value)} as text)`, 'x').nullable()

function publish(index: number, { parts, condition, shape }: Drawn): PublishedTable {
  const query = joined(parts, CONDITIONS[condition] ?? null)
  const columns = Object.fromEntries(parts.map((name) => [name, written(PARTS[name]?.value ?? '')]))
  const label = written('e.label')
  // One row for each root, for each of its children, or for each root that a child names.
  if (shape === 0) {
    const children = query.innerJoin('child as kid', 'kid.root_id', 'e.id') as unknown as Roots
    return from(children).publish(`p${index}`, 'x', ({ ref }) => ({
      id: bigint(ref('e.id'), 'Key').primaryKey(),
      kid: bigint(sql<bigint>`kid.id`, 'Key').primaryKey(),
      ...columns,
    }))
  }
  if (shape === 1) {
    return from(source.selectFrom('child as c').where('c.root_id', 'is not', null).groupBy('c.root_id')).publish(
      `p${index}`,
      'x',
      ({ ref }) => ({
        id: bigint(sql<bigint>`c.root_id`, 'Key').primaryKey(),
        number: integer(count(), 'Number'),
        most: written('max(c.label)'),
        links: written('(select count(*) from public.link as l where l.root_id = c.root_id)'),
        label: text(sql<string | null>`min(${ref('c.label')})`, 'x').nullable(),
      }),
    )
  }
  const key = ({ ref }: { readonly ref: (name: 'e.id') => never }) => bigint(ref('e.id'), 'Key').primaryKey()
  if (shape === 2) {
    // A rule keeps some of the rows, by what is made of several.
    return from(query).publish(`p${index}`, 'x', (given) => {
      const value = PARTS[parts[0] ?? '']?.value ?? ''
      const rule = compute({ value: sql<string | null>`cast(${sql.raw(value)} as text)` }, (read) => {
        const size = read.value?.length ?? 0
        return { stays: size % 3 !== 1, size }
      })
      const named = { id: key(given as never), size: integer(rule.field('size'), 'x'), label, ...columns }
      return rows({ keep: rule.field('stays') }, named)
    })
  }
  return from(query).publish(`p${index}`, 'x', (given) => ({ id: key(given as never), label, ...columns }))
}

const some = (id: string, seed: number, share: number) => `abs(hashint8(${id} * 17 + ${seed})) % ${share} = 0`
const rootFor = (n: string, seed: number) => `(1 + abs(hashint8(${n} + ${seed})) % 48) * 4294967297`

/** What a number makes happen. */
const HAPPENINGS: readonly ((seed: number, next: number) => string)[] = [
  (seed) => `update child set label = 'child ' || abs(hashint8(id + ${seed})) % 9 where ${some('id', seed, 9)}`,
  (seed) => `update child set n = (n + 1) % 4 where ${some('id', seed, 7)}`,
  (seed) => `update child set root_id = ${rootFor('id', seed)} where ${some('id', seed, 11)}`,
  (seed) => `update child set root_id = null where ${some('id', seed, 29)}`,
  (seed) => `delete from child where ${some('id', seed, 13)}`,
  (seed, next) => `insert into child select ${next} + g, ${rootFor('g', seed)}, g, 'new' from generate_series(1, 4) g`,
  // Two children exchange their parents: no bucket of both alone has another number of them.
  (seed) =>
    `update child c set root_id = o.root_id from (select id, lead(root_id) over (order by id) as root_id from child where ${some('id', seed, 5)}) o where o.id = c.id`,
  (seed) => `update grand set child_id = 1 + abs(hashint8(id + ${seed})) % 95 where ${some('id', seed, 15)}`,
  (seed) => `update grand set n = (n + 1) % 3 where ${some('id', seed, 21)}`,
  (seed) => `delete from grand where ${some('id', seed, 17)}`,
  (seed, next) =>
    `insert into grand select ${next} + g, 1 + abs(hashint8(g + ${seed})) % 95, g from generate_series(1, 5) g`,
  (seed) => `update link set root_id = ${rootFor('id', seed)}, grand_id = id + 1 where ${some('id', seed, 12)}`,
  (seed) => `delete from link where ${some('id', seed, 12)}`,
  (seed, next) => `insert into link select ${next} + g, ${rootFor('g', seed)}, g * 3 from generate_series(1, 5) g`,
  (seed) => `update root set code = 'c' || abs(hashint8(id + ${seed})) % 8 where ${some('id', seed, 14)}`,
  (seed) => `update root set boss = ${rootFor('id', seed)}, label = label || '!' where ${some('id', seed, 16)}`,
  (seed) => `delete from root where ${some('id', seed, 15)}`,
  (seed) =>
    `with gone as (delete from root where ${some('id', seed, 9)} returning *) select from gone; insert into root select g * 4294967297, 'c' || g % 7, null, 'again ' || g from generate_series(1, 48) g on conflict do nothing`,
  (seed) => `update lookup set label = label || '.' where ${some('hashtext(code)::bigint', seed, 3)}`,
  (seed) =>
    `delete from lookup where ${some('hashtext(code)::bigint', seed, 5)}; insert into lookup values ('c3', 'again') on conflict do nothing`,
  () => 'begin; delete from child; delete from root; rollback',
  (seed) =>
    `begin; savepoint a; delete from child where ${some('id', seed, 4)}; rollback to a; update link set grand_id = null where ${some('id', seed, 9)}; commit`,
  () => 'vacuum full child; vacuum freeze grand',
  (_, next) =>
    `truncate link; insert into link select ${next} + g, (1 + g) * 4294967297, g from generate_series(1, 30) g`,
]

interface Turn {
  readonly happenings: readonly (readonly [kind: number, seed: number])[]
  readonly flight: number
}
const drawnTurn: fc.Arbitrary<Turn> = fc.record({
  happenings: fc.array(fc.tuple(fc.nat(HAPPENINGS.length - 1), fc.nat(100_000)), { minLength: 0, maxLength: 4 }),
  flight: fc.nat(5),
})

/** One night with everything, while a transaction is open, and one after it has committed: whatever is drawn besides. */
const FIRST: readonly Turn[] = [
  { happenings: HAPPENINGS.map((_, kind) => [kind, 7]), flight: 0 },
  { happenings: [], flight: 3 },
]

class World {
  readonly #nights: Nights
  #flight: pg.Client | null = null
  #next = 1_000
  read = 0
  delta = 0

  private constructor(nights: Nights) {
    this.#nights = nights
  }

  static async create(drawn: readonly Drawn[], index: number): Promise<World> {
    const version = VERSIONS[index % VERSIONS.length] ?? 18
    const tables = drawn.map((table, number) => publish(number, table))
    const nights = await Nights.create(version, { source, tables, pureRules: true }, SQL)
    await nights.begin()
    return new World(nights)
  }

  async turn({ happenings, flight }: Turn): Promise<void> {
    if (this.#flight !== null) {
      await this.#flight.query(['commit', 'rollback', 'rollback to a; commit'][flight % 3] ?? 'commit')
      await this.#nights.shop.source.close(this.#flight)
      this.#flight = null
    }
    for (const [kind, seed] of happenings) {
      this.#next += 100
      const statements = HAPPENINGS[kind]?.(seed, this.#next) ?? ''
      await this.#nights.change(...(statements.startsWith('vacuum') ? statements.split(';') : [statements]))
    }
    if (flight === 0) {
      this.#flight = await this.#nights.shop.source.connect({ role: this.#nights.shop.app })
      const seed = happenings[0]?.[1] ?? 0
      this.#next += 100
      await this.#flight.query(
        `begin; update child set root_id = ${rootFor('id', seed)}, label = 'flying' where id % 5 = 0; savepoint a; delete from child where id % 7 = 0; insert into link values (${this.#next}, 4294967297, 5)`,
      )
    }
    const ways = Object.values(await this.#nights.judged())
    this.read += ways.length
    this.delta += ways.filter((way) => way === 'delta').length
  }

  async drop(): Promise<void> {
    if (this.#flight !== null) await this.#nights.shop.source.close(this.#flight)
    await this.#nights.drop()
  }
}

test(`rows made of several tables are those of a full night, in ${CASES} cases`, {
  timeout: 300_000 + 1_000 * CASES,
}, async () => {
  let [delta, read] = [0, 0]
  for (let seed = SEED; delta < CASES; seed++) {
    const [tables = []] = fc.sample(fc.array(drawnTable, { minLength: TABLES, maxLength: TABLES }), {
      seed,
      numRuns: 1,
    })
    const world = await World.create(tables, seed)
    try {
      for (const [index, turn] of [...FIRST, ...fc.sample(drawnTurn, { seed, numRuns: TURNS })].entries()) {
        if (delta + world.delta >= CASES) break
        await world.turn(turn).catch((error: unknown) => {
          throw new Error(`seed ${seed}, turn ${index}: ${JSON.stringify(turn.happenings)}`, { cause: error })
        })
      }
    } finally {
      delta += world.delta
      read += world.read
      await world.drop()
    }
  }
  if (process.env['DELTA_CASES'] !== undefined) process.stderr.write(`${delta} deltas of ${read} tables\n`)
  expect(delta / read).toBeGreaterThan(0.4)
})
