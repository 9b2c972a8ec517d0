/** Every query runs in the schema of the publication's register: a query begun by another one is refused, wherever it stands. */
import { expect, test } from 'vitest'
import * as vitrine from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { shop } from '../publication/shop.ts'

const TABLES = { thing: { id: vitrine.open.bigint, name: vitrine.open.text } }
const ours = vitrine.register('ours', TABLES)
const key = { id: vitrine.open.bigint }
const others = {
  'another schema': vitrine.register('theirs', TABLES),
  'the same schema, registered again': vitrine.register('ours', { thing: { ...key, name: vitrine.personal.text } }),
}

test.each(Object.entries(others))('%s', async (_, theirs) => {
  // sound because both registers have the table.
  const other = theirs as typeof ours
  const plain = (source: typeof ours) =>
    vitrine
      .from(source.selectFrom('thing as t'))
      .publish('plain', 'P', ({ ref }) => ({ id: vitrine.bigint(ref('t.id'), 'K').primaryKey() }))
  const count = () => other.selectFrom('thing as o').select(vitrine.count().as('n'))
  const scalar = vitrine.from(ours.selectFrom('thing as t')).publish('scalar', 'S', ({ ref }) => ({
    id: vitrine.bigint(ref('t.id'), 'K').primaryKey(),
    n: vitrine.integer(count().$asScalar().$notNull(), 'N'),
  }))
  const input = vitrine.from(ours.selectFrom('thing as t')).publish('input', 'I', ({ ref }) => ({
    id: vitrine.bigint(ref('t.id'), 'K').primaryKey(),
    n: vitrine.text(
      vitrine.compute({ n: count().$asScalar().$notNull() }, ({ n }) => `${n}`),
      'N',
    ),
  }))
  const joined = vitrine
    .from(
      ours.selectFrom('thing as t').innerJoin(other.selectFrom('thing as o').select('o.id').as('j'), 'j.id', 't.id'),
    )
    .publish('joined', 'J', ({ ref }) => ({ id: vitrine.bigint(ref('t.id'), 'K').primaryKey() }))
  const problemsOf = async (...tables: readonly vitrine.PublishedTable[]) => {
    const { problems } = await checkPublication({ ...shop({ writer: 'w', reader: 'r' }, tables), source: ours })
    return problems.filter(({ detail }) => detail.includes('another register'))
  }
  expect(await problemsOf(plain(ours))).toEqual([])
  for (const table of [plain(other), scalar, input, joined]) {
    expect(await problemsOf(table)).toEqual([
      {
        place: table.name,
        detail: `its query is begun by another register (schema ${theirs.schema}: thing, …) than the publication's (schema ours: thing, …)`,
        remedy: expect.any(String),
      },
    ])
  }
})
