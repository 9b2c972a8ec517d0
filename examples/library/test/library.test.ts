/** What the library promises its members, proved on a real PostgreSQL that exists for this test alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { because, from, text } from 'vitrine'
import { loadOneTable, type PublishedSample, publishSample } from 'vitrine/testing'
import publication from '../publication/dashboards.js'
import { loan } from '../publication/loan.js'
import { source } from '../publication/register.js'

let sample: PublishedSample
before(async () => {
  sample = await publishSample({ publication, sql: new URL('../../source/', import.meta.url) })
})
after(() => sample.end())

test('nothing else is published than this', async () => {
  const columns = await sample.reader.query(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'library' and table_name like 'library%' order by table_name, ordinal_position`,
  )
  assert.deepEqual(
    columns.map((column) => 'name' in column && column.name),
    [
      ...[
        'library_book.id',
        'library_book.title',
        'library_book.author',
        'library_book.subject',
        'library_book.copies',
      ],
      ...['library_day.day', 'library_day.out', 'library_day.overdue'],
      ...['library_loan.id', 'library_loan.book_id', 'library_loan.member_id'],
      ...['library_loan.lent_on', 'library_loan.returned_on', 'library_loan.state'],
      ...['library_member.id', 'library_member.age', 'library_member.postcode'],
    ],
  )
})

test('names and notes cannot be published: TypeScript says no', () => {
  from(source.selectFrom('member as m')).publish('a', 'Would be refused.', ({ ref }) => ({
    // @ts-expect-error the name of a member is personal
    name: text(ref('m.name'), 'Name'),
    // @ts-expect-error a reason is enough for what is indirect, not for what is personal
    email: text(because(ref('m.email'), 'We would like to.'), 'Address'),
    // @ts-expect-error an indirect value needs a reason
    postcode: text(ref('m.postcode'), 'Postcode'),
  }))
})

test('three members of a hamlet are not told by where they live', async () => {
  const told = await sample.reader.query("select from library_member where postcode = '35137'")
  assert.equal(told.length, 0)
  const [all] = await sample.reader.query<{ members: number }>(
    'select cast(count(*) as integer) as members from library_member',
  )
  assert.equal(all?.members, 900)
})

test('a loan is late from the day after it was due', async () => {
  await sample.target.execute('create schema one_table')
  const at = new Date('2026-03-21T12:00:00Z')
  const { reader: _, publish, end, ...between } = sample
  await loadOneTable({ publication, table: loan, ...between, schema: 'one_table', at })
  const wrong = await sample.target.query(
    `select from one_table.library_loan where state <> case
       when returned_on - lent_on <= 21 then 'on time' when returned_on is not null then 'late'
       when lent_on + 21 >= date '2026-03-21' then 'still out' else 'overdue' end`,
  )
  assert.equal(wrong.length, 0)
})

test('what somebody types into a title stops the run, and the version before stays', async () => {
  await sample.source.execute("update book set title = 'Ask ana@example.org' where title = 'Hamlet'")
  await assert.rejects(sample.publish(), { code: 'PRIVACY_VIOLATION' })
  const [served] = await sample.reader.query("select from library_book where title = 'Hamlet'")
  assert.notEqual(served, undefined)
})
