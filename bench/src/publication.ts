/** What the tool publishes in each bench. Used by the tool's process and by the migration before it. */
import {
  bigint,
  boolean,
  compute,
  date,
  definePublication,
  from,
  integer,
  open,
  type PatternName,
  type Publication,
  type PublishedTable,
  register,
  timestamptz,
  varchar,
} from 'vitrine'
import { country, duty, legalForm } from './rules.ts'

export const WRITER = 'bench_writer'
export const READER = 'bench_reader'
/** The published schema of tool and reference. */
export const PUBLISHED = 'shop'

export const SUBJECTS = ['pass', 'unwatched', 'ranged', 'compute', 'run', 'readers'] as const
/**
 * The publication of a bench. `pass`: company alone; `unwatched`: the same without a search in its texts; `ranged`: the same read by
 * ranges; `compute`: company with its rules; `run`: all tables; `readers`: two tables with a generation number.
 */
export type Subject = (typeof SUBJECTS)[number]

const sourceIn = (schema: string) =>
  register(schema, {
    company: {
      id: open.bigint,
      created_at: open.timestamptz,
      updated_at: open.timestamptz,
      siren: open.varchar(9),
      name: open.varchar(250),
      user_count: open.integer,
      closing_date: open.date.nullable,
      qualified_on: open.date.nullable,
      public_interest: open.boolean.nullable,
      listed: open.boolean.nullable,
      in_group: open.boolean.nullable,
      is_parent: open.boolean.nullable,
      parent_in_country: open.boolean.nullable,
      consolidated: open.boolean.nullable,
      agreement: open.boolean.nullable,
      staff: open.varchar(9).nullable,
      staff_insured: open.varchar(9).nullable,
      staff_overseas: open.varchar(9).nullable,
      staff_group: open.varchar(9).nullable,
      staff_group_country: open.varchar(9).nullable,
      turnover: open.varchar(9).nullable,
      balance: open.varchar(9).nullable,
      turnover_group: open.varchar(9).nullable,
      postcode: open.varchar(5).nullable,
      activity_code: open.varchar(6).nullable,
      legal_form_code: open.integer.nullable,
      country_code: open.integer.nullable,
    },
    account: {
      id: open.bigint,
      created_at: open.timestamptz,
      updated_at: open.timestamptz,
      last_login: open.date.nullable,
      news: open.boolean,
      confirmed: open.boolean,
      adviser: open.boolean.nullable,
      company_count: open.integer,
    },
    invitation: {
      id: open.bigint,
      created_at: open.timestamptz,
      updated_at: open.timestamptz,
      company_id: open.bigint,
      accepted_on: open.date.nullable,
    },
    membership: {
      id: open.bigint,
      created_at: open.timestamptz,
      updated_at: open.timestamptz,
      account_id: open.bigint,
      company_id: open.bigint,
      duties: open.varchar(30).nullable,
      invitation_id: open.bigint.nullable,
    },
    generation: { id: open.bigint, number: open.integer },
  })

type BenchSource = ReturnType<typeof sourceIn>

const EVERY_PATTERN: readonly PatternName[] = [
  'e-mail address',
  'NIR',
  'IBAN',
  'card number',
  'telephone number',
  'JWT',
  'password hash',
]

/** The same table without forbidden patterns: its rows are forwarded without a search. */
const unwatched = (table: PublishedTable): PublishedTable => ({
  ...table,
  columns: table.columns.map((column) => ({
    ...column,
    accepts: EVERY_PATTERN.map((pattern) => ({ pattern, reason: 'made up' })),
  })),
})

function companyOf(source: BenchSource, rules: boolean): PublishedTable {
  return from(source.selectFrom('company as c')).publish('company', 'A company.', ({ ref }) => {
    const passed = {
      id: bigint(ref('c.id'), 'Key').primaryKey(),
      created_at: timestamptz(ref('c.created_at'), 'Created'),
      updated_at: timestamptz(ref('c.updated_at'), 'Updated'),
      siren: varchar(9, ref('c.siren'), 'Number').unique(),
      name: varchar(250, ref('c.name'), 'Name'),
      user_count: integer(ref('c.user_count'), 'Number of users'),
      closing_date: date(ref('c.closing_date'), 'Closing of the accounts').nullable(),
      qualified_on: date(ref('c.qualified_on'), 'Qualified on').nullable(),
      public_interest: boolean(ref('c.public_interest'), 'Of public interest').nullable(),
      listed: boolean(ref('c.listed'), 'Listed').nullable(),
      in_group: boolean(ref('c.in_group'), 'In a group').nullable(),
      is_parent: boolean(ref('c.is_parent'), 'Parent company').nullable(),
      parent_in_country: boolean(ref('c.parent_in_country'), 'Parent in the country').nullable(),
      consolidated: boolean(ref('c.consolidated'), 'Consolidated accounts').nullable(),
      agreement: boolean(ref('c.agreement'), 'Agreement').nullable(),
      staff: varchar(9, ref('c.staff'), 'Staff').nullable(),
      staff_insured: varchar(9, ref('c.staff_insured'), 'Insured staff').nullable(),
      staff_overseas: varchar(9, ref('c.staff_overseas'), 'Staff overseas').nullable(),
      staff_group: varchar(9, ref('c.staff_group'), 'Staff of the group').nullable(),
      staff_group_country: varchar(9, ref('c.staff_group_country'), 'Staff of the group, country').nullable(),
      turnover: varchar(9, ref('c.turnover'), 'Turnover').nullable(),
      balance: varchar(9, ref('c.balance'), 'Balance').nullable(),
      turnover_group: varchar(9, ref('c.turnover_group'), 'Turnover of the group').nullable(),
      postcode: varchar(5, ref('c.postcode'), 'Postcode').nullable(),
      activity_code: varchar(6, ref('c.activity_code'), 'Activity').nullable(),
    }
    if (!rules) return passed
    const facts = {
      staff: ref('c.staff'),
      staffGroup: ref('c.staff_group'),
      turnover: ref('c.turnover'),
      balance: ref('c.balance'),
      turnoverGroup: ref('c.turnover_group'),
      publicInterest: ref('c.public_interest'),
      listed: ref('c.listed'),
      inGroup: ref('c.in_group'),
      consolidated: ref('c.consolidated'),
      closingDate: ref('c.closing_date'),
    }
    const computed = compute(facts, duty)
    return {
      ...passed,
      legal_form: varchar(
        50,
        compute({ code: ref('c.legal_form_code') }, ({ code }) => legalForm(code)),
        'Form',
      ).nullable(),
      country: varchar(
        50,
        compute({ code: ref('c.country_code') }, ({ code }) => country(code)),
        'Country',
      ).nullable(),
      size: varchar(20, computed.field('size'), 'Size'),
      subject: boolean(computed.field('subject'), 'Has the duty'),
      first_year: integer(computed.field('firstYear'), 'First year of the duty').nullable(),
    }
  })
}

function accountOf(source: BenchSource): PublishedTable {
  return from(source.selectFrom('account as a')).publish('account', 'An account.', ({ ref }) => ({
    id: bigint(ref('a.id'), 'Key').primaryKey(),
    created_at: timestamptz(ref('a.created_at'), 'Created'),
    updated_at: timestamptz(ref('a.updated_at'), 'Updated'),
    last_login: date(ref('a.last_login'), 'Last login').nullable(),
    news: boolean(ref('a.news'), 'Takes the news'),
    confirmed: boolean(ref('a.confirmed'), 'Confirmed'),
    adviser: boolean(ref('a.adviser'), 'Adviser').nullable(),
    company_count: integer(ref('a.company_count'), 'Number of companies'),
  }))
}

function invitationOf(source: BenchSource, company: PublishedTable): PublishedTable {
  return from(source.selectFrom('invitation as i')).publish('invitation', 'An invitation.', ({ ref }) => ({
    id: bigint(ref('i.id'), 'Key').primaryKey(),
    created_at: timestamptz(ref('i.created_at'), 'Created'),
    updated_at: timestamptz(ref('i.updated_at'), 'Updated'),
    company_id: bigint(ref('i.company_id'), 'Company').references(() => company),
    accepted_on: date(ref('i.accepted_on'), 'Accepted on').nullable(),
  }))
}

function membershipOf(
  source: BenchSource,
  account: PublishedTable,
  company: PublishedTable,
  invitation: PublishedTable,
): PublishedTable {
  return from(source.selectFrom('membership as m')).publish('membership', 'An account in a company.', ({ ref }) => ({
    id: bigint(ref('m.id'), 'Key').primaryKey(),
    created_at: timestamptz(ref('m.created_at'), 'Created'),
    updated_at: timestamptz(ref('m.updated_at'), 'Updated'),
    account_id: bigint(ref('m.account_id'), 'Account').references(() => account),
    company_id: bigint(ref('m.company_id'), 'Company').references(() => company),
    duties: varchar(30, ref('m.duties'), 'Duties').nullable(),
    invitation_id: bigint(ref('m.invitation_id'), 'Invitation')
      .nullable()
      .references(() => invitation),
  }))
}

/** Company and membership, each row with the source's generation number at the instant of the run. */
function generationTables(source: BenchSource): readonly PublishedTable[] {
  const company = from(source.selectFrom('company as c').innerJoin('generation as g', (join) => join.onTrue())).publish(
    'company',
    'A company.',
    ({ ref }) => ({
      id: bigint(ref('c.id'), 'Key').primaryKey(),
      name: varchar(250, ref('c.name'), 'Name'),
      generation: integer(ref('g.number'), 'Generation'),
    }),
  )
  const membership = from(
    source.selectFrom('membership as m').innerJoin('generation as g', (join) => join.onTrue()),
  ).publish('membership', 'An account in a company.', ({ ref }) => ({
    id: bigint(ref('m.id'), 'Key').primaryKey(),
    company_id: bigint(ref('m.company_id'), 'Company').references(() => company),
    generation: integer(ref('g.number'), 'Generation'),
  }))
  return [company, membership]
}

function tablesOf(subject: Subject, source: BenchSource): readonly PublishedTable[] {
  if (subject === 'readers') return generationTables(source)
  const company = companyOf(source, subject === 'compute' || subject === 'run')
  if (subject === 'unwatched') return [unwatched(company)]
  if (subject !== 'run') return [company]
  const account = accountOf(source)
  const invitation = invitationOf(source, company)
  return [company, account, invitation, membershipOf(source, account, company, invitation)]
}

/** More than a hundred ranges for a million companies: far smaller than in practice, to show the cost of many ranges. */
const RANGE_MEGABYTES = 2

/** The publication of a bench, reading from the given source schema. */
export function publicationOf(subject: Subject, sourceSchema: string): Publication {
  const source = sourceIn(sourceSchema)
  return definePublication({
    name: 'bench',
    schema: PUBLISHED,
    source,
    tables: tablesOf(subject, source),
    writer: WRITER,
    reader: READER,
    limits: { rangeMegabytes: subject === 'ranged' ? RANGE_MEGABYTES : 0 },
  })
}
