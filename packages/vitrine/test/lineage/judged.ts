/** One column of a small register, judged by the second fence alone: types are laundered. */
import { sql } from 'kysely'
import {
  because,
  bigint,
  definePublication,
  from,
  indirect,
  opaque,
  open,
  type PublishedTable,
  partly,
  personal,
  register,
  secret,
  text,
} from '../../src/index.ts'
import { Findings } from '../../src/lineage/findings.ts'
import { Analysis } from '../../src/lineage/lineage.ts'
import { isTreated, registered } from '../../src/lineage/origin.ts'
import { loadParser, parsedQuery } from '../../src/lineage/parse.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { LineageProblem } from '../../src/lineage/query-rules.ts'
import { Resolver } from '../../src/lineage/resolver.ts'

export const source = register(
  'public',
  {
    person: {
      id: indirect.bigint,
      name: personal.text,
      salary: personal.integer,
      born: personal.date,
      password: secret.text,
      city: open.text,
      legal: open.integer.nullable,
      founded: open.date,
      size: open.integer,
    },
    team: { id: indirect.bigint, label: open.text, members: open.integer },
    area: { label: open.text, place: opaque('geometry') },
    contact: partly('many columns', { id: indirect.bigint }),
  },
  { functions: { 'public.unaccent': 'an extension, over its argument alone' } },
)

/** Ways to write a text column of `person`, whose alias is `p`. */
export const SPELLINGS: Readonly<Record<string, (column: string) => string>> = {
  plain: (c) => `p.${c}`,
  quoted: (c) => `"p"."${c}"`,
  'without its table': (c) => c,
  'through a function': (c) => `upper(p.${c})`,
  'through a function of an extension': (c) => `public.unaccent(p.${c})`,
  'through an operator': (c) => `('' || p.${c})`,
  'through a cast': (c) => `cast(p.${c} as varchar)`,
  'through a collation': (c) => `(p.${c} collate "C")`,
  'through case': (c) => `case when p.city = 'x' then p.${c} else 'y' end`,
  'through what a case compares': (c) => `case p.${c} when 'x' then 'y' else 'z' end`,
  'through the rest of a case': (c) => `case when p.city = 'x' then 'y' else p.${c} end`,
  'through the condition of a case': (c) => `case when p.${c} = 'x' then 'y' else 'z' end`,
  'through an array': (c) => `(array[p.city, p.${c}])[2]`,
  'through a subscript': (c) => `(array['x', 'y'])[length(p.${c})]`,
  'through the first of a slice': (c) => `cast((array['x', 'y'])[length(p.${c}):] as text)`,
  'through the last of a slice': (c) => `cast((array['x', 'y'])[1:length(p.${c})] as text)`,
  'through a named argument': (c) => `cast(make_interval(days => length(p.${c})) as text)`,
  'through a row': (c) => `cast(row(p.${c}, 1) as text)`,
  'through a document': (c) => `(jsonb_build_object('k', p.${c}) ->> 'k')`,
  'through nullif': (c) => `nullif(p.${c}, 'Smith')`,
  'through a scalar subquery': (c) => `(select q.${c} from person as q where q.id = p.id)`,
  'through a derived table': (c) => `(select l.z from (select q.${c} as z from person as q where q.id = p.id) as l)`,
  'through a lateral': (c) => `(select l.z from lateral (select p.${c} as z) as l)`,
  'through a named subquery': (c) => `(with w as (select q.${c} as z from person as q) select max(w.z) from w)`,
  'through new names of a subquery': (c) => `(select max(w.z) from (select q.${c} from person as q) as w(z))`,
  'through the second part of a union': (c) =>
    `(select max(n.z) from (select o.label as z, o.label as y from team as o union all select q.${c}, q.city from person as q) as n)`,
  'through values': (c) => `(select max(v.a) from lateral (values ('x'), (p.${c})) as v(a))`,
  'through an aggregate': (c) => `(select max(q.${c}) from person as q)`,
  'through an ordered aggregate': (c) =>
    `(select mode() within group (order by q.${c}) from person as q where q.id = p.id)`,
  'through an aggregate of texts': (c) => `(select string_agg(q.${c}, ',') from person as q)`,
  'through a window': (c) =>
    `(select max(w.z) from (select lag(q.${c}) over (order by q.city) as z from person as q) as w)`,
  'through exists': (c) => `cast(exists (select 1 from team as o where o.label = p.${c}) as text)`,
  'through in': (c) => `cast(p.city in (select q.${c} from person as q) as text)`,
  'through in, on the left': (c) => `cast(p.${c} in (select o.label from team as o) as text)`,
  'through in, in a list': (c) => `cast(p.city in ('x', p.${c}) as text)`,
  'through and': (c) => `cast(p.city = 'x' and p.${c} = 'y' as text)`,
  'through is true': (c) => `cast((p.${c} = 'x') is true as text)`,
  'through any': (c) => `cast('x' = any (array[p.${c}]) as text)`,
  'through a comparison': (c) => `cast(p.${c} between 'a' and 'b' as text)`,
  'through is null': (c) => `cast(p.${c} is null as text)`,
}

type People = ReturnType<typeof source.selectFrom<'person as p'>>

/** A column `x` of a table over `person as p`, or over `query`: raw SQL, an expression or a rule. */
export function tableOf(value: unknown, query: unknown = source.selectFrom('person as p')): PublishedTable {
  const given = typeof value === 'string' ? sql.raw(value) : value
  return from(query as People).publish('t', 'T', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
    x: text(given as ReturnType<typeof because<string>>, 'X').nullable(), // sound because types do not matter here.
  }))
}

const parser = await loadParser()
/** Raw SQL is shorter without the schema before each table. */
const known = { ...registered(source), isQualified: false }

/** What the analysis of the query says. */
export function problemsOf(value: unknown, query?: unknown): readonly string[] {
  const found = new Findings()
  new Analysis(parser, known).check(tableOf(value, query), found)
  return found.problems.map(({ place, detail }) => `${place}: ${detail}`)
}

/** Whether an expression of raw SQL over `person as p` is refused: the short way, for thousands of them. */
export function isRefused(expression: string): boolean {
  const text = `select ${expression} as x from person as p`
  try {
    const tree = parsedQuery(parser, { sql: text, markedSql: text, marks: [], tables: new Set() }, ['x'])
    const [output] = new Resolver(known, []).outputsOf(tree)
    return output?.().every(isTreated) !== true
  } catch (error) {
    if (error instanceof LineageProblem) return true
    throw error
  }
}

/** What the whole check says. */
export async function checkOf(table: ReturnType<typeof tableOf>): Promise<readonly string[]> {
  const publication = definePublication({ name: 't', schema: 't', source, tables: [table], writer: 'w', reader: 'r' })
  const { problems } = await checkPublication(publication)
  return problems.map(({ place, detail }) => `${place}: ${detail}`)
}
