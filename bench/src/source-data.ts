/**
 * Fills the source with deterministic rows, once per size: `company`, its finished results for the reference
 * (`company_ready`), `account`, `invitation`, `membership`, and the one-row `generation` that distinguishes versions.
 */
import type { Client } from 'pg'
import { COMPUTED_SQL, STAFF, TURNOVER } from './rules.ts'
import {
  ACCOUNT,
  COMPANY,
  COMPANY_INPUTS,
  COMPUTED,
  INVITATION,
  MEMBERSHIP,
  namesIn,
  rowCounts,
  schemaOf,
} from './tables.ts'

/** To change together with the rows, so that older data is replaced. */
const EDITION = 'complete, edition 1'

/** SQL for a number below `size` that looks random, determined by the row and the prime. */
const spread = (prime: number, size: number): string => `(n * ${prime} % 1000003 % ${size})::integer`
/** SQL for one of the values, or NULL for one row in (number of values + 1). */
const oneOf = (values: readonly string[], prime: number): string =>
  `(array[${values.map((value) => `'${value}'`).join(', ')}])[1 + ${spread(prime, values.length + 1)}]`
/** SQL for true, false or NULL. */
const yesNo = (prime: number): string => `(array[true, false])[1 + ${spread(prime, 3)}]`
const day = (prime: number): string => `date '2020-01-01' + ${spread(prime, 1500)}`
const instant = (prime: number): string =>
  `timestamptz '2021-03-04 05:06:07.123456+00' + n * interval '7.000013 seconds' + ${spread(prime, 1000)} * interval '1 hour'`

const rowsOf = (total: number): Readonly<Record<string, string>> => {
  const { company, account, invitation, membership } = rowCounts(total)
  return {
    company: `
      select n, ${instant(7919)}, ${instant(104729)}, lpad((100000000 + n)::text, 9, '0'), 'Company ' || lpad(to_hex(n * 7919), 8, '0'),
        ${spread(15485863, 9)}, case when n % 11 > 0 then ${day(32452843)} end, case when n % 3 > 0 then ${day(49979687)} end,
        ${[67867967, 86028121, 104395301, 122949823, 141650939, 160481183, 179424673].map(yesNo).join(', ')},
        ${[198491317, 217645177, 236887691, 256203161, 275604541].map((prime) => oneOf(STAFF, prime)).join(', ')},
        ${[295075147, 314606869, 334214459].map((prime) => oneOf(TURNOVER, prime)).join(', ')},
        lpad(${spread(353868013, 95999)}::text, 5, '0'), lpad(${spread(373587883, 9999)}::text, 4, '0') || 'Z',
        1000 + ${spread(393342739, 40)}, case when n % 6 = 0 then 99100 + ${spread(413158511, 50)} end
      from generate_series(1::bigint, ${company}) n`,
    account: `
      select n, ${instant(7919)}, ${instant(104729)}, case when n % 4 > 0 then ${day(32452843)} end,
        n % 2 = 0, n % 5 > 0, ${yesNo(67867967)}, ${spread(15485863, 5)}
      from generate_series(1::bigint, ${account}) n`,
    invitation: `
      select n, ${instant(7919)}, ${instant(104729)}, 1 + n % ${company}, case when n % 4 > 0 then ${day(32452843)} end
      from generate_series(1::bigint, ${invitation}) n`,
    membership: `
      select n, ${instant(7919)}, ${instant(104729)}, 1 + n * 7919 % ${account}, 1 + n % ${company},
        ${oneOf(['direction', 'finance', 'human resources', 'environment', 'other'], 198491317)},
        case when n % 3 > 0 then 1 + n * 104729 % ${invitation} end
      from generate_series(1::bigint, ${membership}) n`,
  }
}

async function isComplete(source: Client, schema: string): Promise<boolean> {
  const { rows } = await source.query<{ comment: string | null }>(
    "select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = $1",
    [schema],
  )
  return rows[0]?.comment === EDITION
}

/** Creates the tables of `total` rows unless they exist. */
export async function provideRows(source: Client, total: number, say: (text: string) => void): Promise<void> {
  const schema = schemaOf(total)
  if (await isComplete(source, schema)) return
  say(`making ${total} source rows, once …`)
  const make = async (table: string, columns: string, rows: string) => {
    await source.query(`create table ${table} (${columns}); insert into ${table} ${rows}`)
    await source.query(`alter table ${table} add primary key (id)`)
    // Frozen now; otherwise the first side to read would pay for setting hint bits.
    await source.query(`vacuum (freeze, analyze) ${table}`)
  }
  await source.query(`drop schema if exists ${schema} cascade; create schema ${schema}; set search_path = ${schema}`)
  const rows = rowsOf(total)
  await make('company', `${COMPANY}, ${COMPANY_INPUTS}`, rows['company'] ?? '')
  await make('account', ACCOUNT, rows['account'] ?? '')
  await make('invitation', INVITATION, rows['invitation'] ?? '')
  await make('membership', MEMBERSHIP, rows['membership'] ?? '')
  const ready = [...namesIn(COMPANY), ...namesIn(COMPUTED)].join(', ')
  await make('company_ready', `${COMPANY}, ${COMPUTED}`, `select ${ready} from (${COMPUTED_SQL}) as computed`)
  await source.query(
    'create table generation (id bigint primary key, number integer not null); insert into generation values (1, 1)',
  )
  await source.query(`comment on schema ${schema} is '${EDITION}'; reset search_path`)
}
