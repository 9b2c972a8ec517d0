/**
 * PostgreSQL itself judges the analysis, on random queries: a query that is accepted reads no column that the lineage does
 * not name, and what an output shows does not change with a personal column that is not in its lineage. `ORACLE_QUERIES`
 * asks for more queries, `ORACLE_SEED` for others.
 */
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDatabase, type TestRole, VERSIONS } from '../../../../test/database.ts'
import { open, partly, personal, present, register } from '../../src/index.ts'
import { registered } from '../../src/lineage/origin.ts'
import { loadParser, type Parser, parsedQuery } from '../../src/lineage/parse.ts'
import { LineageProblem } from '../../src/lineage/query-rules.ts'
import { Resolver } from '../../src/lineage/resolver.ts'
import { markOf } from '../../src/publication/treatment.ts'
import { type RandomQuery, randomQuery, TABLES } from './random-query.ts'

const QUERIES = Number(process.env['ORACLE_QUERIES'] ?? 1000)
const SEED = Number(process.env['ORACLE_SEED'] ?? 1)

const [mark] = [markOf(present({ toOperationNode: () => ({ kind: 'ValueNode' }) } as never).toOperationNode())]
const COLUMNS = Object.entries(TABLES).flatMap(([table, columns]) => columns.map((column) => `${table}.${column}`))

/** Views whose columns have other values where their bit of `taint.mask` is set, and never one more or less that is NULL. */
const VIEWS = `
  create function k(place integer) returns integer language sql stable
    as 'select 1 + 2 * ((current_setting(''taint.mask'')::integer >> place) & 1)';
  create view person as select 'v' || (n * k(0) + k(0)) % 5 as a, 'v' || (n * k(1) + k(1)) % 4 as b,
    'v' || (n + k(2)) * k(2) % 5 as upper from generate_series(1, 5) n;
  create view team as select 'v' || (n * k(3) + k(3)) % 5 as a, 'v' || (n + k(4)) % 4 as b from generate_series(0, 2) n;
  create view contact as select 'v' || (n + k(5)) * k(5) % 5 as i, 'v' || (n * k(6) + k(6)) % 4 as a, 'c' || n * k(7) as b
    from generate_series(1, 3) n;`

interface Analysed {
  readonly reads: ReadonlySet<string>
  readonly outputs: readonly ReadonlySet<string>[]
}

/** Null where the query is refused. */
function analysed(parser: Parser, { personal: hidden, markedSql, sql }: RandomQuery): Analysed | null {
  const column = (name: string) => (hidden.has(name) ? personal.text : open.text)
  const source = register('s', {
    person: { a: column('person.a'), b: column('person.b'), upper: column('person.upper') },
    team: { a: column('team.a'), b: column('team.b') },
    contact: partly('the others are not read', { i: column('contact.i') }),
  })
  if (mark === undefined) throw new TypeError('present makes no mark')
  const reads = new Map<string, Set<string>>()
  try {
    const text = { sql, markedSql, marks: [mark], tables: new Set<string>() }
    const tree = parsedQuery(parser, text, ['a', 'b'])
    const outputs = new Resolver({ ...registered(source), isQualified: false }, text.marks, reads)
      .outputsOf(tree)
      .map((output) => output())
    const name = ({ table, column }: { readonly table: string; readonly column: string }) => `${table}.${column}`
    return {
      reads: new Set([...reads].flatMap(([table, columns]) => [...columns].map((each) => `${table}.${each}`))),
      outputs: outputs.map((lineage) => new Set(lineage.map(name))),
    }
  } catch (error) {
    if (error instanceof LineageProblem) return null
    throw error
  }
}

const DEPENDS = `select distinct c.relname || '.' || a.attname as name
  from pg_depend d join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
  join pg_class v on v.oid = r.ev_class join pg_class c on c.oid = d.refobjid and c.relname <> 'asked'
  join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
  where v.relname = 'asked' and d.refclassid = 'pg_class'::regclass and v.relnamespace = pg_my_temp_schema()`

const shown = (rows: readonly Readonly<Record<string, unknown>>[], name: string) =>
  JSON.stringify(rows.map((row) => String(row[name])).toSorted())

type Rows = readonly { readonly rows: readonly Readonly<Record<string, unknown>>[] }[]

/** What the server finds that the analysis did not; null where it does not run the query. */
async function holesIn(
  client: Client,
  query: RandomQuery,
  { reads, outputs }: Analysed,
): Promise<readonly string[] | null> {
  const { sql } = query
  const run = (text: string) => client.query(text) as unknown as Promise<Rows> // sound because several statements give a list.
  const masks = outputs.map((lineage) =>
    COLUMNS.reduce((mask, name, bit) => (query.personal.has(name) && !lineage.has(name) ? mask | (1 << bit) : mask), 0),
  )
  let base: Rows
  try {
    base = await run(`set taint.mask = 0; ${sql}; create temp view asked as ${sql}; ${DEPENDS}; drop view asked`)
  } catch {
    return null
  }
  const unnamed = (base[3]?.rows ?? []).map(({ name }) => String(name)).filter((name) => !reads.has(name))
  const changed: string[] = []
  for (const [index, name] of ['a', 'b'].entries()) {
    const other = await run(`set taint.mask = ${masks[index]}; ${sql}`).catch(() => null)
    if (other === null || shown(base[1]?.rows ?? [], name) !== shown(other[1]?.rows ?? [], name)) changed.push(name)
  }
  return [...unnamed.map((name) => `reads ${name}`), ...changed.map((name) => `output ${name} changes`)]
}

/** The same with the rights of a role that may read these columns alone: whole rows need more than their columns. */
async function refusedFor(client: Client, role: string, { sql }: RandomQuery, { reads }: Analysed): Promise<boolean> {
  const tables = Object.keys(TABLES).map((table) => {
    const columns = [...reads].filter((name) => name.startsWith(`${table}.`)).map((name) => name.split('.')[1])
    // Counting rows needs the right on any column.
    if (columns.length === 0) columns.push(table === 'contact' ? 'i' : 'a')
    return `grant select (${columns.join(', ')}) on ${table} to "${role}";`
  })
  try {
    await client.query(`begin; ${tables.join(' ')} set local role "${role}"; explain ${sql}; rollback`)
    return false
  } catch (error) {
    await client.query('rollback')
    return (error as { readonly code?: string }).code === '42501' // sound because the driver's errors have a code.
  }
}

// Each version judges queries of its own.
describe.each(VERSIONS)('PostgreSQL %i', (version) => {
  const first = SEED + (version === 18 ? 0 : QUERIES)
  let database: TestDatabase
  let client: Client
  let reader: TestRole

  beforeAll(async () => {
    database = await TestDatabase.create(version, 'oracle')
    client = await database.connect()
    reader = await database.createRole('oracle')
    await client.query(VIEWS)
  })
  afterAll(async () => {
    await database.drop([reader])
  })

  test('reads no column, and shows none, that the lineage does not name', async () => {
    const parser = await loadParser()
    const holes: string[] = []
    let judged = 0
    for (let seed = first; seed < first + QUERIES && holes.length < 5; seed++) {
      const query = randomQuery(seed)
      const analysis = analysed(parser, query)
      const found = analysis === null ? null : await holesIn(client, query, analysis)
      if (analysis === null || found === null) continue
      judged += 1
      const refused =
        seed % 4 === 0 && (await refusedFor(client, reader.user, query, analysis)) ? ['needs more rights'] : []
      for (const hole of [...found, ...refused]) holes.push(`${seed}: ${hole}: ${query.sql}`)
    }
    if (process.env['ORACLE_QUERIES'] !== undefined) process.stderr.write(`${judged} of ${QUERIES} queries judged\n`)
    expect(holes).toEqual([])
    expect(judged).toBeGreaterThan(QUERIES / 10)
  }, 3_600_000)
})
