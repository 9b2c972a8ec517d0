/** What the lineage says: of which class a leak is, by which columns rows may be chosen, and what a treated column is made of. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import {
  because,
  bigint,
  boolean,
  category,
  compute,
  count,
  definePublication,
  from,
  masked,
  present,
  text,
} from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { checkOf, problemsOf, source, tableOf } from './judged.ts'

const person = () => source.selectFrom('person as p')
/** Types do not matter here. */
const given = <T>(value: unknown) => value as T // sound because the second fence looks at no type.

const TEXT = sql<string>`''`

describe('a leak', () => {
  const leak = (privacy: string, column: string) =>
    `t.x: it would publish the ${privacy} column person.${column} untreated`

  test.each<[string, unknown, string]>([
    ['personal', sql.ref('p.name'), leak('personal', 'name')],
    ['personal, with a reason', because(sql.ref('p.name'), 'we want it'), leak('personal', 'name')],
    [
      'of the inputs of a rule',
      compute({ a: given<typeof TEXT>(sql.ref('p.name')) }, ({ a }) => a),
      leak('personal', 'name'),
    ],
    ['secret', sql.ref('p.password'), leak('secret', 'password')],
    ['secret, in a treatment', present(sql.ref('p.password') as never), leak('secret', 'password')],
    [
      'secret, in a rule',
      category({ a: given<typeof TEXT>(sql.ref('p.password')) }, ['a'], () => 'a'),
      leak('secret', 'password'),
    ],
    ['indirect, without a reason', sql`abs(p.id)`, leak('indirect', 'id')],
    ['of a whole row', sql`cast(p as text)`, 't.x: the column «p» is not one column alone'],
    ['of a system column', sql`cast(ctid as text)`, 't.x: the column «ctid» is not one column alone'],
    [
      'behind a raw alias',
      source
        .selectFrom('person as q')
        .select(sql`q.city`.as(sql`x, q.name` as never))
        .limit(1),
      leak('personal', 'name'),
    ],
  ])('%s', async (_, value, problem) => {
    expect(await checkOf(tableOf(value))).toEqual([problem])
  })
})

describe('rows are chosen', () => {
  const query = given<ReturnType<typeof person>>
  test.each<[string, unknown, string | null]>([
    ['by an open column', person().where('p.city', '=', 'Paris'), null],
    ['by an indirect column', person().where(({ eb, ref }) => eb(because(ref('p.id'), 'k'), '>', 3n)), null],
    ['by the presence of a personal one', person().where(({ ref }) => present(ref('p.name'))), null],
    [
      'in a direction',
      person()
        .orderBy('p.city', (order) => order.desc().nullsLast())
        .limit(3),
      null,
    ],
    [
      'by a personal column',
      person().where(sql<boolean>`p.name like 'a%'`),
      'the where clause looks at the personal column person.name',
    ],
    [
      'by a secret one',
      person().where(sql<boolean>`p.password is null`),
      'the where clause looks at the secret column person.password',
    ],
    [
      'by a join',
      person().innerJoin('team as t', 't.label', 'p.name' as never),
      'a join condition looks at the personal column person.name',
    ],
    [
      'in the order of a column behind a direction',
      person().orderBy(sql`city desc, name`),
      'order by looks at the personal column person.name',
    ],
    ['by a limit', person().limit(sql<number>`length(p.password)`), 'a limit is not a whole number'],
  ])('%s', (_, chosen, problem) => {
    expect(problemsOf("'x'", query(chosen))).toEqual(problem === null ? [] : [`t: ${problem}`])
  })
})

test('treated columns are accepted, and the lineage names sources and treatments', async () => {
  const table = from(person()).publish('t', 'A table.', ({ ref, eb, selectFrom }) => ({
    id: bigint(because(ref('p.id'), 'stable key'), 'Key').primaryKey(),
    known: boolean(present(ref('p.name')), 'Has a name'),
    kind: text(
      category({ name: ref('p.name') }, ['a'], () => 'a'),
      'Kind',
    ),
    name: text(masked(ref('p.name'), eb('p.city', '=', 'x'), 'hidden', 'public'), 'Name'),
    peers: text(
      selectFrom('person as q')
        .whereRef('q.city', '=', 'p.city')
        .select(sql<string>`cast(${count()} as text)`.as('n'))
        .$asScalar()
        .$notNull(),
      'Peers',
    ),
  }))
  const publication = definePublication({ name: 't', schema: 't', source, tables: [table], writer: 'w', reader: 'r' })
  const { problems, columns } = await checkPublication(publication)
  expect(problems).toEqual([])
  const lineage = columns.map(({ column, lineage: origins }) => [
    column,
    ...origins.map((origin) =>
      `${origin.table}.${origin.column} ${origin.treatments.map(({ name }) => name).join('+')}`.trim(),
    ),
  ])
  expect(lineage).toEqual([
    ['id', 'person.id because'],
    ['known', 'person.name present'],
    ['kind', 'person.name category'],
    ['name', 'person.city masked', 'person.name masked'],
    ['peers'],
  ])
})
