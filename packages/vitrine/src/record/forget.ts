/** What `drop` takes out of the bookkeeping, as statements: what was approved and published, and recorded days. */
import { literal } from '../sql/quote.ts'

export interface ForgetSql {
  readonly installation: string
  /** Of one history table. */
  readonly days: (table: string) => string
}

export function forgetSql(schema: string): ForgetSql {
  const where = `where schema_name = ${literal(schema)}`
  const tables = ['freshness', 'kept_freshness', 'version', 'made', 'alarm', 'installation']
  return {
    installation: tables.map((table) => `delete from vitrine.${table} ${where}`).join('; '),
    days: (table) => `delete from vitrine.ledger ${where} and table_name = ${literal(table)}`,
  }
}
