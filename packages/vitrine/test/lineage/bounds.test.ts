/**
 * The bounds of the treatments, attacked: each attack would get one value, or the answer to any question about it, through a
 * treatment. Beside each stands the same with an open column, or written as it should be, which is accepted.
 */
import { type Expression, type OperationNode, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { fieldEncoder } from '../../src/copy/field-encoder.ts'
import { evaluatorOf } from '../../src/copy/rule-evaluator.ts'
import {
  band,
  because,
  bigint,
  bigintArray,
  boolean,
  type Column,
  type Computed,
  category,
  compute,
  count,
  date,
  definePublication,
  from,
  history,
  integer,
  type LocalDate,
  masked,
  measure,
  month,
  partly,
  present,
  pseudonym,
  register,
  rows,
  text,
  textArray,
  uuid,
  year,
} from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { type ComputedColumn, projectionOf } from '../../src/publication/select-text.ts'
import type { PublishedColumn } from '../../src/publication/table.ts'
import { treated } from '../../src/publication/treatment.ts'
import { checkOf, problemsOf, SPELLINGS, source, tableOf } from './judged.ts'

/** A column of `person`, of whatever type is asked for. */
const column = (name: string) => sql.ref(`p.${name}`) as never // sound because types do not matter here.
const asText = (value: unknown) => sql`cast(${value} as text)`

describe('a treatment takes the column itself', () => {
  const texts = Object.entries(SPELLINGS).filter(
    ([way]) => !/^(?:plain|quoted|without its table|through a (?:lateral|derived table))$/.test(way),
  )
  const dated = {
    plain: 'p.C',
    added: 'p.C + 1',
    cut: "date_trunc('day', p.C)",
    made: 'make_date(cast(extract(year from p.C) as integer), 1, 1)',
    least: "least(p.C, date '2000-01-01')",
    oldest: '(select min(q.C) from person as q)',
    'of a window': '(select max(w.z) from (select lag(q.C) over (order by q.id) as z from person as q) as w)',
  }
  const counted = {
    plain: 'p.C',
    negative: '- p.C',
    sum: 'p.C + 1',
    rest: 'p.C % 100',
    least: 'least(p.C, 3)',
    largest: '(select max(q.C) from person as q)',
    'of a document': "cast(jsonb_build_object('k', p.C) ->> 'k' as integer)",
    'of values': '(select max(v.a) from lateral (values (p.C), (1)) as v(a))',
    filtered: '(select max(q.C) filter (where q.id = p.id) from person as q)',
  }
  const raw = (text: string, of: string) => sql`${sql.raw(text.replaceAll('C', of))}` as never // sound because types do not matter here.

  test('also one that lineage does not know', () => {
    const quarter = (value: unknown) =>
      treated({ name: 'quarter' }, ["date_trunc('quarter', ", ')'], [(value as Expression<unknown>).toOperationNode()])
    expect(problemsOf(asText(quarter(column('born'))))).toEqual([])
    expect(problemsOf(asText(quarter(sql`p.born + 1`)))).toEqual([
      't.x: «quarter» treats an expression over the personal column person.born',
    ])
  })

  test.each(texts)('present, count and masked: %s', (_, spelled) => {
    const hidden = (value: never) => masked(value, sql`p.city = 'x'`, '-', 'reason')
    for (const treat of [present, count, hidden]) {
      expect(problemsOf(asText(treat(sql`${sql.raw(spelled('city'))}` as never)))).toEqual([])
      expect(problemsOf(asText(treat(sql`${sql.raw(spelled('name'))}` as never)))).not.toEqual([])
    }
  })
  test.each(Object.entries(dated))('year and month: %s', (way, text) => {
    for (const treat of [year, month]) {
      expect(problemsOf(asText(treat(raw(text, 'founded'))))).toEqual([])
      expect(problemsOf(asText(treat(raw(text, 'born')))).length === 0).toBe(way === 'plain')
    }
  })
  test.each(Object.entries(counted))('band: %s', (way, text) => {
    expect(problemsOf(band(raw(text, 'size'), [10]))).toEqual([])
    expect(problemsOf(band(raw(text, 'salary'), [10])).length === 0).toBe(way === 'plain')
  })
  test('also where the column comes through subqueries', () => {
    for (const way of ['plain', 'through a derived table', 'through a lateral']) {
      const spelled = SPELLINGS[way]?.('name') ?? ''
      const inside = spelled.startsWith('(')
        ? spelled.replace('select l.z', "select coalesce(cast(count(l.z) as text), '')")
        : asText(present(sql.raw(spelled)))
      expect(problemsOf(inside)).toEqual([])
    }
  })
  test.each<[string, (value: Expression<unknown>) => unknown]>([
    ['one treatment in another', (value) => present(because(value as never, 'reason') as never)],
    ['a treatment in a function', (value) => present(sql`nullif(${value}, ${sql.lit('Smith')})` as never)],
    ['a value that is sent along', (value) => present(sql`nullif(${value}, ${'Smith'})` as never)],
    ['a cast', (value) => present(sql`cast(${value} as varchar)` as never)],
    ['a count of a predicate', (value) => count(sql`case when ${value} = 'Smith' then 1 end`)],
    ['a filter', (value) => sql`${sql.raw('count(*) filter (where ')}${value} = 'Smith')`],
    ['a count inside a mask', (value) => masked(count(value) as never, sql`p.city = 'x'`, '-', 'reason')],
  ])('by the builder: %s', (way, attack) => {
    const isFine = way === 'a count inside a mask'
    expect(problemsOf(asText(attack(column('name')))).length === 0).toBe(isFine)
    if (way !== 'a filter') expect(problemsOf(asText(attack(column('city'))))).toEqual([])
  })
  test('a copy of a treatment is none', () => {
    const treated = present(column('name'))
    const node = treated.toOperationNode()
    const copies: readonly OperationNode[] = [{ ...node }, Object.assign({}, node), structuredClone(node)]
    for (const copy of copies) {
      expect(problemsOf(asText({ toOperationNode: () => copy }))).toEqual([
        't.x: it would publish the personal column person.name untreated',
      ])
    }
    expect(() => asText({ ...treated }).toOperationNode()).not.toThrow()
    expect(() => Object.assign(node, { parameters: [] })).toThrow()
  })
})

describe('what a treatment may give is bounded', () => {
  const many = Array.from({ length: 65 }, (_, index) => `c${index}`)
  const bounded = (values: readonly string[], reason?: string) =>
    category({ n: column('name') }, values, () => 'c1', reason)
  const measured = (range: unknown, reason?: string) =>
    measure({ n: column('name') }, { f: range as { from: 1; to: 2 } }, () => ({ f: 1 }), reason).field('f')
  const field = (to: number, reason?: string) => measured({ from: 1, to }, reason)
  const other = measure({ n: column('name') }, { k: 'boolean' }, () => ({ k: true })).field('n' as never)
  const bands = (length: number, first = 0) =>
    band(
      column('salary'),
      Array.from({ length }, (_, index) => first + index),
    )
  const UNBOUNDED = 'nothing says what may come out of it'
  const MANY = 'more than 64 values may come out of it'
  const EMPTY = 'its reason is empty'

  test.each<[string, unknown, string | null]>([
    ['a list of 64', bounded(many.slice(1)), null],
    ['a list of 65', bounded(many), MANY],
    ['a list of 65 with a reason', bounded(many, 'departments'), null],
    ['a list that a spread lost', { ...bounded(['a']), values: null }, UNBOUNDED],
    ['a list that a copy lost', Object.assign({}, bounded(['a']), { values: null }), UNBOUNDED],
    ['a range in a column that holds fractions', field(2), UNBOUNDED],
    ['a field that was not declared', other, UNBOUNDED],
    [
      'a pseudonym with a rule',
      { ...pseudonym(column('name')), computation: { ...bounded([]).computation } },
      UNBOUNDED,
    ],
    ['bands of one', bands(32), '«band»: it has more than 32 bands'],
    ...[['1e9 then password when 1=1'], [2, 1], [1.5], [Number.NaN], []].map((bounds): [string, unknown, string] => [
      `the bounds ${bounds}`,
      band(column('salary'), bounds as readonly number[]),
      '«band»: its bounds are not whole numbers in ascending order',
    ]),
    ['a zone that is SQL', asText(year(column('born'), "x', (select 1)) + length(p.name")), null],
    ...['', ' ', '\n', '\u200b', '\u2060\ufeff', '\u00ad', '\u3164', '—', undefined as never].flatMap(
      (reason): [string, unknown, string][] => [
        [`because with the reason «${reason}»`, because(column('id'), reason), '«because»: its reason is empty'],
        [
          `a mask with the reason «${reason}»`,
          masked(column('name'), sql`p.city = 'x'`, '-', reason),
          '«masked»: its reason is empty',
        ],
        [`a list of 65 with the reason «${reason}»`, bounded(many, reason), reason === undefined ? MANY : EMPTY],
      ],
    ),
    ['a list of one with a blank reason', bounded(['a'], ' '), EMPTY],
  ])('%s', async (_, value, problem) => {
    expect(await checkOf(tableOf(value))).toEqual(problem === null ? [] : [`t.x: ${problem}`])
  })

  const inColumn = async (made: Column) => {
    const [id] = tableOf("'x'").columns
    const columns = id === undefined ? [] : [id, { name: 'x', ...made.definition }]
    return checkOf({ ...tableOf("'x'"), columns })
  }
  // sound because a rule that gives other values than its column takes is what is attacked.
  const given = (computed: unknown) => computed as Computed<never>
  test.each<[string, Column, string | null]>([
    ['64 numbers', integer(given(field(64)), 'X'), null],
    ['65 numbers', integer(given(field(65)), 'X'), MANY],
    ['numbers without an end', integer(given(field(Number.POSITIVE_INFINITY)), 'X'), UNBOUNDED],
    ['numbers without a beginning', integer(given(measured({ from: Number.NaN, to: 1 })), 'X'), UNBOUNDED],
    ['half a range', integer(given(measured({ from: 1 })), 'X'), UNBOUNDED],
    ['a range that a spread lost', integer(given({ ...field(2), range: null }), 'X'), UNBOUNDED],
    ['a range under a cast', integer(given({ ...field(2), range: { from: '0', to: '9e9' } }), 'X'), MANY],
    ['a list as a list of words', textArray(given(bounded(['a', 'b'])), 'X'), UNBOUNDED],
    ['a range as a list of numbers', bigintArray(given(field(2)), 'X'), UNBOUNDED],
    ['a flag', boolean(given({ ...field(2), range: null }), 'X'), null],
    ['a pseudonym as text', text(given(pseudonym(column('name'))), 'X'), 'a pseudonym is a uuid'],
    ['a rule as a pseudonym', uuid(given(bounded(['a'])), 'X'), 'a category is text'],
  ])('as a column: %s', async (_, made, problem) => {
    const problems = await inColumn(made)
    if (problem === null) expect(problems).toEqual([])
    else expect(problems).toContain(`t.x: ${problem}`)
  })

  test('a bound that was lost stops the run, and what a rule gives is held against it on every row', () => {
    const evaluated = (value: unknown) => {
      const table = tableOf(value)
      const projection = projectionOf(table)
      const [computation] = projection.computations
      if (computation === undefined) throw new TypeError('no rule')
      return evaluatorOf(computation, projection, table, null)
    }
    expect(evaluated(bounded(['a']))).toBeTypeOf('function')
    for (const lost of [{ ...bounded(['a']), values: null }, field(2), bounded(many), bounded(['a'], ' ')]) {
      expect(() => evaluated(lost)).toThrow('It is unbounded')
    }
    const held = (made: Column, ...values: readonly unknown[]) => {
      const encode = fieldEncoder({ name: 'x', ...made.definition } as ComputedColumn) // sound because a rule gives it.
      return values.filter((value) => typeof encode(value) !== 'string')
    }
    expect(
      held(text(given(bounded(['a'])), 'X'), 'a', 'b', 'A', ['a'], new String('a'), { toString: () => 'a' }),
    ).toEqual(['a'])
    expect(held(integer(given(field(2)), 'X'), 1, 2, 0, 3, 1.5, '1', 1n, Number.NaN, true, [1])).toEqual([1, 2])
    expect(held(boolean(given(field(2)), 'X'), true, 'true', 1)).toEqual([])
  })

  test('bands of one number in several columns', async () => {
    const [id, one] = tableOf(bands(31)).columns
    const [, two] = tableOf(bands(31, 31)).columns
    const together = (...columns: readonly (typeof one)[]) =>
      checkOf({ ...tableOf("'x'"), columns: columns.flatMap((each, n) => (each ? [{ ...each, name: `c${n}` }] : [])) })
    expect(await together(id, one, one)).toEqual([])
    expect(await together(id, one, two)).toEqual(['t.c2: with others it gives more than 32 bands of person.salary'])
  })

  const together = (values: readonly unknown[]) => {
    const columns = values.map((value, at) => ({ ...lastOf(value), name: `c${at}` }))
    return checkOf({ ...tableOf("'x'"), columns: [...tableOf("'x'").columns.slice(0, 1), ...columns] })
  }
  const lastOf = (value: unknown) => tableOf(value).columns[1] as PublishedColumn // sound because it has two.

  test.each<[string, (cut: Expression<unknown>) => unknown]>([
    ['an exists', (cut) => sql`cast(exists (select 1 from public.team as o where ${cut} = 'x') as text)`],
    ['a join', (cut) => sql`(select max(o.label) from public.team as o join public.team as u on u.label = ${cut})`],
    ['a filter', (cut) => sql`(select max(o.label) filter (where ${cut} = 'x') from public.team as o)`],
    ['an order', (cut) => sql`(select o.label from public.team as o order by ${cut} limit 1)`],
    ['a rule', (cut) => compute({ cut } as never, () => 'x')],
  ])('a column is cut in one way, also in %s', async (_, spelled) => {
    const cuts = (ways: readonly Expression<unknown>[]) => together(ways.map((way) => spelled(asText(way))))
    const one = Array.from({ length: 32 }, (__, at) => band(column('salary'), [at]))
    expect(await cuts(one.slice(1))).toEqual([])
    expect(await cuts(one)).toEqual([
      expect.stringContaining('with others it gives more than 32 bands of person.salary'),
    ])
    for (const part of [year, month]) {
      const zones = (...names: readonly (string | undefined)[]) => names.map((zone) => part(column('born'), zone))
      expect(await cuts(zones('Europe/Paris', 'Europe/Paris'))).toEqual([])
      for (const others of [zones('Europe/Paris', undefined), zones('X+1', 'X+2')]) {
        expect(await cuts(others)).toEqual([
          expect.stringContaining('with others it takes person.born in more than one time zone'),
        ])
      }
      expect(await cuts(['X+1', 'X+2'].map((zone) => part(column('founded'), zone)))).toEqual([])
    }
  })

  test.each(['lateral (values (p.name), (V)) as v(z)', 'lateral (select p.name as z union all select V) as v'])(
    'values that differ are not counted beside a given one: %s',
    async (rows) => {
      const counted = (other: string) =>
        together([sql`(select cast(count(distinct v.z) as text) from ${sql.raw(rows.replace('V', other))})`])
      for (const other of ["'Smith'", 'p.city', '(select max(o.label) from public.team as o)', 'upper(p.name)'])
        expect(await counted(other)).toEqual([
          't.c0: «count» treats an expression over the personal column person.name',
        ])
      expect(await counted('p.name')).toEqual([])
    },
  )

  test('a pseudonym is of a column, and joins with none of a value that may stand in clear', async () => {
    const uuids = (...values: readonly (readonly [string, string?])[]) => {
      const columns = values.map(([of, domain], at) => ({
        name: `c${at}`,
        ...uuid(pseudonym(sql.raw(of) as never, domain) as never, 'U').definition,
      }))
      return checkOf({ ...tableOf("'x'"), columns: [...tableOf("'x'").columns.slice(0, 1), ...columns] })
    }
    for (const part of ['substr(p.name, 1, 1)', "cast(p.name = 'x' as text)", 'cast(p.name as varchar(1))'])
      expect(await uuids([part])).toEqual([
        't.c0: «pseudonym» treats an expression over the personal column person.name',
      ])
    for (const clear of ["'Smith'", 'p.city', 'cast(p.id as text)', 'upper(p.city)']) {
      const told = 't.c1: its values are not personal, and would tell the pseudonyms of t.c0'
      expect(await uuids(['p.name'], [clear])).toEqual([told])
      expect(await uuids(['p.name', 'a'], [clear, 'a'])).toEqual([told])
      expect(await uuids(['p.name', 'a'], [clear, 'b'])).toEqual([])
      expect(await uuids([clear])).toEqual([])
    }
    expect(await uuids(['p.name'], ['p.salary'])).toEqual([])
  })

  const reasons = async (unknown: unknown) => {
    const [id] = tableOf("'x'").columns
    const table = from(source.selectFrom('person as p')).publish('t', 'T', () => rows({ unknown: given(unknown) }, {}))
    return checkOf({ ...table, columns: id === undefined ? [] : [id] })
  }
  test('the rule about rows reads no secret, and what it gives is bounded as well', async () => {
    const read = compute({ pw: sql<string>`p.password` }, () => ({ r: 'yes' as const }))
    expect(await reasons(read.field('r', ['yes']))).toEqual([
      't (reasons): it would publish the secret column person.password untreated',
    ])
    expect(await reasons(bounded(['a']))).toEqual([])
    expect(await reasons(bounded(many))).toEqual([`t (reasons): ${MANY}`])
    expect(await reasons({ ...bounded(['a']), values: null })).toContain(
      't (reasons): the reasons are not a closed list',
    )
  })

  test('a register without reasons', async () => {
    const words = [' ', '\u200b']
    const [function_, table] = words
    const blank = register(
      'public',
      { ...source.tables, other: partly(table ?? '', { id: source.tables['person']?.['id'] as never }) },
      { functions: { unaccent: function_ ?? '' } },
    )
    const publication = { name: 't', schema: 't', source: blank, tables: [tableOf("'x'")], writer: 'w', reader: 'r' }
    const { problems } = await checkPublication(definePublication(publication))
    expect(problems.filter(({ detail }) => detail.includes('reason')).map(({ place }) => place)).toEqual([
      'function unaccent',
      'table other',
    ])
  })

  test('raw SQL in a place where Kysely expects a word', () => {
    const unary = sql`${sql.raw('(select max(password) from person) ||')} ${sql.ref('p.city')}`
    expect(problemsOf(unary)).not.toEqual([])
    expect(
      problemsOf(
        sql`case when ${present(sql`1 as text),'') <> '' then ${sql.ref('p.name')} when coalesce(cast(1`)} then 'a' else 'b' end`,
      ),
    ).not.toEqual([])
  })
})

describe('a figure of a history table keeps the class of its origin', () => {
  const as = <T>(value: unknown) => value as Expression<T> // sound because types do not matter here.
  const people = from(source.selectFrom('person as p')).publish('people', 'P', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'K').primaryKey(),
    name: text(masked(ref('p.name'), sql`p.city = 'x'`, '-', 'public'), 'N'),
    person: uuid(pseudonym(ref('p.name')), 'U'),
    city: text(ref('p.city'), 'C'),
    founded: date(ref('p.founded'), 'F'),
    kind: text(
      category({ n: ref('p.name') }, ['a', 'b'], () => 'a' as const),
      'C',
    ),
    named: boolean(present(ref('p.name')), 'N'),
    size: integer(ref('p.size'), 'S'),
  }))
  const TYPES = {
    text: (value: unknown) => text(as<string | null>(value), 'X').nullable(),
    integer: (value: unknown) => integer(as<number | null>(value), 'X').nullable(),
    date: (value: unknown) => date(as<LocalDate | null>(value), 'X').nullable(),
  }
  const figure = async (type: keyof typeof TYPES, expression: string) => {
    const table = history('days', 'D', (_, { day }) => ({
      day: date(day, 'Day').primaryKey(),
      x: TYPES[type](sql.raw(expression.replace('FROM', 'from t_next.people as p'))),
    }))
    const tables = [people]
    const publication = definePublication({ name: 't', schema: 't', source, tables, writer: 'w', reader: 'r' })
    const { problems } = await checkPublication({ ...publication, histories: [table] })
    return problems.map(({ place, detail }) => `${place}: ${detail}`)
  }
  const leaks = (privacy: string, name: string) =>
    `days.x: it would publish the ${privacy} column people.${name} untreated`
  const free = (kind: string, name: string) =>
    `days.x: it would record a ${kind} that people.${name} does not take from a closed list`

  test.each<[string, keyof typeof TYPES, string, string | null]>([
    ['a name', 'text', '(select max(p.name) FROM)', leaks('personal', 'name')],
    ['a part of a name', 'integer', '(select max(ascii(p.name)) FROM)', leaks('personal', 'name')],
    ['a pseudonym', 'text', '(select max(cast(p.person as text)) FROM)', leaks('personal', 'person')],
    ['rows chosen by a name', 'integer', "(select count(*) FROM where p.name = 'Smith')", 'people.name'],
    ['a key', 'integer', '(select max(p.id) FROM)', leaks('indirect', 'id')],
    ['an open text', 'text', '(select max(p.city) FROM)', free('text', 'city')],
    ['an open text in a list', 'text', "(select string_agg(p.city, ',') FROM)", free('text', 'city')],
    [
      'an open text by a subquery',
      'text',
      '(select l.z from (select p.city as z FROM) as l limit 1)',
      free('text', 'city'),
    ],
    ['an open date', 'date', '(select max(p.founded) FROM)', free('date', 'founded')],
    ['a number as text', 'text', '(select cast(max(p.size) as text) FROM)', free('text', 'size')],
    ['a number', 'integer', '(select max(p.size) FROM)', null],
    ['a text of no column', 'text', "(select case when count(*) > 5 then 'many' else 'few' end FROM)", null],
    ['a count by a category', 'integer', "(select count(*) FROM where p.kind = 'a')", null],
    ['a count of names', 'integer', '(select count(p.name) FROM)', null],
    ['a category untreated', 'text', '(select max(p.kind) FROM)', leaks('indirect', 'kind')],
  ])('%s', async (_, type, expression, problem) => {
    const problems = await figure(type, expression)
    if (problem === null) expect(problems).toEqual([])
    else expect(problems.join()).toContain(problem)
  })
})
