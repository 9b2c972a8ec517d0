/** One column of a small register, judged by the second fence alone: types are laundered. */
import { sql } from 'kysely'
import {
  because,
  bigint,
  definePublication,
  from,
  indirect,
  open,
  partly,
  personal,
  register,
  secret,
  text,
} from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/check.ts'
import { Findings } from '../../src/lineage/findings.ts'
import { Analysis } from '../../src/lineage/lineage.ts'
import { isTreated, registered } from '../../src/lineage/origin.ts'
import { loadParser, parsedQuery } from '../../src/lineage/parse.ts'
import { Resolver } from '../../src/lineage/resolver.ts'
import { LineageProblem } from '../../src/lineage/rules.ts'

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
    contact: partly('many columns', { id: indirect.bigint }),
  },
  { functions: { 'public.unaccent': 'an extension, over its argument alone' } },
)

type People = ReturnType<typeof source.selectFrom<'person as p'>>

/** A column `x` of a table over `person as p`, or over `query`: raw SQL, an expression or a rule. */
export function tableOf(value: unknown, query: unknown = source.selectFrom('person as p')) {
  const given = typeof value === 'string' ? sql.raw(value) : value
  return from(query as People).publish('t', 'T', ({ ref }) => ({
    id: bigint(because(ref('p.id'), 'key'), 'Key').primaryKey(),
    x: text(given as ReturnType<typeof because<string>>, 'X').nullable(), // sound because types do not matter here.
  }))
}

const parser = await loadParser()

/** What the analysis of the query says. */
export function problemsOf(value: unknown, query?: unknown): readonly string[] {
  const found = new Findings()
  new Analysis(parser, registered(source)).check(tableOf(value, query), found)
  return found.problems.map(({ place, detail }) => `${place}: ${detail}`)
}

/** Whether an expression of raw SQL over `person as p` is refused: the short way, for thousands of them. */
export function isRefused(expression: string): boolean {
  const text = `select ${expression} as x from person as p`
  try {
    const tree = parsedQuery(parser, { sql: text, markedSql: text, marks: [], tables: new Set() }, ['x'])
    const [output] = new Resolver(registered(source), []).outputsOf(tree)
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
