/** What the association promises its members, proved on a real PostgreSQL that exists for this test alone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { because, boolean, from, integer, numeric, present, text } from 'vitrine'
import { type PublishedSample, publishSample } from 'vitrine/testing'
import publication from '../publication/dashboards.js'
import { source } from '../publication/register.js'

let sample: PublishedSample
before(async () => {
  sample = await publishSample({ publication, sql: new URL('../../source/', import.meta.url) })
})
after(() => sample.end())

const one = async (asked: string): Promise<unknown> => Object.values((await sample.reader.query(asked))[0] ?? {})[0]

test('health, guardians, donors and amounts cannot be published: TypeScript says no', () => {
  const all = source.selectFrom('members_member as m').innerJoin('donations_donation as d', 'd.member_id', 'm.id')
  from(all).publish('a', 'Would be refused.', ({ ref }) => ({
    // @ts-expect-error a secret takes no treatment: that there is a note tells of an illness
    ill: boolean(present(ref('m.health_notes')), 'Has a note'),
    // @ts-expect-error a reason is not enough for what is personal
    amount: numeric(because(ref('d.amount'), 'The board asks for it.'), 'Amount'),
    // @ts-expect-error a name is personal
    donor: text(ref('d.donor_name'), 'Donor'),
    donors: integer(
      because(ref('m.user_id'), 'Indirect: a reason is enough, and a bad one stands in the dictionary.'),
      'Account',
    ).nullable(),
  }))
})

test('no text of a member, a donor or a coach is anywhere in what readers see', async () => {
  const personal = await sample.source.query<{ value: string }>(
    `select unnest(array[first_name, last_name, email, phone, address, emergency_contact, health_notes]) as value from members_member
     union select unnest(array[donor_name, donor_email, iban, message]) from donations_donation union select note from activities_attendance`,
  )
  const known = new Set(personal.map(({ value }) => value).filter((value) => value !== ''))
  const tables = publication.tables.map(({ name }) => name)
  for (const table of tables) {
    for (const row of await sample.reader.query(`select * from ${table}`)) {
      for (const value of Object.values(row)) assert.ok(!known.has(String(value)), `${table} has a value of a person`)
    }
  }
})

test('nobody is in a group of fewer than ten', async () => {
  const smallest = await one(
    'select min(n) from (select count(*) as n from association_member group by age, home, joined) g',
  )
  assert.ok(Number(smallest) >= 10)
})

test('sums are those of ten at least', async () => {
  await sample.source.execute(
    `insert into members_fee (member_id, season, amount, reduction, method, paid_on) values (1, '1999-2000', 40, 'social', 'cash', '1999-10-01')`,
  )
  await sample.publish()
  assert.equal(await one("select count(*) from association_fee_sum where season = '1999-2000'"), '0')
})

test('the reader reads, and does nothing else; the role of the source reads what is named, and nothing else', async () => {
  await assert.rejects(sample.reader.execute('delete from association_member'))
  await assert.rejects(sample.reader.query('select * from association_previous.association_member'))
  const readable = await sample.source.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_name = 'members_member'
       and has_column_privilege('association_source', 'members_member', column_name, 'select') order by 1`,
  )
  assert.deepEqual(
    readable.map(({ name }) => name),
    ['birth_date', 'email', 'id', 'image_consent', 'joined_on', 'left_on', 'postcode'],
  )
})

test('who is erased in the application is gone from what readers see with the next run', async () => {
  const [gone] = await sample.source.query<{ id: string }>(
    'select id from members_member where id > 500 and left_on is not null limit 1',
  )
  const id = gone?.id
  assert.equal(await one(`select count(*) from association_member where id = ${id}`), '1')
  for (const table of ['activities_attendance', 'members_member_sections', 'members_fee']) {
    await sample.source.execute(`delete from ${table} where member_id = ${id}`)
  }
  await sample.source.execute(`delete from members_member where id = ${id}`)
  await sample.publish()
  assert.equal(await one(`select count(*) from association_member where id = ${id}`), '0')
  assert.equal(await one(`select count(*) from association_fee where member_id = ${id}`), '0')
})
