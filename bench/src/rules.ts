/**
 * The rules of the measured publication: five columns from twelve inputs, written twice: as TypeScript for the tool, and as
 * SQL for the finished table that the reference copies. The benches check that both give the same results.
 */

export const STAFF = ['0-10', '11-49', '50-249', '250-299', '300-499', '500+'] as const
export const TURNOVER = ['0-900k', '900k-40M', '40M-50M', '50M-100M', '100M+'] as const

/** Forty codes from 1000 on: a closed list, like public nomenclatures. */
const LEGAL_FORMS: ReadonlyMap<number, string> = new Map(
  Array.from({ length: 40 }, (_, index) => [1000 + index, `Legal form number ${1000 + index}`]),
)

export const legalForm = (code: number | null): string | null =>
  code === null ? null : (LEGAL_FORMS.get(code) ?? null)

export const country = (code: number | null): string | null => (code === null ? null : `Country ${code}`)

export interface DutyFacts {
  readonly staff: string | null
  readonly staffGroup: string | null
  readonly turnover: string | null
  readonly balance: string | null
  readonly turnoverGroup: string | null
  readonly publicInterest: boolean | null
  readonly listed: boolean | null
  readonly inGroup: boolean | null
  readonly consolidated: boolean | null
  /** `YYYY-MM-DD`. */
  readonly closingDate: string | null
}

export interface Duty {
  readonly size: 'large' | 'group' | 'small'
  readonly subject: boolean
  readonly firstYear: number | null
}

const ranksOf = (bands: readonly string[]): ReadonlyMap<string | null, number> =>
  new Map(bands.map((band, index) => [band, index]))
const STAFF_RANKS = ranksOf(STAFF)
const TURNOVER_RANKS = ranksOf(TURNOVER)

const reaches = (ranks: ReadonlyMap<string | null, number>, band: string | null, from: number): boolean =>
  (ranks.get(band) ?? -1) >= from

/** Ten inputs whose combinations rarely repeat, so that caching results does not help: the expensive case. */
export function duty(facts: DutyFacts): Duty {
  const criteria =
    Number(reaches(STAFF_RANKS, facts.staff, 3)) +
    Number(reaches(TURNOVER_RANKS, facts.turnover, 3)) +
    Number(reaches(TURNOVER_RANKS, facts.balance, 3))
  const wholeGroup = facts.inGroup === true && facts.consolidated === true
  const groupIsLarge = reaches(STAFF_RANKS, facts.staffGroup, 4) && reaches(TURNOVER_RANKS, facts.turnoverGroup, 3)
  const size = criteria >= 2 ? 'large' : wholeGroup && groupIsLarge ? 'group' : 'small'
  const subject = size !== 'small' || (facts.listed === true && facts.publicInterest === true)
  const delay = size === 'large' ? 1 : size === 'group' ? 2 : 3
  const firstYear = subject && facts.closingDate !== null ? Number(facts.closingDate.slice(0, 4)) + delay : null
  return { size, subject, firstYear }
}

const array = (bands: readonly string[]): string => `array[${bands.map((band) => `'${band}'`).join(', ')}]`
const atLeast = (bands: readonly string[], column: string, from: number): string =>
  `coalesce(array_position(${array(bands)}, ${column}::text) > ${from}, false)`

/** The same five columns as SQL, over the source table `company`. */
export const COMPUTED_SQL = `
  select c.*, 'Legal form number ' || legal_form_code as legal_form, 'Country ' || country_code as country, s.size, j.subject,
    case when j.subject then extract(year from closing_date)::integer
      + case s.size when 'large' then 1 when 'group' then 2 else 3 end end as first_year
  from company c
  cross join lateral (select case
    when ${atLeast(STAFF, 'staff', 3)}::integer + ${atLeast(TURNOVER, 'turnover', 3)}::integer
       + ${atLeast(TURNOVER, 'balance', 3)}::integer >= 2 then 'large'
    when in_group and consolidated and ${atLeast(STAFF, 'staff_group', 4)} and ${atLeast(TURNOVER, 'turnover_group', 3)}
      then 'group' else 'small' end as size) s
  cross join lateral (select s.size <> 'small' or coalesce(listed and public_interest, false) as subject) j`
