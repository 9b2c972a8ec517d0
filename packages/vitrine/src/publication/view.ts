/**
 * `over(…tables)`: starts the query of a view over published tables. A view is computed when it is read, without
 * a copy. `from(over(…).selectFrom(…)).publish(…)` declares it, `views` of the publication publishes it.
 */
import type { Kysely } from 'kysely'
import type { PublishedBy } from './published-rows.ts'
import { offline } from './register.ts'
import { projectionOf } from './select-text.ts'
import type { PublishedTable } from './table.ts'

type Over<T extends readonly PublishedTable[]> = PublishedBy<{ readonly tables: T }>['tables']

/** Queries see these published tables, and nothing else. */
export function over<const T extends readonly PublishedTable[]>(
  ..._tables: T
): { readonly selectFrom: Kysely<Over<T>>['selectFrom'] } {
  const db = offline<Over<T>>()
  return Object.freeze({ selectFrom: db.selectFrom.bind(db) })
}

const ANY = ['1999-12-31', '2000-01-01'] as const

/** The SELECT of a view over the tables that stand in `schema`. */
export const viewSql = (view: PublishedTable, schema: string, day: string = ANY[0]) =>
  projectionOf(view, { instant: new Date(`${day}T12:00:00Z`), day, schema })

/** Whether a view uses the instant of the run, which it cannot: it is read long after. */
export const knowsTheRun = (view: PublishedTable, schema: string): boolean =>
  viewSql(view, schema).sql !== viewSql(view, schema, ANY[1]).sql
