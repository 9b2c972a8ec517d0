/** `drift: 'warn'`: what no query reads cannot leak, so that the night passes, and it is told once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as vitrine from '../../src/index.ts'
import { checkPublication } from '../../src/lineage/publication-check.ts'
import { latestRuns } from '../../src/record/runs.ts'
import { alarmOf } from '../../src/schedule/alarms/alarm.ts'
import { Installation } from './installation.ts'

const { open } = vitrine
const source = vitrine.register(
  'public',
  { thing: { id: open.integer, name: open.text, old: open.text.nullable }, other: { id: open.integer } },
  { drift: 'warn' },
)
const table = vitrine.from(source.selectFrom('thing as t')).publish('thing', 'T', ({ ref }) => ({
  id: vitrine.integer(ref('t.id'), 'K').primaryKey(),
  name: vitrine.text(ref('t.name'), 'N'),
}))
const settings = { name: 'shop', schema: 'shop', source, tables: [table], writer: 'w', reader: 'r' }

let shop: Installation
let publication: vitrine.Publication
beforeAll(async () => {
  shop = await Installation.create(18, 3)
  await shop.change(`create table thing (id integer primary key, name text not null, old text); insert into thing values (1, 'a', 'b');
    create table other (id integer primary key)`)
  publication = vitrine.definePublication({ ...settings, writer: shop.writer.user, reader: shop.reader.user })
  await shop.migrate(publication)
})
afterAll(() => shop.drop())

const at = new Date('2026-01-01T00:00:00Z')
async function publish() {
  const notices: string[] = []
  const observer = (event: { kind: string; text?: string }) => {
    if (event.kind === 'notice') notices.push(event.text ?? '')
  }
  const report = await shop.run({ publication, observer })
  return { notices, alarm: alarmOf({ kind: 'published', due: at, report }, publication, at) }
}

test('a change that no query reads lets the run pass; the alarm comes once, the record and the notices stay', async () => {
  expect(await publish()).toEqual({ notices: [], alarm: null })
  await shop.change('alter table thing add phone text, alter old type integer using null; drop table other')
  const first = await publish()
  expect(first.alarm).toMatchObject({
    kind: 'warnings',
    text: 'Vitrine shop: published, from a source that has changed where no query reads it. thing.old: the source has integer, the register text; thing.phone: the register does not name it (text); other: the source has no such table',
  })
  expect(first.notices).toHaveLength(3)
  const again = await publish()
  expect([again.alarm, again.notices]).toEqual([null, first.notices])
  const session = await shop.session(publication)
  const [run] = await latestRuns(session, 'shop', 1)
  await session.end()
  expect(run?.drift.map(({ place }) => place)).toEqual(['thing.old', 'thing.phone', 'other'])
  await shop.change('alter table thing add fax text')
  expect((await publish()).alarm?.warnings).toEqual([
    { table: 'thing.fax', column: null, text: 'the register does not name it (text)' },
  ])
})

test('a column that is read and has changed stops the run, and says where it is published', async () => {
  await shop.change('alter table thing alter name drop not null')
  expect(await shop.failure({ publication })).toMatchObject({
    code: 'SOURCE_DRIFT',
    problems: [
      { place: 'thing.name', detail: 'the source allows NULL, the register does not; published in thing.name' },
    ],
  })
})

test('a bare name could be that of a column that came meanwhile: it is refused', async () => {
  const bare = vitrine.from(source.selectFrom('thing as t')).publish('thing', 'T', ({ ref }) => ({
    id: vitrine.integer(ref('t.id'), 'K').primaryKey(),
    name: vitrine.text(vitrine.sql<string>`(select name from public.other as o where o.id = t.id)`, 'N'),
  }))
  const { problems } = await checkPublication(vitrine.definePublication({ ...settings, tables: [bare] }))
  expect(problems.map(({ detail }) => detail)).toEqual(['the column «name» may be one of «o» that is not registered'])
})
