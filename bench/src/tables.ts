/**
 * SQL definitions of the measured tables, for the source and for the reference. `publication.ts` defines the same columns for the tool.
 */

/** 25 columns, about 207 bytes per row in binary COPY. */
export const COMPANY = `
  id bigint not null, created_at timestamptz not null, updated_at timestamptz not null, siren varchar(9) not null,
  name varchar(250) not null, user_count integer not null, closing_date date, qualified_on date, public_interest boolean,
  listed boolean, in_group boolean, is_parent boolean, parent_in_country boolean, consolidated boolean, agreement boolean,
  staff varchar(9), staff_insured varchar(9), staff_overseas varchar(9), staff_group varchar(9),
  staff_group_country varchar(9), turnover varchar(9), balance varchar(9), turnover_group varchar(9), postcode varchar(5),
  activity_code varchar(6)`

/** More columns, which only the rules need. */
export const COMPANY_INPUTS = 'legal_form_code integer, country_code integer'

export const COMPUTED =
  'legal_form varchar(50), country varchar(50), size varchar(20) not null, subject boolean not null, first_year integer'

export const ACCOUNT = `
  id bigint not null, created_at timestamptz not null, updated_at timestamptz not null, last_login date,
  news boolean not null, confirmed boolean not null, adviser boolean, company_count integer not null`

export const INVITATION = `
  id bigint not null, created_at timestamptz not null, updated_at timestamptz not null, company_id bigint not null,
  accepted_on date`

export const MEMBERSHIP = `
  id bigint not null, created_at timestamptz not null, updated_at timestamptz not null, account_id bigint not null,
  company_id bigint not null, duties varchar(30), invitation_id bigint`

/** The names in a list of column definitions. */
export const namesIn = (columns: string): readonly string[] =>
  columns.split(/,(?![^(]*\))/).map((definition) => definition.trim().split(' ')[0] ?? '')

export interface RowCounts {
  readonly company: number
  readonly account: number
  readonly invitation: number
  readonly membership: number
}

/** Rows of each table, `total` together. */
export const rowCounts = (total: number): RowCounts => ({
  company: Math.ceil(total / 6),
  account: Math.ceil(total / 4),
  invitation: Math.ceil(total / 4),
  membership: Math.ceil(total / 3),
})

/** Name of the source schema with `total` rows. */
export const schemaOf = (total: number): string => `rows_${total}`
