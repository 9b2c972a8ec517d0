/**
 * What must not compile. Each line under `@ts-expect-error` is a mistake; the compiler fails here when one is accepted. Words
 * in quotation marks must be in what every compiler says of it (`types.test.ts`).
 */
import {
  type Bytes,
  band,
  because,
  before,
  bigint,
  boolean,
  category,
  compute,
  date,
  from,
  history,
  indirect,
  integer,
  masked,
  maskedGroup,
  max,
  month,
  opaque,
  open,
  personal,
  present,
  pseudonym,
  register,
  rows,
  secret,
  sql,
  sum,
  text,
  timestamptz,
  uuid,
  varchar,
  year,
} from '../../src/index.ts'

const source = register('public', {
  person: {
    id: indirect.bigint,
    email: personal.varchar(255),
    nickname: personal.text.nullable,
    password: secret.varchar(128),
    born: personal.date,
    joined: indirect.timestamptz,
    left_on: indirect.date.nullable,
    code: open.integer.nullable,
    label: open.varchar(20),
    score: open.doublePrecision,
    total: open.numeric,
    active: open.boolean,
    place: opaque('geometry'),
    stay: open.interval,
  },
})

// biome-ignore format: each mistake stays on the line under its comment.
export const leaks = from(source.selectFrom('person as p')).publish('leaks', 'x', ({ ref }) => ({
  // @ts-expect-error a personal column is not publishable: "person.email is personal: it needs a treatment (present,"
  a: varchar(255, ref('p.email'), 'x'),
  // @ts-expect-error the greatest of a personal column is one of them: "person.email is personal: it needs a treatment"
  greatest: text(max(ref('p.email')), 'x').nullable(),
  // @ts-expect-error a sum of integers is a bigint: "integer does not take this value"
  sum: integer(sum(ref('p.code')), 'x').nullable(),
  // @ts-expect-error a text has no sum: "it takes a number or an interval"
  sums: bigint(sum(ref('p.label')), 'x').nullable(),
  // @ts-expect-error an opaque column is not publishable: "person.place is opaque: no query reads it"
  opaque: text(ref('p.place'), 'x'),
  // @ts-expect-error a rule receives no interval
  stayed: text(compute({ stay: ref('p.stay') }, () => 'x'), 'x'),
  // @ts-expect-error a secret column is not publishable: "person.password is a secret: it is never published"
  b: varchar(128, ref('p.password'), 'x'),
  // @ts-expect-error an indirect column needs a reason: "person.id is indirect: it needs because(…, 'reason')"
  c: bigint(ref('p.id'), 'x'),
  // @ts-expect-error a reason does not open a personal column: "person.email is personal: it needs a treatment"
  d: varchar(255, because(ref('p.email'), 'we would like it'), 'x'),
  // @ts-expect-error a reason does not open a secret column: "person.password is a secret"
  e: varchar(128, because(ref('p.password'), 'we would like it'), 'x'),
  // @ts-expect-error a secret column has no treatment: "person.password is a secret"
  f: boolean(present(ref('p.password')), 'x').nullable(),
  // @ts-expect-error a secret column has no pseudonym: "person.password is a secret"
  g: uuid(pseudonym(ref('p.password')), 'x'),
  // @ts-expect-error a secret column cannot be masked: "person.password is a secret"
  h: varchar(128, masked(ref('p.password'), ref('p.active'), 'x', 'y'), 'x'),
  // @ts-expect-error a secret column cannot be masked in a group either
  h2: varchar(128, maskedGroup(ref('p.active'), 'y', { password: [ref('p.password'), 'x'] }).password, 'x'),
  // @ts-expect-error what is masked by NULL may be NULL
  h3: varchar(255, maskedGroup(ref('p.active'), 'y', { email: [ref('p.email'), null] }).email, 'x').primaryKey(),
  // @ts-expect-error a rule does not see a personal value: "person.email is personal: it needs a treatment"
  i: text(compute({ email: ref('p.email') }, ({ email }) => email), 'x'),
  // @ts-expect-error a rule does not see an indirect value without a reason: "person.joined is indirect: it needs because"
  j: timestamptz(compute({ joined: ref('p.joined') }, ({ joined }) => joined), 'x'),
  // @ts-expect-error a category does not see a secret: "person.password is a secret"
  k: text(category({ password: ref('p.password') }, ['a'], () => 'a'), 'x'),
  // @ts-expect-error a category gives only its own values: "is not assignable to type"
  l: text(category({ email: ref('p.email') }, ['a', 'b'], ({ email }) => email), 'x'),
  // @ts-expect-error bytes are not publishable
  m: text(sql<Bytes>`convert_to(${ref('p.label')}, 'UTF8')`, 'x'),
  // @ts-expect-error a rule that receives bytes gives something else
  n: text(compute({ label: sql<Bytes>`convert_to(${ref('p.label')}, 'UTF8')` }, ({ label }) => label), 'x'),
}))

// biome-ignore format: each mistake stays on the line under its comment.
export const mistyped = from(source.selectFrom('person as p')).publish('mistyped', 'x', ({ ref, fn }) => ({
  // @ts-expect-error a text is not an integer: "integer does not take this value: convert it, or declare the column by its type"
  a: integer(ref('p.label'), 'x'),
  // @ts-expect-error an integer is not a text
  b: varchar(10, ref('p.code'), 'x').nullable(),
  // @ts-expect-error a date is not an instant: "timestamptz does not take this value"
  c: timestamptz(because(ref('p.left_on'), 'x'), 'x').nullable(),
  // @ts-expect-error an instant is not a date
  d: date(because(ref('p.joined'), 'x'), 'x'),
  // @ts-expect-error a double would be rounded: "integer does not take this value"
  e: integer(ref('p.score'), 'x'),
  // @ts-expect-error a numeric would be rounded
  f: bigint(ref('p.total'), 'x'),
  // @ts-expect-error the column does not exist: "p.labell"
  g: varchar(10, ref('p.labell'), 'x'),
  // @ts-expect-error the table does not exist here: "q.label"
  h: varchar(10, ref('q.label'), 'x'),
  // @ts-expect-error a comment is mandatory: "Expected 3 arguments, but got 2"
  i: varchar(10, ref('p.label')),
  // @ts-expect-error only a date has a year: "it takes a date, a timestamp or a timestamptz"
  j: integer(year(ref('p.label')), 'x'),
  // @ts-expect-error only a date has a month: "it takes a date, a timestamp or a timestamptz"
  k: date(month(ref('p.score')), 'x'),
  // @ts-expect-error only a number has a band: "it takes a number"
  l: text(band(ref('p.label'), [1, 2]), 'x'),
  // @ts-expect-error a rule gives the type of its column: "integer does not take this value"
  m: integer(compute({ code: ref('p.code') }, ({ code }) => String(code)), 'x'),
  // @ts-expect-error an input is read with its own type
  n: text(compute({ code: ref('p.code') }, ({ code }) => code.toFixed()), 'x'),
  // @ts-expect-error a function keeps the class of a typed argument out of reach: "person.email is personal"
  o: varchar(20, fn.max('p.email'), 'x'),
}))

export const undecided = from(source.selectFrom('person as p')).publish('undecided', 'x', ({ ref }) => ({
  id: bigint(because(ref('p.id'), 'x'), 'x').primaryKey(),
  // @ts-expect-error a nullable value must be declared nullable: "it may be NULL: add .nullable()"
  code: integer(ref('p.code'), 'x'),
}))

export const keys = from(source.selectFrom('person as p')).publish('keys', 'x', ({ ref }) => ({
  // @ts-expect-error a key cannot be nullable: "nullable"
  id: integer(ref('p.code'), 'x').nullable().primaryKey(),
  // @ts-expect-error a column refers to a table: "ReferenceTarget"
  a: varchar(20, ref('p.label'), 'x').references(() => ref('p.label')),
  // @ts-expect-error a table is named by a function, because two files may refer to each other: "() => ReferenceTarget"
  b: varchar(20, ref('p.label'), 'x').references(undecided),
}))

// biome-ignore format: each mistake stays on the line under its comment.
export const groups = from(source.selectFrom('person as p')).publish('groups', 'x', ({ ref }) => {
  // @ts-expect-error a pattern has a name
  const label = text(ref('p.label'), 'x').accept('anything', 'x')
  // @ts-expect-error a pattern is accepted for a reason
  const code = integer(ref('p.code'), 'x').nullable().accept('NIR')
  return rows({
    // @ts-expect-error only a column that may be NULL is suppressed
    kAnonymous: { k: 5, columns: ['code', 'label'], otherwise: 'suppress' },
  }, { code, label })
})

// biome-ignore format: each mistake stays on the line under its comment.
export const elsewhere = from(source.selectFrom('person as p')).publish('elsewhere', 'x', ({ ref }) => rows({
  // @ts-expect-error a group is made of columns of the table
  kAnonymous: { k: 5, columns: ['salary'], otherwise: 'refuse' },
}, { code: integer(ref('p.code'), 'x').nullable() }))

export const daily = history('daily', 'x', ({ fn, selectFrom }, { day }) => ({
  // @ts-expect-error the day is a date
  day: integer(day, 'x').primaryKey(),
  // @ts-expect-error a column that may be empty needs no value for earlier days
  a: before(0, integer(selectFrom('person').select('code').$asScalar().$castTo<number | null>(), 'x').nullable()),
  // @ts-expect-error a figure that may be empty must be declared nullable: "it may be NULL: add .nullable()"
  b: integer(fn.max<number | null>('code'), 'x'),
  // @ts-expect-error published columns have no type here: a figure says what it is: "the value has no type: write sql<string>"
  c: integer(selectFrom('person').select('code').$asScalar().$notNull(), 'x'),
}))

// @ts-expect-error a table that is not registered does not exist: "users"
export const unregistered = source.selectFrom('users')
