/**
 * Every rule by which a query is refused, by the query that it alone refuses; a rule without one does not compile. A rule that
 * is taken away is noticed: the query that it stopped is then accepted, or refused for a reason that nobody would understand.
 */
import { sql } from 'kysely'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { because, compute, masked, present } from '../../src/index.ts'
import { the } from '../../src/lineage/node-fields.ts'
import { registered } from '../../src/lineage/origin.ts'
import { GRAMMAR, grammarNote, loadParser, parsedQuery, parsedText } from '../../src/lineage/parse.ts'
import { QUERY_RULES, type QueryRule } from '../../src/lineage/query-rules.ts'
import { Resolver } from '../../src/lineage/resolver.ts'
import { inside } from '../../src/lineage/scope.ts'
import { problemsOf, source } from './judged.ts'

/** The rule that is taken away, if one is. */
const removed = vi.hoisted(() => {
  // The files of a worker share what they import: this one has its own.
  vi.resetModules()
  return { rule: '' }
})
afterAll(() => {
  vi.doUnmock('../../src/lineage/query-rules.ts')
  vi.resetModules()
})
vi.mock('../../src/lineage/query-rules.ts', async (original) => {
  const real = await original<typeof import('../../src/lineage/query-rules.ts')>()
  const refuse: typeof real.refuse = (rule, ...more) =>
    rule === removed.rule ? (undefined as never) : real.refuse(rule, ...more)
  return { ...real, refuse }
})

const p = source.selectFrom('person as p')
const long = 'x'.repeat(64)
const name = sql.ref('p.name')

/** By rule: an expression, perhaps a query, and the words of the problem. */
const EXAMPLES: Readonly<Record<QueryRule, readonly [expression: unknown, words: readonly string[], query?: unknown]>> =
  {
    characters: ["'\ud800'", []],
    length: [`'${'x'.repeat(200_000)}'`, []],
    syntax: ["'x' ||", []],
    statement: ['(with d as (delete from team returning label) select d.label from d)', []],
    comment: ["'x' -- it", []],
    'long name': [`(select z.${long} from (select 'x' as ${long}) as z)`, []],
    'escaped name': ['U&"p"."city"', []],
    'open treatment': [present(sql`'1') || p.city || ('2'`), []],
    'other columns': [compute({ a: sql<string>`'1' as "input_1", p.city` }, () => 'x'), []],
    union: ["'x'", [], p.select('p.id').union(source.selectFrom('team').select('team.id'))],
    node: ['current_user', ['SQLValueFunction']],
    field: ['(select t.label from team as t for update)', ['SelectStmt', 'lockingClause']],
    value: [
      '(select t.label from team as t order by t.size fetch first 1 row with ties)',
      ['limitOption', 'LIMIT_OPTION_WITH_TIES'],
    ],
    operator: ['p.city OPERATOR(public.||) p.city', ['public.||']],
    type: ['p.city::regclass', ['regclass']],
    function: ['pg_read_file(p.city)', ['pg_read_file']],
    clock: ['cast(now() as text)', ['now']],
    table: ['(select a.rolname from pg_authid as a)', ['pg_authid', 'in the register']],
    column: ['p.telephone', ['p.telephone', 'in the register']],
    opaque: ['(select a.label from area as a where a.place is null)', ['area.place']],
    'unknown alias': ['q.city', ['q']],
    'alias twice': ['(select p.label from team as p)', ['p']],
    'no alias': ['(select label from (select team.label from team))', []],
    endless: [
      sql`(with recursive w as (select t.label, t.id from public.team as t union all select w.label, ${because(sql.ref('w.id'), 'key')} from w where w.label = 'x') select w.label from w)`,
      ['w'],
    ],
    'named twice': ['(with team as (select 1 as label) select t.label from team as t)', ['team']],
    'renamed columns': ['(select t.size from team as t(id, size, label))', ['t']],
    rows: ['(select d.d from current_date as d)', []],
    everything: ['(select t.* from team as t limit 1)', []],
    'three parts': ['public.p.city', ['city']],
    'bare name': ['id', ['id'], p.innerJoin('team as t', 't.id', 'p.id')],
    'bare partly': ['(select city from contact as c limit 1)', ['city', 'c']],
    width: ["(select v.a from (values ('x'), ('y', 'z')) as v(a))", []],
    unnamed: ["(select upper('x') from team as t order by upper limit 1)", ['order by']],
    constant: ["(select t.label from team as t order by 'x' limit 1)", ['order by']],
    limit: ['(select t.label from team as t limit length(p.city))', []],
    chooses: ["(select 'x' from team as t where t.label = p.name)", ['the where clause', 'personal', 'person.name']],
    treatment: [because(sql.ref('p.city'), ' '), ['because', 'its reason is empty']],
    expression: [present(sql`nullif(${name}, 'Smith')`), ['present', 'person.name']],
    'constant mask': [masked(name, sql`p.city = 'x' and 1 = 0`, '-', 'reason'), []],
    'nested mask': [masked(name, sql`p.city = (select max(t.label) from team as t)`, '-', 'reason'), []],
    'silent mask': [masked(name, sql`p.legal = 1000 and p.city = 'x'`, '-', 'reason'), ['person.legal']],
    'personal mask': [masked(name, sql`p.name = 'x'`, '-', 'reason'), ['person.name']],
  }

describe.each(Object.entries(EXAMPLES))('rule «%s»', (rule, [expression, words, query]) => {
  const known = QUERY_RULES[rule as QueryRule] // sound because the examples are listed by rule.
  const says: (...given: readonly string[]) => string = known.says

  test('refuses its example, and says how to write it', () => {
    const problems = problemsOf(expression, query)
    expect(problems.map((problem) => problem.replace(/^.*?: /, ''))).toContain(says(...words))
  })

  test('is noticed when it is taken away', () => {
    removed.rule = rule
    const without = problemsOf(expression, query)
    removed.rule = ''
    expect(without).not.toEqual(problemsOf(expression, query))
  })
})

test.each([
  ['JoinExpr', 'isNatural', 'select t.label from team as t natural join team as u'],
  ['JoinExpr', 'usingClause', 'select t.label from team as t join team as u using (id)'],
  ['JoinExpr', 'usingClause', 'select j.id from team as t join team as u using (id) as j'],
  ['JoinExpr', 'alias', 'select j.label from (team as t join team as u on t.id = u.id) as j'],
  ['RangeFunction', 'is_rowsfrom', "select u.a from rows from (unnest(array['x'])) as u(a)"],
  ['RangeVar', 'catalogname', 'select t.label from d.public.team as t'],
  [
    'CommonTableExpr',
    'search_clause',
    'with w as (select t.id from team as t) search depth first by id set o select w.id from w',
  ],
  ['SelectStmt', 'intoClause', 'select t.label into z from team as t'],
  ['TypeName', 'setof', "select cast('x' as setof text)"],
  [
    'CommonTableExpr',
    'cycle_clause',
    'with w as (select t.id from team as t) cycle id set c using d select w.id from w',
  ],
  ['SortBy', 'sortby_dir', 'select t.label from team as t order by t.label using <'],
])('a %s with %s is refused by name', (type, field, query) => {
  expect(problemsOf(`(${query} limit 1)`).join()).toMatch(
    new RegExp(`a ${type} with ${field} is|${field} is SORTBY_USING`),
  )
})

test('a source that is newer than the parser is named, and a query that the parser does not know is refused', async () => {
  const { version } = (await loadParser()).parseSync('select 1')
  expect(Math.floor((version ?? 0) / 10_000)).toBe(GRAMMAR)
  expect([150_000, 189_999].map(grammarNote)).toEqual([null, null])
  expect(grammarNote(190_000)).toContain('the source is PostgreSQL 19, and queries are proved by the grammar of 18')
  expect(problemsOf("json_table(p.city, '$' columns (a text path '$'))").join()).toContain(
    'not SQL that PostgreSQL 18 reads',
  )
})

test.each([
  ['a sample', 'select t.label from team as t tablesample system (1)', 'a RangeTableSample is not analysed'],
  ['too many names', 'select v.a from (select t.label from team as t) as v(a, b)', 'differ in width'],
  ['a size that is computed', "select cast('1' as numeric(length('x')))", 'of a computed size'],
  ['a type of a row', "select r.a from jsonb_to_record('{}'::jsonb) as r(a regclass)", 'regclass'],
  ['the clock without parentheses', 'select cast(current_date as text)', 'current_date'],
  [
    'an operator of others',
    "select 'x' operator(public.=) any (select t.label from team as t)",
    'the operator «public.=»',
  ],
])('%s is refused', (_, query, words) => {
  expect(problemsOf(`(${query} limit 1)`).join()).toContain(words)
})

describe('what no text says today, as a parser of another version may write it', () => {
  const reader = new Resolver(registered(source), [])
  const meet = (type: string, fields: unknown) => () => reader.part(type, fields, inside(null))

  // biome-ignore format: a list of names.
  test.each([
    'A_Expr.kind', 'BoolExpr.boolop', 'BooleanTest.booltesttype', 'CommonTableExpr.ctematerialized', 'FuncCall.funcformat',
    'JoinExpr.jointype', 'JoinExpr.join_using_alias', 'MinMaxExpr.op', 'NullTest.nulltesttype', 'ResTarget.indirection',
    'RowExpr.row_format', 'RowExpr.colnames', 'SelectStmt.op', 'SortBy.useOp', 'SortBy.sortby_nulls', 'SubLink.subLinkType',
    'TypeName.pct_type', 'SelectStmt.newClause',
    ...['compression', 'inhcount', 'is_not_null', 'is_from_type', 'storage', 'storage_name', 'raw_default', 'cooked_default',
      'identity', 'identitySequence', 'generated', 'collClause', 'collOid', 'constraints', 'fdwoptions',
    ].map((field) => `ColumnDef.${field}`),
  ])('%s is refused', (name) => {
    const [type = '', field = ''] = name.split('.')
    expect(meet(type, { [field]: 'NEW' })).toThrow(field)
  })

  test('a node that is new, one that is no expression, and one that is missing', () => {
    expect(meet('NewExpr', {})).toThrow('a NewExpr is not analysed')
    expect(() => reader.flow({ RangeVar: {} }, inside(null))).toThrow('a RangeVar is not analysed')
    expect(() => the('SortBy', {})).toThrow('a SortBy is not analysed')
  })

  test('a statement that is no query', async () => {
    const text = { sql: 'delete from team', markedSql: 'delete from team', marks: [], tables: new Set<string>() }
    const parser = await loadParser()
    expect(() => parsedQuery(parser, text, [])).toThrow('it is not one SELECT')
    expect(() => parsedText(parser, 'select 1 -- one')).toThrow(QUERY_RULES.comment.says())
  })

  test.each([
    ['is another query', 'reaches out', 'select upper(t.label) as a from public.team as t'],
    [
      'has a column that is cast there alone',
      'reaches out',
      'select cast(cast(t.label as text) as text) as a from public.team as t',
    ],
    ['holds a comment', 'holds a comment', 'select t.label as a from public.team as t -- it'],
  ])('the text without casts %s', async (_, words, uncast) => {
    const parser = await loadParser()
    const sql = 'select cast(t.label as text) as a from public.team as t'
    const text = { sql, markedSql: sql, marks: [], tables: new Set<string>(), uncast }
    expect(() => parsedQuery(parser, text, ['a'])).toThrow(words)
    expect(parsedQuery(parser, { ...text, hiddenFields: 1, uncast: sql }, ['a']).op).toBe('SETOP_NONE')
  })
})

test.each([
  ['after a value with an escaped quotation mark', `e'\\'' || (select "${long}" from team as t limit 1) || ''`],
  ['after a value between dollars', `$$'$$ || (select "${long}" from team as t limit 1) || ''`],
  ['of letters that take several bytes', `(select z."${'é'.repeat(32)}" from (select 'x') as z)`],
])('a long name %s is refused', (_, expression) => {
  expect(problemsOf(expression).join()).toContain('longer than 63 bytes')
})

test('a long value is no long name, whatever quotation marks stand in it', () => {
  expect(problemsOf(`'"${long}" ''${long}' || '${long}"'`)).toEqual([])
})

test('a treatment that begins with a negation may be negated', () => {
  const inner = because(sql<boolean>`not p.legal > 3`, 'a reason')
  expect(problemsOf(sql`case when not ${inner} then 'x' end`)).toEqual([])
})
