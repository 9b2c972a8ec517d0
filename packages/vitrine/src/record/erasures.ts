/**
 * Erasures: when something was erased from a table, never what. An older version
 * never comes back.
 */
import type { Target } from '../catalogue/target.ts'
import { identifier, literal, qualified } from '../sql/quote.ts'

/** Recorded days (YYYY-MM-DD) of a history table. */
export interface ForgottenDays {
  readonly table: string
  /** Null for a table that the definition does not have any more, and that is not published. */
  readonly dayColumn: string | null
  readonly days: readonly string[]
}

/**
 * In one transaction: removes the days from the ledger and from the published table, from which the next run would adopt them; marks
 * the kept version as unusable; and records the erasure with the instant of the published version.
 */
export async function recordErasure(
  { session, publication }: Target,
  table: string,
  forgotten: readonly ForgottenDays[],
) {
  const { schema } = publication
  const ours = `schema_name = ${literal(schema)}`
  const statements = forgotten.flatMap(({ table, dayColumn, days }) => {
    const list = days.map(literal).join(', ')
    const here = `where ${ours} and table_name = ${literal(table)}`
    const recorded = `delete from vitrine.ledger ${here} and day in (${list})`
    if (dayColumn === null) return [recorded]
    const published = `delete from ${qualified(schema, table)} where ${identifier(dayColumn)} in (${list}) returning 1`
    // The next run compares its rows with those that are recorded here.
    const rows = `update vitrine.freshness set row_count = row_count - (select count(*) from gone) ${here}`
    return [recorded, `with gone as (${published}) ${rows}`]
  })
  await session.transaction(() =>
    session.execute(
      [
        ...statements,
        `insert into vitrine.erasure (schema_name, table_name, erased_at, standing_since)
         select ${literal(schema)}, ${literal(table)}, clock_timestamp(), coalesce(max(published_at), clock_timestamp())
         from vitrine.freshness where ${ours}`,
        `delete from vitrine.version where ${ours} and kept`,
        `delete from vitrine.kept_freshness where ${ours}`,
      ].join('; '),
    ),
  )
}

/** Removes the values from the ledger's statistics: ANALYZE keeps the old ones of a table that has become empty. */
export const forgetLedgerStatistics = ({ session }: Target): Promise<void> =>
  session.execute('alter table vitrine.ledger alter column figures type jsonb; analyze vitrine.ledger')

/**
 * The last erasure that makes the kept version unusable, or that removed it. Null when there is
 * none.
 */
export async function erasureSince({ session, publication }: Target): Promise<{ table: string; at: Date } | null> {
  const published = (which: string) => `(select max(published_at) from vitrine.${which} where schema_name = $1)`
  const [found] = await session.query<{ table: string; at: Date }>(
    `select table_name as "table", erased_at as at
     from vitrine.erasure e cross join (select ${published('kept_freshness')} as kept, ${published('freshness')} as published) v
     where schema_name = $1 and case when kept is null then standing_since >= published else standing_since > kept end
     order by erased_at desc limit 1`,
    [publication.schema],
  )
  return found ?? null
}
