/** Tables of one form, a source table and a published table for each name, so that one night tries many changes at once. */
import {
  because,
  bigint,
  boolean,
  from,
  indirect,
  masked,
  numeric,
  open,
  type PublishedTable,
  personal,
  pseudonym,
  register,
  sql,
  type TypedSource,
  text,
  timestamptz,
  uuid,
  varchar,
} from '../../src/index.ts'

const COLUMNS = {
  id: indirect.bigint,
  code: open.varchar(20),
  label: open.text.nullable,
  other: open.text.nullable,
  amount: open.numeric.nullable,
  seen: open.timestamptz,
  sole: open.boolean.nullable,
  hidden: open.boolean,
  email: personal.text,
}

export const thingSource = (names: readonly string[]): TypedSource<unknown> =>
  register('public', Object.fromEntries(names.map((name) => [name, COLUMNS])), {
    functions: { 'public.shout': 'computes on its argument alone' },
  })

/** With a filter, a mask, a pseudonym and a unique column. */
export function publishThing(source: TypedSource<unknown>, name: string, published = `shop_${name}`): PublishedTable {
  // sound because the register has this table with these columns; its type does not say so.
  const query = source.selectFrom(`${name} as t` as never) as ReturnType<typeof typed>
  return from(query.where('t.hidden', '=', false)).publish(published, 'A thing.', ({ ref }) => ({
    id: bigint(because(ref('t.id'), 'stable key'), 'Key').primaryKey(),
    code: varchar(20, ref('t.code'), 'Code').unique(),
    name: text(masked(ref('t.label'), ref('t.sole'), 'Not published', 'a person in some rows'), 'Name').nullable(),
    amount: numeric(ref('t.amount'), 'Amount').nullable(),
    seen: timestamptz(ref('t.seen'), 'Seen'),
    person: uuid(pseudonym(ref('t.email')), 'Pseudonym of the e-mail address'),
    sole: boolean(sql<boolean>`coalesce(${ref('t.sole')}, true)`, 'A person'),
    other: text(ref('t.other'), 'Other').nullable(),
  }))
}

/** For its type alone. */
export const typed = () => register('public', { thing: COLUMNS }).selectFrom('thing as t')

/** `$t` is the table. Filled in the order of the key; every seventh row is hidden. */
export const CREATE = `
  create table $t (id bigint primary key, code varchar(20) not null unique deferrable, label text, other text, amount numeric,
    seen timestamptz not null, sole boolean, hidden boolean not null, email text not null)`

export const fillSql = (rows: number, first = 1): string => `
  insert into $t (id, code, label, other, amount, seen, sole, hidden, email)
  select n, 'c' || n, 'label ' || n, 'other ' || n, n / 4.0, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 hour',
    case n % 3 when 0 then true when 1 then false end, n % 7 = 0, 'p' || n % 10 || '@example.org'
  from generate_series(${first}, ${first + rows - 1}) n`
